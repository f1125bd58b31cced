"""What is put side by side: two versions of datasets, or layers of them, as one user may see them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from datasets.catalogue.addresses import Reference
from datasets.catalogue.models import DatasetVersion, ModelRun, State, Volume
from datasets.catalogue.queries.datasets import (
    find_version,
    find_volume,
    load_content,
    newest_seen,
    paths_in,
    segmentation_of,
    versions_of,
)
from datasets.catalogue.queries.models import shown_run
from datasets.catalogue.queries.visibility import Viewer


@dataclass(frozen=True)
class Compared:
    """One of two that stand side by side: ``version`` with its content, or its layer ``volume``, which ``run`` made."""

    version: DatasetVersion
    volume: Volume | None = None
    run: ModelRun | None = None

    def __str__(self) -> str:
        return f"{self.version}/{self.volume.path}" if self.volume else str(self.version)


def find_compared(ref: Reference, path: str, user: Viewer) -> Compared:
    """The version ``ref``, or where ``path`` is not empty its layer there.

    Raises:
        NotFound, VersionRetired
    """
    version = find_version(ref.name, ref.label, user)
    volume = find_volume(version, path) if path else None
    load_content(version)
    segmentation = segmentation_of(volume) if volume else None
    return Compared(version, volume, shown_run(segmentation, user) if segmentation else None)


def newest_names(user: Viewer) -> QuerySet[DatasetVersion]:
    """The newest versions of what ``user`` may see, newest first, with nothing but what names them."""
    versions = newest_seen(user).select_related("dataset").order_by("-frozen_at", "-pk")
    return versions.only("number", "title", "dataset__name")


def other_versions(compared: Compared, user: Viewer) -> list[tuple[DatasetVersion, str]]:
    """The other versions of its dataset that ``user`` may open, newest first, each with the path of the same layer:
    empty where it lacks that, or no layer is compared."""
    versions = [
        it
        for it in versions_of(compared.version.dataset, user)
        if it.pk != compared.version.pk and it.state != State.RETIRED
    ]
    if compared.volume is None:
        return [(it, "") for it in versions]
    path = compared.volume.path
    paths = paths_in(versions)
    return [(it, path if path in paths[it.pk] else "") for it in versions]
