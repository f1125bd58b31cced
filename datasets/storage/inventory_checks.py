"""A version's objects, read and hashed again, beside what its inventory says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from datasets.storage.digests import hash_objects
from datasets.storage.inventory import Extent, Inventory, list_objects
from datasets.storage.inventory_drafts import Progress, Show
from datasets.storage.mounts import Mounts


@dataclass(frozen=True, slots=True)
class Difference:
    """``changed``: the object has another digest; ``missing``: the inventory alone has it; ``extra``: it has not."""

    kind: Literal["changed", "missing", "extra"]
    key: str


def compare(inventory: Inventory, mounts: Mounts, show: Show) -> Iterator[Difference]:
    """What differs, in the order of keys, as it is found. Every object is read.

    Raises:
        ObjectChanged, StorageError: an object changed while it was read, or cannot be read.
        InventoryUnreadable
    """
    total, nothing = inventory.measure(), Extent(0, 0)
    count = size_bytes = 0
    rows = inventory.rows()
    row = next(rows, None)
    for entry, digest in hash_objects(mounts, list_objects(mounts)):
        count, size_bytes = count + 1, size_bytes + entry.size_bytes
        show(Progress(nothing, Extent(count, size_bytes), total))
        while row is not None and row.key < entry.key:
            yield Difference("missing", row.key)
            row = next(rows, None)
        if row is None or row.key != entry.key:
            yield Difference("extra", entry.key)
            continue
        if row.sha256 != digest.hex():
            yield Difference("changed", entry.key)
        row = next(rows, None)
    while row is not None:
        yield Difference("missing", row.key)
        row = next(rows, None)
