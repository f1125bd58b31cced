"""How the catalogue looks as JSON. Lengths in nm, sizes in bytes, positions (x, y, z)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    DatasetVersion,
    Publication,
    Segmentation,
    Specimen,
    View,
    Volume,
)
from datasets.catalogue.neuroglancer_links import extent_nm
from datasets.catalogue.queries.datasets import segmentation_of


class SpecimenSerializer(serializers.ModelSerializer[Specimen]):
    class Meta:
        model = Specimen
        fields = ["organism", "ncbi_taxon", "sample", "tissue", "cell_line", "treatment", "preparation"]


class AcquisitionSerializer(serializers.ModelSerializer[Acquisition]):
    class Meta:
        model = Acquisition
        fields = [
            "method",
            "instrument",
            "description",
            "voltage_kv",
            "current_na",
            "scan_rate_mhz",
            "started_on",
            "duration_days",
        ]


class SegmentationSerializer(serializers.ModelSerializer[Segmentation]):
    organelles = serializers.SerializerMethodField()

    class Meta:
        model = Segmentation
        fields = ["type", "method", "method_detail", "subject", "organelles"]

    def get_organelles(self, segmentation: Segmentation) -> list[dict[str, Any]]:
        return [
            {
                "name": coverage.organelle.short_name,
                "label": coverage.organelle.long_name,
                "go_id": coverage.organelle.go_id or None,
                "found": coverage.found,
                "label_value": coverage.label_value,
            }
            for coverage in segmentation.coverage.all()
        ]


class VolumeSerializer(serializers.ModelSerializer[Volume]):
    """A volume with its levels, and where its bytes are."""

    data_url = serializers.SerializerMethodField()
    extent_nm = serializers.SerializerMethodField()
    contrast = serializers.SerializerMethodField()
    segmentation = serializers.SerializerMethodField()

    class Meta:
        model = Volume
        fields = [
            "path",
            "kind",
            "title",
            "description",
            "data_url",
            "ngff_version",
            "zarr_format",
            "axes",
            "axis_types",
            "axis_units",
            "dtype",
            "extent_nm",
            "channels",
            "contrast",
            "viewable",
            "levels",
            "segmentation",
        ]

    def get_data_url(self, volume: Volume) -> str:
        return f"{self.context['data_url']}{self.context['version']}/{volume.path}/"

    def get_extent_nm(self, volume: Volume) -> dict[str, list[float]]:
        low, high = extent_nm(volume)
        return {axis: [low[axis], high[axis]] for axis in low}

    def get_contrast(self, volume: Volume) -> list[float] | None:
        if volume.contrast_low is None or volume.contrast_high is None:
            return None
        return [volume.contrast_low, volume.contrast_high]

    def get_segmentation(self, volume: Volume) -> dict[str, Any] | None:
        segmentation = segmentation_of(volume)
        return None if segmentation is None else SegmentationSerializer(segmentation).data


class ViewSerializer(serializers.ModelSerializer[View]):
    class Meta:
        model = View
        fields = ["name", "title", "description", "layers", "position_nm", "orientation", "nm_per_pixel", "layout"]


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    class Meta:
        model = Publication
        fields = ["doi", "url", "title", "citation"]


class ContributionSerializer(serializers.ModelSerializer[Contribution]):
    name = serializers.CharField(source="person.name")
    orcid = serializers.CharField(source="person.orcid")

    class Meta:
        model = Contribution
        fields = ["name", "orcid", "roles", "organization"]


class VersionSummarySerializer(serializers.ModelSerializer[DatasetVersion]):
    """A dataset in a list: its newest version in short."""

    name = serializers.CharField(source="dataset.name")
    version = serializers.IntegerField(source="number")
    url = serializers.SerializerMethodField()
    page_url = serializers.SerializerMethodField()
    data_url = serializers.SerializerMethodField()
    organism = serializers.CharField(source="specimen.organism")
    method = serializers.CharField(source="acquisition.method")
    published_at = serializers.DateTimeField(source="frozen_at")
    volumes = serializers.SerializerMethodField()

    class Meta:
        model = DatasetVersion
        fields = [
            "name",
            "version",
            "title",
            "organism",
            "method",
            "licence",
            "published_at",
            "url",
            "page_url",
            "data_url",
            "volumes",
        ]

    def get_url(self, version: DatasetVersion) -> str:
        return _absolute(self.context["request"], "api:dataset", version)

    def get_page_url(self, version: DatasetVersion) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(f"/datasets/{version}/")

    def get_data_url(self, version: DatasetVersion) -> str:
        return f"{self.context['data_url']}{version}/"

    def get_volumes(self, version: DatasetVersion) -> Any:
        return [volume.path for volume in version.volumes.all()]


class VersionSerializer(VersionSummarySerializer):
    """A version whole."""

    specimen = SpecimenSerializer()
    acquisition = AcquisitionSerializer()
    views = ViewSerializer(many=True)
    publications = PublicationSerializer(many=True)
    contributions = ContributionSerializer(many=True)
    visibility = serializers.CharField(source="dataset.visibility")

    class Meta(VersionSummarySerializer.Meta):
        fields = [
            *VersionSummarySerializer.Meta.fields,
            "state",
            "visibility",
            "description",
            "credit",
            "keywords",
            "change_note",
            "record_digest",
            "specimen",
            "acquisition",
            "views",
            "publications",
            "contributions",
        ]

    def get_volumes(self, version: DatasetVersion) -> Any:
        context = {**self.context, "version": str(version)}
        return VolumeSerializer(version.volumes.all(), many=True, context=context).data


def _absolute(request: Request, name: str, version: DatasetVersion) -> str:
    return request.build_absolute_uri(reverse(name, kwargs={"ref": str(version)}))
