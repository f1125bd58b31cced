"""Regions of ground truth, as one user may see them."""

from __future__ import annotations

from django.db.models import QuerySet

from datasets.catalogue.models import Crop, DatasetVersion
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.visibility import Viewer


def visible_crops(user: Viewer) -> QuerySet[Crop]:
    """The crops of the newest versions that ``user`` may see, with what a list shows."""
    versions = newest_versions(user).order_by().values("pk")
    return with_content(Crop.objects.filter(version__in=versions))


def crops_of(version: DatasetVersion) -> QuerySet[Crop]:
    """The crops of a version that the caller has found, by name."""
    return with_content(version.crops.order_by("name"))


def with_content(crops: QuerySet[Crop]) -> QuerySet[Crop]:
    """With what a list shows of each."""
    return crops.select_related("version__dataset", "space").prefetch_related("coverage__organelle")
