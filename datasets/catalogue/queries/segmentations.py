"""Segmentations of all datasets, as one user may see them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from datasets.catalogue.models import Coverage, Volume
from datasets.catalogue.queries.datasets import of_newest, with_content, with_version
from datasets.catalogue.queries.paging import rows_having
from datasets.catalogue.queries.visibility import Viewer


def visible_segmentations(user: Viewer) -> QuerySet[Volume]:
    """The volumes of the newest versions that ``user`` may see whose values mean something, with what a list shows."""
    volumes = Volume.objects.filter(of_newest(user), segmentation__isnull=False)
    return with_content(with_version(volumes))


def volumes_with(volumes: QuerySet[Volume], classes: Iterable[int], found: str) -> QuerySet[Volume]:
    """Those of which it is said of one of ``classes``, by their keys, that it was ``found`` so."""
    return rows_having(volumes, Coverage.objects.filter(organelle__in=classes, found=found), "segmentation__volume")
