"""Organelle classes in the API: what each is, and the segmentations of it that the caller may see."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.catalogue.addresses import data_url, layer_url
from datasets.catalogue.models import OrganelleClass, Volume
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.catalogue.queries.organelles import OrganelleNode, find_organelle, organelle_tree, segmentations_of

MOST_SEGMENTATIONS = 500


class OrganelleList(APIView):
    """``GET /api/v1/organelles/``: all classes, parents before their parts."""

    def get(self, request: Request) -> Response:
        nodes = [node for root in organelle_tree(request.user) for node in root]
        return Response({"results": [_organelle(node, request) for node in nodes], "next": None})


class OrganelleDetail(APIView):
    """``GET /api/v1/organelles/<class>/``: one class, its parts, and its newest segmentations."""

    def get(self, request: Request, short_name: str) -> Response:
        node = find_organelle(short_name, request.user)
        volumes = segmentations_of(node.organelle, request.user)[:MOST_SEGMENTATIONS]
        return Response(
            {
                **_organelle(node, request),
                "parts": [_organelle(child, request) for child in node.children],
                "segmentations": [_segmentation(volume, request) for volume in volumes],
            }
        )


def _organelle(node: OrganelleNode, request: Request) -> dict[str, Any]:
    organelle: OrganelleClass = node.organelle
    return {
        "name": organelle.short_name,
        "label": organelle.long_name,
        "parent": organelle.parent.short_name if organelle.parent else None,
        "go_id": organelle.go_id or None,
        "go_label": organelle.go_label or None,
        "synonyms": organelle.synonyms,
        "colour": organelle.colour,
        "segmentation_count": node.segmentation_count,
        "url": request.build_absolute_uri(reverse("api:organelle", kwargs={"short_name": organelle.short_name})),
        "page_url": request.build_absolute_uri(
            reverse("catalogue:organelle", kwargs={"short_name": organelle.short_name})
        ),
    }


def _segmentation(volume: Volume, request: Request) -> dict[str, Any]:
    version = volume.version
    segmentation = segmentation_of(volume)
    return {
        "dataset": str(version),
        "path": volume.path,
        "title": volume.title,
        "type": segmentation.type if segmentation else None,
        "method": segmentation.method if segmentation else None,
        "url": request.build_absolute_uri(reverse("api:volume", kwargs={"ref": str(version), "path": volume.path})),
        "page_url": request.build_absolute_uri(layer_url(version, volume)),
        "data_url": f"{data_url(request._request)}{version}/{volume.path}/",
    }
