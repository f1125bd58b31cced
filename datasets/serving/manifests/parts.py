"""What a manifest lists: parts of versions, each from its inventory, else as the storage lists it now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datasets.catalogue.addresses import bucket_name
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import DataExternal, NotFound
from datasets.catalogue.queries.inventories import find_inventory
from datasets.catalogue.queries.mounts import mounts_of
from datasets.storage.inventory import Inventory, Row, list_rows
from datasets.storage.mounts import Mounts


@dataclass(frozen=True)
class Part:
    """What is at a path of a version and below it; the empty path is all of it.

    Args:
        version: ``name@2``.
        bucket: its name over S3; empty for a draft, which is not read over S3.
        folder: what the names of files begin with in the lists: empty, or ``name@2/``.
        data_url: absolute address of the version's data, pinned, ending in a slash.
        inventory: None where the version has none.
    """

    version: str
    bucket: str
    path: str
    folder: str
    data_url: str
    inventory: Inventory | None
    mounts: Mounts

    def rows(self) -> Iterator[Row]:
        """The objects in ascending order, with their digests where there is an inventory.

        Raises:
            NotFound: there are none at the path.
            InventoryUnreadable, StorageError: something cannot be read. Rows may have come before.
        """
        rows = self.inventory.rows(self.path) if self.inventory else list_rows(self.mounts, self.path)
        is_empty = True
        for row in rows:
            is_empty = False
            yield row
        if is_empty and self.path:
            raise NotFound(f"{self.version} has nothing at {self.path!r}", where=self.path)


def part_of(version: DatasetVersion, path: str, *, data_url: str, folder: str = "") -> Part:
    """What is at ``path`` of ``version`` and below it; other arguments as for :class:`Part`.

    Args:
        data_url: absolute address of the data plane, ending in ``/data/``.

    Raises:
        DataExternal: all of its data are elsewhere.
    """
    mounts = mounts_of(version)
    if not mounts.mounts:
        raise DataExternal(
            "All data of this version are elsewhere", where=str(version), fix="See the links on the dataset's page"
        )
    return Part(
        version=str(version),
        bucket=bucket_name(version),
        path=path,
        folder=folder,
        data_url=f"{data_url}{version}/",
        inventory=find_inventory(version),
        mounts=mounts,
    )
