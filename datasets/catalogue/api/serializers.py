"""Versions of datasets as JSON: in a list, and whole."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from datasets.catalogue.api.content import (
    AcquisitionSerializer,
    AffiliationSerializer,
    ContributionSerializer,
    CropSerializer,
    KeptField,
    PublicationSerializer,
    SpaceSerializer,
    SpecimenSerializer,
    ViewSerializer,
    VolumeSerializer,
    sides_nm,
)
from datasets.catalogue.api.lists import Shown
from datasets.catalogue.models import Collection, DatasetVersion
from datasets.catalogue.slices import framing_volume


class AddressedSerializer(Shown, serializers.ModelSerializer[DatasetVersion]):
    """A version by its name and number, and where it is."""

    name = serializers.CharField(source="dataset.name", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True, allow_null=True)
    published_at = serializers.DateTimeField(source="frozen_at", read_only=True, allow_null=True)
    url = serializers.SerializerMethodField()
    page_url = serializers.SerializerMethodField()
    data_url = serializers.SerializerMethodField()

    class Meta:
        model = DatasetVersion
        fields: list[str] = ["name", "version", "title", "published_at", "url", "page_url", "data_url"]

    def get_url(self, version: DatasetVersion) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("api:dataset", kwargs={"ref": str(version)}))

    def get_page_url(self, version: DatasetVersion) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(f"/datasets/{version}/")

    def get_data_url(self, version: DatasetVersion) -> str:
        return f"{self.context['data_url']}{version}/"


class EditionSerializer(AddressedSerializer):
    """A version in the list of a dataset's versions."""

    successor = serializers.SerializerMethodField()

    class Meta(AddressedSerializer.Meta):
        fields = [
            *AddressedSerializer.Meta.fields,
            *("state", "change_note", "record_digest", "manifest_digest", "retired_reason", "successor"),
        ]

    def get_successor(self, version: DatasetVersion) -> str | None:
        return str(version.successor) if version.successor else None


class DatasetSerializer(AddressedSerializer):
    """A dataset in a list: its newest version in short, and more of it where that is asked for.

    ``volumes`` are their paths, or with ``expand=volumes`` the volumes.
    """

    organism = serializers.SerializerMethodField()
    ncbi_taxon = serializers.SerializerMethodField()
    method = serializers.SerializerMethodField()
    voxel_nm = serializers.SerializerMethodField()
    volumes = serializers.SerializerMethodField()
    specimen = SpecimenSerializer(read_only=True, allow_null=True)
    acquisition = AcquisitionSerializer(read_only=True, allow_null=True)
    views = ViewSerializer(many=True, read_only=True)
    publications = PublicationSerializer(many=True, read_only=True)
    contributions = ContributionSerializer(many=True, read_only=True)
    crops = CropSerializer(many=True, read_only=True)

    class Meta(AddressedSerializer.Meta):
        fields = [
            *("name", "version", "title", "organism", "ncbi_taxon", "method", "voxel_nm", "licence", "published_at"),
            *("url", "page_url", "data_url", "volumes", "specimen", "acquisition", "views", "publications"),
            *("contributions", "crops"),
        ]

    def get_organism(self, version: DatasetVersion) -> str:
        specimen = getattr(version, "specimen", None)
        return specimen.organism if specimen else ""

    def get_ncbi_taxon(self, version: DatasetVersion) -> int | None:
        specimen = getattr(version, "specimen", None)
        return specimen.ncbi_taxon if specimen else None

    def get_method(self, version: DatasetVersion) -> str:
        acquisition = getattr(version, "acquisition", None)
        return acquisition.method if acquisition else ""

    def get_voxel_nm(self, version: DatasetVersion) -> list[float] | None:
        acquisition = getattr(version, "acquisition", None)
        return sides_nm(acquisition, "voxel") if acquisition else None

    def get_volumes(self, version: DatasetVersion) -> list[Any]:
        if "volumes" in self.context.get("expanded", ()):
            return self._volumes(version)
        paths: dict[int, list[str]] = self.context["paths"]
        return list(paths[version.pk])

    def _volumes(self, version: DatasetVersion) -> list[dict[str, Any]]:
        context = {**self.context, "version": version, "shown": None}
        return list(VolumeSerializer(version.volumes.all(), many=True, context=context).data)


class VersionSerializer(DatasetSerializer):
    """A version whole. Its crops are many, and shown with ``expand=crops``."""

    visibility = serializers.CharField(source="dataset.visibility", read_only=True)
    affiliations = AffiliationSerializer(many=True, read_only=True)
    spaces = SpaceSerializer(many=True, read_only=True)
    collections = serializers.SerializerMethodField()
    kept = KeptField()
    thumbnail_url = serializers.SerializerMethodField()

    class Meta(DatasetSerializer.Meta):
        fields = [
            *("name", "version", "title", "organism", "ncbi_taxon", "method", "voxel_nm", "licence", "published_at"),
            *(
                "url",
                "page_url",
                "data_url",
                "thumbnail_url",
                "state",
                "visibility",
                "description",
                "credit",
                "keywords",
            ),
            *("change_note", "record_digest", "manifest_digest", "specimen", "acquisition", "volumes", "spaces"),
            *("views", "publications", "contributions", "affiliations", "collections", "kept", "crops"),
        ]

    def get_volumes(self, version: DatasetVersion) -> list[dict[str, Any]]:
        return self._volumes(version)

    def get_collections(self, version: DatasetVersion) -> list[str]:
        collections: list[Collection] = list(version.dataset.collections.all())
        return [collection.name for collection in collections]

    def get_thumbnail_url(self, version: DatasetVersion) -> str | None:
        # Named before it is there, too: pictures are rendered when a version is published, and until then the address
        # answers 404.
        if not version.record_digest or framing_volume(list(version.volumes.all())) is None:
            return None
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("catalogue:thumbnail", kwargs={"ref": str(version)}))
