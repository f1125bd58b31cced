"""In what two versions of a dataset differ, as one user may know of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.models import DatasetVersion, State
from datasets.catalogue.queries.datasets import named_version
from datasets.catalogue.queries.names import NameUnknown, find_any_version
from datasets.catalogue.queries.visibility import Viewer, models_visible_to, worked_on_by
from datasets.catalogue.record_changes import (
    MountChange,
    RecordChange,
    models_named,
    mount_changes,
    record_changes,
    without_models,
)
from datasets.catalogue.records import write_record


@dataclass(frozen=True)
class VersionChanges:
    """What ``version`` says and shows otherwise than ``since``; nothing, where there is no version before it.

    Args:
        shows_places: whether the places of mounts in storage may be told.
    """

    version: DatasetVersion
    since: DatasetVersion | None
    said: tuple[RecordChange, ...] = ()
    mounts: tuple[MountChange, ...] = ()
    shows_places: bool = False


def find_changes(name: str, label: str | None, since: str | None, user: Viewer) -> VersionChanges:
    """What ``name@label`` says and shows otherwise than ``name@since``.

    Args:
        label: a number, or ``draft``; None: the newest published one.
        since: the same; None: the published version before it.

    Raises:
        NotFound: one of the two does not exist, or ``user`` may not know of it.
        VersionRetired: one of the two was withdrawn.
    """
    version = named_version(name, label, user)
    earlier = named_version(name, since, user) if since else version_before(version)
    if earlier is None:
        return VersionChanges(version, None)
    before, after = _record_of(earlier), _record_of(version)
    hidden = _models_hidden_from(user, models_named(before) | models_named(after))
    return VersionChanges(
        version,
        earlier,
        said=tuple(record_changes(without_models(before, hidden), without_models(after, hidden))),
        mounts=tuple(mount_changes(before, after)),
        shows_places=worked_on_by(user).filter(pk=version.dataset_id).exists(),
    )


def find_changes_for_operator(reference: str, since: str = "") -> VersionChanges:
    """The same for the operator's command line, which is told everything, of retired versions, too.

    Args:
        reference: ``name@2``, ``name@draft``, or ``name`` for the newest published version.
        since: the same, of the same dataset; empty: the published version before it.

    Raises:
        NameUnknown
    """
    version = find_any_version(reference)
    earlier = find_any_version(since) if since else version_before(version)
    if earlier is None:
        return VersionChanges(version, None, shows_places=True)
    if earlier.dataset_id != version.dataset_id:
        others = [str(it) for it in version.dataset.versions.select_related("dataset")]
        raise NameUnknown(f"version of {version.dataset}", since, others)
    before, after = _record_of(earlier), _record_of(version)
    return VersionChanges(
        version,
        earlier,
        said=tuple(record_changes(before, after)),
        mounts=tuple(mount_changes(before, after)),
        shows_places=True,
    )


def version_before(version: DatasetVersion) -> DatasetVersion | None:
    """The published version before ``version``; before a draft, the newest. Those that were retired are left out."""
    published = version.dataset.versions.filter(state=State.PUBLISHED).select_related("dataset").order_by("-number")
    return (published if version.number is None else published.filter(number__lt=version.number)).first()


def _record_of(version: DatasetVersion) -> dict[str, Any]:
    """What ``version`` says: as it was frozen; a draft, as it would be."""
    record: dict[str, Any] = json.loads(write_record(version).text if version.number is None else version.record)
    return record


def _models_hidden_from(user: Viewer, names: set[str]) -> set[str]:
    """Those of the models ``names`` that ``user`` may not know of."""
    if not names:
        return names
    seen: set[str] = set(models_visible_to(user).filter(name__in=names).values_list("name", flat=True))
    return names - seen
