"""Segmentations of all datasets, as one user may see them."""

from __future__ import annotations

from django.db.models import QuerySet

from datasets.catalogue.models import Volume
from datasets.catalogue.queries.datasets import newest_versions, with_content
from datasets.catalogue.queries.visibility import Viewer


def visible_segmentations(user: Viewer) -> QuerySet[Volume]:
    """The volumes of the newest versions that ``user`` may see whose values mean something, with what a list shows."""
    versions = newest_versions(user).order_by().values("pk")
    volumes = Volume.objects.filter(version__in=versions, segmentation__isnull=False)
    return with_content(volumes.select_related("version__dataset"))
