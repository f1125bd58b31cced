"""Mounting the portal's own copies in place of what lies in others' roots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import DatasetVersion, Mount
from datasets.processing.actions.overlays import DraftMoved
from datasets.storage.keys import join_key
from datasets.storage.roots import OWN_ROOT


@dataclass(frozen=True)
class Place:
    """A mount of the draft as it was when copying began."""

    mount_id: int
    root: str
    key: str


def mount_copies(version: DatasetVersion, places: Sequence[Place], *, prefix: str, by: AbstractBaseUser | None) -> None:
    """Have the draft show the copies below ``prefix``. In the caller's transaction.

    Raises:
        DraftMoved: it mounts something else by now, or was published or deleted.
    """
    draft = DatasetVersion.objects.select_for_update(of=("self",)).filter(pk=version.pk, number=None).first()
    rows = {row.pk: row for row in Mount.objects.filter(version=version).exclude(root=OWN_ROOT)}
    if draft is None or {Place(row.pk, row.root, row.key) for row in rows.values()} != set(places):
        raise DraftMoved("It was changed meanwhile", where=str(version), fix="It is copied anew from what is there")
    for place in places:
        row = rows[place.mount_id]
        row.root, row.key, row.revision = OWN_ROOT, join_key(prefix, row.path), prefix.rpartition("/")[2]
        row.save(update_fields=["root", "key", "revision"])
    bump_revision()
    record_event(
        by=by,
        action="draft.copy",
        subject=str(version),
        before={"mounts": sorted(f"{place.root}:{place.key}" for place in places)},
        after={"prefix": prefix},
    )
