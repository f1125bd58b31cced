"""Reading a cut: chunk row by chunk row along z, each chunk once, in memory that does not grow with the cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.serving.cutouts.plan import SPACE, Cut
from datasets.storage.arrays import ReadableArray, open_array

SLAB_BYTES = 32 * 1024 * 1024
"""So much is held in memory at once, twice: one slab goes out while the next is read."""

BRICK_BYTES = 8 * 1024 * 1024
"""So much is read in one go; between two of these, reading can be stopped."""


class ReadingStopped(Exception):
    """Whoever wanted the voxels has gone."""


class CutReader:
    """The voxels of a cut as (z, y, x).

    Args:
        dtype: what they are handed out as.

    Raises:
        StorageError: at once when the array's metadata, and at each piece when a chunk, cannot be read.
        ReadingStopped: at a piece, after :meth:`stop`.
    """

    def __init__(self, cut: Cut, dtype: np.dtype[Any]) -> None:
        self.cut = cut
        self.dtype = dtype
        self._stopped = threading.Event()
        self._array: ReadableArray = open_array(cut.root, cut.key, zarr_format=cut.zarr_format)
        present = [axis for axis in cut.axes if axis in SPACE]
        self._order = tuple(present.index(axis) for axis in "zyx" if axis in present)
        chunks = dict(zip(cut.axes, cut.chunk_shape, strict=True))
        self._chunk_zyx = tuple(chunks.get(axis, 1) for axis in "zyx")

    def stop(self) -> None:
        """Have reading stop at the next piece."""
        self._stopped.set()

    def slabs(self) -> Iterator[NDArray[Any]]:
        """The voxels in C order, some planes at a time: (planes, y, x)."""
        depth, height, width = self.cut.shape_zyx
        plane_bytes = height * width * self.dtype.itemsize
        rows = max(self._chunk_zyx[0], BRICK_BYTES // plane_bytes // self._chunk_zyx[0] * self._chunk_zyx[0])
        most = max(1, SLAB_BYTES // plane_bytes)
        for start, stop in cut_range(self.cut.voxels.start[2], depth, rows):
            for low in range(start, stop, most):
                high = min(stop, low + most)
                yield self.block((low, 0, 0), (high, height, width))

    def block(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> NDArray[Any]:
        """The voxels from ``start`` to before ``stop``, (z, y, x), counted from the cut's first."""
        block = np.empty(tuple(high - low for low, high in zip(start, stop, strict=True)), self.dtype)
        origin = self.cut.voxels.start[::-1]
        _, chunk_y, chunk_x = self._chunk_zyx
        row_bytes = block.shape[0] * chunk_y * block.itemsize
        width = max(chunk_x, BRICK_BYTES // row_bytes // chunk_x * chunk_x)
        height = max(chunk_y, BRICK_BYTES // (row_bytes * min(width, block.shape[2])) * chunk_y)
        for y0, y1 in cut_range(origin[1] + start[1], block.shape[1], height):
            for x0, x1 in cut_range(origin[2] + start[2], block.shape[2], width):
                if self._stopped.is_set():
                    raise ReadingStopped
                low = (origin[0] + start[0], origin[1] + start[1] + y0, origin[2] + start[2] + x0)
                high = (origin[0] + stop[0], origin[1] + start[1] + y1, origin[2] + start[2] + x1)
                block[:, y0:y1, x0:x1] = self._brick(dict(zip("zyx", map(slice, low, high), strict=True)))
        return block

    def _brick(self, along: dict[str, slice]) -> NDArray[Any]:
        cut = self.cut
        selection = tuple(
            along[axis] if axis in SPACE else place for axis, place in zip(cut.axes, cut.index, strict=True)
        )
        return self._array[selection].transpose(self._order)


def cut_range(origin: int, length: int, step: int) -> Iterator[tuple[int, int]]:
    """From 0 to ``length`` in steps that end where ``origin`` plus the place is a multiple of ``step``."""
    start = 0
    while start < length:
        stop = min(length, (origin + start) // step * step + step - origin)
        yield start, stop
        start = stop
