"""Datasets, their versions and what these say."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.content import ViewSerializer, VolumeSerializer
from datasets.catalogue.api.crops import CROP_EXPANSIONS, CROP_FILTERS, FoundCropSerializer
from datasets.catalogue.api.filters import Filter, choice
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Loads, read_number, read_text
from datasets.catalogue.api.segmentations import SEGMENTATION_FILTERS
from datasets.catalogue.api.serializers import EditionSerializer, VersionSerializer
from datasets.catalogue.api.views import VersionView
from datasets.catalogue.drafts import tag_of
from datasets.catalogue.models import Crop, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.crops import crops_of
from datasets.catalogue.queries.datasets import (
    find_volume,
    load_content,
    versions_of,
    volumes_of,
)
from datasets.catalogue.records import write_record


class DatasetDetail(CatalogueView, VersionView):
    """A version of a dataset whole: the newest, or the one that is named behind the ``@``."""

    serializer = VersionSerializer
    expansions: ClassVar[Loads] = {"crops": ["crops__coverage__organelle", "crops__space"]}

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
