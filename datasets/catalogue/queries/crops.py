"""Regions of ground truth, as one user may see them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from datasets.catalogue.models import Crop, CropCoverage, DatasetVersion
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.visibility import Viewer


def visible_crops(user: Viewer) -> QuerySet[Crop]:
    """The crops of the newest versions that ``user`` may see, with what a list shows."""
    versions = newest_versions(user).order_by().values("pk")
    return with_content(Crop.objects.filter(version__in=versions))


def crops_of(version: DatasetVersion) -> QuerySet[Crop]:
    """The crops of a version that the caller has found, by name."""
    return with_content(version.crops.order_by("name"))


def crops_with(crops: QuerySet[Crop], classes: Iterable[int], found: str) -> QuerySet[Crop]:
    """Those of which it is said of one of ``classes``, by their keys, that it was ``found`` so."""
    coverage = CropCoverage.objects.filter(crop=OuterRef("pk"), organelle__in=classes, found=found)
    return crops.filter(Exists(coverage))


def with_content(crops: QuerySet[Crop]) -> QuerySet[Crop]:
    """With what a list shows of each."""
    return crops.select_related("version__dataset", "space").prefetch_related("coverage__organelle")
