"""One block of an array in other chunks: read, written, read back and compared. Runs in any process with the roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.storage.arrays import open_array
from datasets.storage.derived_arrays import write_region
from datasets.storage.roots import get_root
from datasets.storage.uploads import UploadDiffers


@dataclass(frozen=True)
class RechunkedBlock:
    """Voxels from ``start`` to ``stop``, in stored axis order: whole objects of the array at ``target``."""

    source_root: str
    source: str
    target_root: str
    target: str
    zarr_format: int
    start: tuple[int, ...]
    stop: tuple[int, ...]


def rechunk_block(block: RechunkedBlock) -> None:
    """Write the block as it is read.

    Raises:
        UploadDiffers: other voxels are read back.
        StorageError: it cannot be read or written.
    """
    region = tuple(slice(first, last) for first, last in zip(block.start, block.stop, strict=True))
    voxels = open_array(get_root(block.source_root), block.source, zarr_format=block.zarr_format)[region]
    own = get_root(block.target_root)
    write_region(own, block.target, zarr_format=block.zarr_format, start=block.start, voxels=voxels)
    written = open_array(own, block.target, zarr_format=block.zarr_format)[region]
    if not np.array_equal(written, voxels, equal_nan=voxels.dtype.kind in "fc"):
        raise UploadDiffers(
            "Reading back gave other voxels", where=own.url_of(block.target), fix="Check the storage, then try again"
        )
