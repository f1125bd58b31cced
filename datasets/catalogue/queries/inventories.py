"""Where a version's inventory lies, and whether there is one."""

from __future__ import annotations

from datasets.catalogue.models import DatasetVersion
from datasets.storage.inventory import Inventory
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.errors import CisternaError


class DatasetExternal(CisternaError):
    """All of the dataset's data are elsewhere: the portal has no objects of it."""

    slug = "external"
    status = 409
    title = "The data are not in this portal"


class DigestsAbsent(CisternaError):
    """Nobody has computed the SHA-256 of the version's objects yet."""

    slug = "digests-absent"
    status = 409
    title = "There are no digests yet"


def find_inventory(version: DatasetVersion) -> Inventory | None:
    """The inventory of ``version``; None where it was never made. That it is there in its place is not looked at."""
    if not version.manifest_digest:
        return None
    return Inventory(get_root(OWN_ROOT), inventory_key(version, version.manifest_digest))


def inventory_key(version: DatasetVersion, root_digest: str) -> str:
    """Its key in the portal's own root: beside the data, below no dataset's address."""
    return f"inventories/{version.dataset.name}/{version.label}/{root_digest}.parquet"
