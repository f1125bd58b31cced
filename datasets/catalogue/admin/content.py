"""What versions say: looked at, drafts included, and never changed by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from datasets.catalogue.admin.bases import ReadOnly
from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    Contribution,
    CoordinateSpace,
    Coverage,
    Crop,
    CropCoverage,
    DatasetVersion,
    ExternalMesh,
    Mount,
    OrganelleClass,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    Transform,
    View,
    Volume,
)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly):
    list_display = ["__str__", "state", "title", "licence", "frozen_at"]
    list_filter = ["state", "licence", "frozen_at"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "title", "record_digest"]


class OfVersion(ReadOnly):
    """What hangs on a version."""

    list_filter = ["version__state"]
    list_select_related = ["version__dataset"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return ["__str__", "version", *self.list_display]


@admin.register(Mount)
class MountAdmin(OfVersion):
    list_display = ["path", "single", "root", "key"]
    list_filter = ["root", "version__state"]
    search_fields = ["version__dataset__name", "path", "key"]


@admin.register(Specimen)
class SpecimenAdmin(OfVersion):
    list_display = ["organism", "sample"]
    search_fields = ["version__dataset__name", "organism", "sample", "terms__label"]


@admin.register(Acquisition)
class AcquisitionAdmin(OfVersion):
    list_display = ["method", "instrument"]
    list_filter = ["method", "version__state"]
    search_fields = ["version__dataset__name", "instrument"]


@admin.register(Volume)
class VolumeAdmin(OfVersion):
    list_display = ["title", "kind", "dtype", "viewable"]
    list_filter = ["kind", "viewable", "dtype", "version__state"]
    search_fields = ["version__dataset__name", "path", "title"]


@admin.register(Segmentation)
class SegmentationAdmin(ReadOnly):
    list_display = ["volume", "version", "type", "method", "subject"]
    list_filter = ["type", "method"]
    list_select_related = ["volume__version__dataset"]
    search_fields = ["volume__version__dataset__name", "volume__path", "subject"]

    @admin.display(ordering="volume__version")
    def version(self, segmentation: Segmentation) -> DatasetVersion:
        return segmentation.volume.version


@admin.register(Coverage)
class CoverageAdmin(ReadOnly):
    list_display = ["segmentation", "organelle", "found", "label_value"]
    list_filter = ["found", "organelle"]
    list_select_related = ["segmentation__volume", "organelle"]
    search_fields = ["segmentation__volume__version__dataset__name", "organelle__short_name", "organelle__long_name"]


@admin.register(View)
class ViewAdmin(OfVersion):
    list_display = ["name", "title", "layout"]
    search_fields = ["version__dataset__name", "name", "title"]


@admin.register(Contribution)
class ContributionAdmin(OfVersion):
    list_display = ["person", "organization"]
    search_fields = ["version__dataset__name", "person__name", "organization"]


@admin.register(Publication)
class PublicationAdmin(OfVersion):
    list_display = ["doi", "title"]
    search_fields = ["version__dataset__name", "doi", "title"]


@admin.register(SpecimenTerm)
class SpecimenTermAdmin(ReadOnly):
    list_display = ["label", "kind", "curie", "specimen"]
    list_filter = ["kind"]
    list_select_related = ["specimen"]
    search_fields = ["label", "curie", "specimen__version__dataset__name"]


@admin.register(Affiliation)
class AffiliationAdmin(OfVersion):
    list_display = ["organization"]
    search_fields = ["version__dataset__name", "organization__name", "organization__title"]


@admin.register(CoordinateSpace)
class CoordinateSpaceAdmin(OfVersion):
    list_display = ["name", "main"]
    search_fields = ["version__dataset__name", "name", "title"]


@admin.register(Transform)
class TransformAdmin(ReadOnly):
    list_display = ["volume", "space", "matrix"]
    list_select_related = ["volume", "space"]
    search_fields = ["volume__version__dataset__name", "volume__path"]


@admin.register(ExternalMesh)
class ExternalMeshAdmin(ReadOnly):
    list_display = ["name", "volume", "format", "url"]
    list_filter = ["format"]
    list_select_related = ["volume"]
    search_fields = ["volume__version__dataset__name", "volume__path", "url"]


@admin.register(Crop)
class CropAdmin(OfVersion):
    list_display = ["name", "use", "method"]
    list_filter = ["use", "method", "version__state"]
    search_fields = ["version__dataset__name", "name", "title"]


@admin.register(CropCoverage)
class CropCoverageAdmin(ReadOnly):
    list_display = ["crop", "organelle", "found"]
    list_filter = ["found", "organelle"]
    list_select_related = ["crop", "organelle"]
    search_fields = ["crop__version__dataset__name", "crop__name", "organelle__short_name"]


@admin.register(OrganelleClass)
class OrganelleClassAdmin(ReadOnly):
    """Facts that ship with the portal: a change would last until the next migration."""

    list_display = ["short_name", "long_name", "parent", "go_id", "colour"]
    list_select_related = ["parent"]
    search_fields = ["short_name", "long_name", "go_id"]
