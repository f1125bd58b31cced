"""Making the inventory of a version, from which its manifests are sent, and checking the data against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import DataExternal
from datasets.catalogue.queries.inventories import DigestsAbsent, find_inventory, inventory_key
from datasets.catalogue.queries.mounts import mounts_of
from datasets.catalogue.queries.names import find_published
from datasets.catalogue.queries.visibility import Deed, require
from datasets.storage.inventory import Extent, InventoryUnreadable
from datasets.storage.inventory_checks import Difference, compare
from datasets.storage.inventory_drafts import Show, make_inventory
from datasets.storage.objects import check_root
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.errors import CisternaError


class ManifestDiffers(CisternaError):
    """The version's data are not those any more whose root digest the catalogue holds."""

    slug = "manifest-differs"
    status = 409
    title = "The data are not those of the manifest"


@dataclass(frozen=True)
class Manifest:
    """A version whose inventory is in its place; ``created``: by this call."""

    version: DatasetVersion
    extent: Extent
    created: bool


def make_manifest(*, reference: str, scratch: Path, show: Show, by: AbstractBaseUser | None) -> Manifest:
    """List and hash all objects of a published version, once: its inventory goes into the portal's own root, and the
    root digest into the catalogue, where it never changes again.

    Args:
        reference: ``name``, the newest published version, or ``name@2``.
        scratch: a folder for what is in the making; interrupted anywhere, the next call goes on there.
        show: is told how far it is.

    Raises:
        NameUnknown, NotAllowed, DataExternal, InventoryBusy.
        ObjectChanged, StorageError: an object changed meanwhile, or cannot be read. What is hashed is kept.
        ManifestDiffers: there is a root digest, and the data have another.
    """
    version = _find(reference, by)
    if (extent := _extent_in_place(version)) is not None:
        return Manifest(version, extent, created=False)
    mounts = mounts_of(version)
    if not mounts.mounts:
        raise DataExternal("All data of this version are elsewhere", where=str(version))
    check_root(OWN_ROOT)
    made = make_inventory(
        mounts,
        scratch / str(version),
        version=str(version),
        root=get_root(OWN_ROOT),
        place=lambda root_digest: inventory_key(version, root_digest),
        show=show,
    )
    with transaction.atomic():
        version = DatasetVersion.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=version.pk)
        if version.manifest_digest not in ("", made.root_digest):
            raise ManifestDiffers(
                f"The root digest of the objects is {made.root_digest}, of the manifest {version.manifest_digest}",
                where=str(version),
                fix="The data changed after the manifest was made: bring them back, or retire the version",
            )
        if not version.manifest_digest:
            version.manifest_digest = made.root_digest
            version.save(update_fields=["manifest_digest"])
            record_event(by=by, action="version.manifest", subject=str(version), after={"digest": made.root_digest})
    return Manifest(version, made.extent, created=True)


def check_manifest(*, reference: str, show: Show, by: AbstractBaseUser | None) -> Iterator[Difference]:
    """What differs between a version's inventory and its objects, all of which are read again.

    Raises:
        NameUnknown, NotAllowed.
        DigestsAbsent: it has no inventory.
        ObjectChanged, StorageError: an object changed while it was read, or cannot be read.
    """
    version = _find(reference, by)
    inventory = find_inventory(version)
    if inventory is None:
        raise DigestsAbsent(
            "There is nothing to check against", where=str(version), fix=f"Run manage.py manifest {version} first"
        )
    return compare(inventory, mounts_of(version), show)


def _find(reference: str, by: AbstractBaseUser | None) -> DatasetVersion:
    version = find_published(reference, by)
    require(by, Deed.ADMINISTER, version.dataset)
    return version


def _extent_in_place(version: DatasetVersion) -> Extent | None:
    """How much the inventory holds that is in its place already; None where it has to be made, or made anew."""
    inventory = find_inventory(version)
    if inventory is None:
        return None
    try:
        return inventory.measure()
    except InventoryUnreadable:
        return None
