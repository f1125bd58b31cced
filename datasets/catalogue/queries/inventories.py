"""Where a version's inventory lies, whether there is one, and how much it holds."""

from __future__ import annotations

import logging
from functools import lru_cache

from datasets.catalogue.models import DatasetVersion
from datasets.storage.errors import StorageError
from datasets.storage.inventory import Extent, Inventory
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.errors import CisternaError

logger = logging.getLogger("cisterna.data")


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


def measure_inventory(version: DatasetVersion, path: str = "") -> Extent | None:
    """How much is at ``path`` of ``version`` and below it; None where there is no inventory, or none to read now."""
    if not version.manifest_digest:
        return None
    try:
        return _measured(inventory_key(version, version.manifest_digest), path)
    except StorageError as error:
        logger.warning("an inventory was not measured: %s", error)
        return None


@lru_cache(maxsize=4096)
def _measured(key: str, path: str) -> Extent:
    """Kept: an inventory, named by its root digest, never changes."""
    return Inventory(get_root(OWN_ROOT), key).measure(path)


def inventory_key(version: DatasetVersion, root_digest: str) -> str:
    """Its key in the portal's own root: beside the data, below no dataset's address."""
    return f"inventories/{version.dataset.name}/{version.label}/{root_digest}.parquet"
