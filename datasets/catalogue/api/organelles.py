"""Organelle classes in the API: what each is, and the segmentations of it that the caller may see."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import layer_url, volume_url
from datasets.catalogue.api.lists import CatalogueView, Shown
from datasets.catalogue.models import Volume
from datasets.catalogue.queries.organelles import (
    NEWEST_FIRST,
    OrganelleNode,
    find_organelle,
    organelle_tree,
    segmentations_of,
)
from datasets.catalogue.queries.paging import first_rows

MOST_SEGMENTATIONS = 100


class OrganelleSerializer(Shown, serializers.Serializer[OrganelleNode]):
    """An organelle class, and in how many segmentations that the caller may see it is present."""

    name = serializers.CharField(source="organelle.short_name", read_only=True)
    label = serializers.CharField(source="organelle.long_name", read_only=True)  # type: ignore[assignment]
    parent = serializers.SerializerMethodField()  # type: ignore[assignment]
    go_id = serializers.SerializerMethodField()
    go_label = serializers.SerializerMethodField()
    synonyms = serializers.ListField(source="organelle.synonyms", child=serializers.CharField(), read_only=True)
    colour = serializers.CharField(source="organelle.colour", read_only=True)
    segmentation_count = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    page_url = serializers.SerializerMethodField()

    def get_parent(self, node: OrganelleNode) -> str | None:
        return node.organelle.parent.short_name if node.organelle.parent else None

    def get_go_id(self, node: OrganelleNode) -> str | None:
        return node.organelle.go_id or None

    def get_go_label(self, node: OrganelleNode) -> str | None:
        return node.organelle.go_label or None

    def get_url(self, node: OrganelleNode) -> str:
        return self._absolute("api:organelle", node)

    def get_page_url(self, node: OrganelleNode) -> str:
        return self._absolute("catalogue:organelle", node)

    def _absolute(self, name: str, node: OrganelleNode) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse(name, kwargs={"short_name": node.organelle.short_name}))


class LabelledSerializer(Shown, serializers.Serializer[Volume]):
    """A segmentation in which a class is present."""

    dataset = serializers.CharField(source="version", read_only=True)
    path = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    type = serializers.CharField(source="segmentation.type", read_only=True)
    method = serializers.CharField(source="segmentation.method", read_only=True)
    url = serializers.SerializerMethodField()
    page_url = serializers.SerializerMethodField()
    data_url = serializers.SerializerMethodField()

    def get_url(self, volume: Volume) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(volume_url(volume.version, volume))

    def get_page_url(self, volume: Volume) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(layer_url(volume.version, volume))

    def get_data_url(self, volume: Volume) -> str | None:
        return None if volume.is_external else f"{self.context['data_url']}{volume.version}/{volume.path}/"


class OrganelleWholeSerializer(OrganelleSerializer):
    """A class with its parts and the newest of its segmentations."""

    parts = OrganelleSerializer(source="children", many=True, read_only=True)
    segmentations = LabelledSerializer(many=True, read_only=True)

    def to_representation(self, instance: OrganelleNode) -> dict[str, Any]:
        instance.segmentations = self.context["segmentations"]  # type: ignore[attr-defined]
        return super().to_representation(instance)


class OrganelleList(CatalogueView):
    """All organelle classes, parents before their parts."""

    serializer = OrganelleSerializer
    is_list = True

    def get(self, request: Request) -> Response:
        return self.several(request, [node for root in organelle_tree(request.user) for node in root])


class OrganelleDetail(CatalogueView):
    """One class, its parts, and the newest segmentations in which it is present."""

    serializer = OrganelleWholeSerializer

    def get(self, request: Request, short_name: str) -> Response:
        node = find_organelle(short_name, request.user)
        newest = first_rows(segmentations_of(node.organelle, request.user), NEWEST_FIRST, MOST_SEGMENTATIONS)
        return self.one(request, node, segmentations=newest.rows)
