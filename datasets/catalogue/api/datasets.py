"""Datasets, their versions and what these say."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.content import ViewSerializer, VolumeSerializer
from datasets.catalogue.api.crops import CROP_EXPANSIONS, CROP_FILTERS, FoundCropSerializer
from datasets.catalogue.api.filters import Filter, choice, exact, organelle, voxel, whole, words
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Loads, read_number, read_text, read_time
from datasets.catalogue.api.segmentations import SEGMENTATION_FILTERS
from datasets.catalogue.api.serializers import DatasetSerializer, EditionSerializer, VersionSerializer
from datasets.catalogue.api.views import VersionView
from datasets.catalogue.drafts import tag_of
from datasets.catalogue.models import CollectionMember, Coverage, Crop, DatasetVersion, Volume
from datasets.catalogue.models.sample import Method
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.crops import crops_of
from datasets.catalogue.queries.datasets import (
    find_volume,
    load_content,
    load_volumes,
    newest_versions,
    paths_in,
    versions_of,
    volumes_of,
)
from datasets.catalogue.queries.paging import rows_having
from datasets.catalogue.records import write_record


def _labels(rows: QuerySet[DatasetVersion], classes: Any) -> QuerySet[DatasetVersion]:
    labelled = Coverage.objects.filter(organelle__in=classes, found=Coverage.Found.PRESENT)
    return rows_having(rows, labelled, "segmentation__volume__version")


def _has_volume(kinds: Any) -> Q:
    return Q(Exists(Volume.objects.filter(version=OuterRef("pk"), kind__in=kinds)))


def _collected(names: Any) -> Q:
    # Not a join: a dataset in several of the collections is one result.
    return Q(dataset__in=CollectionMember.objects.filter(collection__name__in=names).values("dataset"))


def _people(value: str) -> Q:
    return Q(pk__in=DatasetVersion.objects.filter(contributions__person__orcid=value).values("pk"))


class DatasetList(ListView):
    """The datasets, each by its newest version, the newest first."""

    serializer = DatasetSerializer
    order = (Key("frozen_at", read_time, falling=True), Key("id", read_number, falling=True))
    filters: ClassVar[tuple[Filter, ...]] = (
        words("organism", "specimen__organism", "Of the organism, as written there"),
        whole("taxon", "specimen__ncbi_taxon", "Of the organism with this NCBI taxon", least=1),
        choice("method", "acquisition__method", "Imaged by this method", Method.values),
        exact("licence", "licence", "Under this licence, by its SPDX identifier"),
        choice("kind", _has_volume, "With a volume of this kind", Kind.values),
        organelle(_labels, description="With a segmentation that shows the class, or what is part of it"),
        exact("collection", _collected, "In the collection of this name"),
        exact("organization", "dataset__organization__name", "Of the organization of this name"),
        words("orcid", _people, "Somebody with this ORCID contributed"),
        words("doi", lambda doi: Q(pk__in=_published(doi)), "Published under this DOI"),
        whole("year", "frozen_at__year", "Whose newest version is of this year", least=1900, most=9998),
        *voxel("acquisition__"),
    )
    loads: ClassVar[Loads] = {"volumes": []}
    expansions: ClassVar[Loads] = {
        "volumes": [load_volumes()],
        "specimen": ["specimen__terms"],
        "acquisition": [],
        "views": ["views"],
        "publications": ["publications"],
        "contributions": ["contributions__person"],
        "crops": ["crops__coverage__organelle", "crops__space"],
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[DatasetVersion]:
        return newest_versions(request.user).prefetch_related(None)

    def results(self, rows: list[DatasetVersion], request: Request, chosen: dict[str, Any]) -> Any:
        if "volumes" in chosen["shown"] - chosen["expanded"]:
            chosen = chosen | {"paths": paths_in(rows)}
        return super().results(rows, request, chosen)


class DatasetDetail(CatalogueView, VersionView):
    """A version of a dataset whole: the newest, or the one that is named behind the ``@``."""

    serializer = VersionSerializer
    expansions: ClassVar[Loads] = {"crops": DatasetList.expansions["crops"]}

    def get(self, request: Request, ref: Reference) -> Response:
        version = self.row(request, ref)
        # What would be frozen is what a save is compared with. Read before the content, it is never newer than that.
        tag = tag_of(write_record(version)) if version.number is None else ""
        load_content(version)
        response = self.one(request, version)
        if tag:
            response["ETag"] = tag
        return response


class VersionList(CatalogueView, VersionView):
    """The versions of a dataset, the newest first; before them its draft, for its members."""

    serializer = EditionSerializer
    is_list = True

    def get(self, request: Request, ref: Reference) -> Response:
        rows = versions_of(self.row(request, ref).dataset, request.user)
        return self.several(request, rows)


class VolumeList(ListView, VersionView):
    """The volumes of a version, in the order of its page."""

    serializer = VolumeSerializer
    order = (Key("rank", read_number), Key("path", read_text))
    filters: ClassVar[tuple[Filter, ...]] = (
        choice("kind", "kind", "Of this kind", Kind.values),
        *SEGMENTATION_FILTERS,
    )

    def rows(self, request: Request, **named: Any) -> QuerySet[Volume]:
        return volumes_of(self.row(request, named["ref"]))


class VolumeDetail(CatalogueView, VersionView):
    """One volume of a version."""

    serializer = VolumeSerializer

    def get(self, request: Request, ref: Reference, path: str) -> Response:
        version = self.version(request, ref)
        return self.one(request, find_volume(version, path), version=version)


class SegmentationList(VolumeList):
    """The segmentations of a version, in the order of its page."""

    filters: ClassVar[tuple[Filter, ...]] = SEGMENTATION_FILTERS

    def rows(self, request: Request, **named: Any) -> QuerySet[Volume]:
        return super().rows(request, **named).filter(kind=Kind.SEGMENTATION)


class ViewList(ListView, VersionView):
    """The curated views of a version, in the order of its page."""

    serializer = ViewSerializer
    order = (Key("rank", read_number), Key("name", read_text))

    def rows(self, request: Request, **named: Any) -> QuerySet[Any]:
        return self.row(request, named["ref"]).views.all()


class CropList(ListView, VersionView):
    """The ground truth of a version, by name."""

    serializer = FoundCropSerializer
    expansions = CROP_EXPANSIONS
    order = (Key("name", read_text),)
    filters: ClassVar[tuple[Filter, ...]] = CROP_FILTERS

    def rows(self, request: Request, **named: Any) -> QuerySet[Crop]:
        return crops_of(self.row(request, named["ref"]))


def _published(doi: str) -> QuerySet[Any]:
    return DatasetVersion.objects.filter(publications__doi__iexact=doi).values("pk")
