"""Where a version's bytes are, as storage reads them."""

from __future__ import annotations

import logging

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.models import Mount as Row
from datasets.storage.buckets import bucket_of
from datasets.storage.files import local_folder
from datasets.storage.mounts import Mount, Mounts
from datasets.storage.roots import RootUnknown, get_root

logger = logging.getLogger("cisterna.data")


def mounts_of(version: DatasetVersion) -> Mounts:
    """The mounts of ``version``."""
    return Mounts(tuple(mount_of(row) for row in version.mounts.all()))


def mount_of(row: Row) -> Mount:
    """A row's mount; without a source where its root is not configured any more."""
    try:
        root = get_root(row.root)
    except RootUnknown as error:
        logger.error("mounts cannot be served: %s", error)
        return Mount(row.path, None, row.key, single=row.single)
    source = local_folder(root.path) if root.path else bucket_of(root)
    return Mount(row.path, source, row.key, single=row.single, immutable=root.is_own)
