"""One block of an array, its values counted. Runs in any process that has the roots."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.storage.arrays import open_array
from datasets.storage.roots import get_root
from datasets.volumes.value_counts import ValueCounts, count_values


@dataclass(frozen=True)
class CountedBlock:
    """Voxels from ``start`` to ``stop`` of an array, in stored axis order, and what is counted of them."""

    root: str
    key: str
    zarr_format: int
    start: tuple[int, ...]
    stop: tuple[int, ...]
    prefixes: tuple[int, ...]
    turn: int


def count_block(block: CountedBlock) -> ValueCounts:
    """Read a block and count its values.

    Raises:
        StorageError: it cannot be read.
    """
    array = open_array(get_root(block.root), block.key, zarr_format=block.zarr_format)
    voxels = array[tuple(slice(first, last) for first, last in zip(block.start, block.stop, strict=True))]
    return count_values(voxels, block.prefixes, block.turn)
