"""One block of a coarser level: read, halved, written, read back. Runs in any process that has the roots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from datasets.storage.arrays import ReadableArray, open_array
from datasets.storage.derived_arrays import write_region
from datasets.storage.roots import Root, get_root
from datasets.volumes.downsampling import coarsen


@dataclass(frozen=True)
class CoarseBlock:
    """A block to be made: whole objects of the array at ``target`` in the portal's own root.

    ``start`` and ``stop`` are its voxels there, ``factors`` how many voxels of the source make one; all in stored axis
    order.
    """

    source_root: str
    source: str
    target_root: str
    target: str
    zarr_format: int
    method: Literal["mean", "mode"]
    source_shape: tuple[int, ...]
    factors: tuple[int, ...]
    start: tuple[int, ...]
    stop: tuple[int, ...]


def make_block(block: CoarseBlock) -> None:
    """Read what the block is made of, and write it.

    Raises:
        StorageError: it cannot be read or written.
    """
    source = _source(get_root(block.source_root), block.source, block.zarr_format)
    region = tuple(
        slice(first * factor, min(last * factor, size))
        for first, last, factor, size in zip(block.start, block.stop, block.factors, block.source_shape, strict=True)
    )
    halved = [axis for axis, factor in enumerate(block.factors) if factor == 2]
    voxels = coarsen(source[region], block.method, halved)
    write_region(
        get_root(block.target_root), block.target, zarr_format=block.zarr_format, start=block.start, voxels=voxels
    )


@lru_cache(maxsize=64)
def _source(root: Root, key: str, zarr_format: int) -> ReadableArray:
    return open_array(root, key, zarr_format=zarr_format)
