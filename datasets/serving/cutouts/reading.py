"""Reading a cut: chunk row by chunk row along z, for planes each chunk once, in memory that does not grow with it."""

from __future__ import annotations

import math
import mmap
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.serving.cutouts.plan import SPACE, Cut
from datasets.serving.cutouts.scratch import Scratch
from datasets.serving.making import Block
from datasets.storage.arrays import ReadableArray, open_array
from datasets.volumes.boxes import Counts

SLAB_BYTES = 32 * 1024 * 1024
"""So much is held in memory at once, twice: one slab goes out while the next is read."""

BRICK_BYTES = 4 * 1024 * 1024
"""So much is read in one go; between two of these, reading can be stopped."""


class ReadingStopped(Exception):
    """Whoever wanted the voxels has gone."""


class CutReader:
    """The voxels of a cut as (z, y, x).

    Args:
        dtype: what they are handed out as.
        scratch: room for what does not fit into memory.

    Raises:
        StorageError: at the first piece when the array's metadata, and at each when a chunk, cannot be read.
        ObjectChanged: at the first piece when the array is not of the form that the catalogue says.
        ReadingStopped: at a piece, after :meth:`stop`.
    """

    def __init__(self, cut: Cut, dtype: np.dtype[Any], *, scratch: Scratch) -> None:
        self.cut = cut
        self.dtype = dtype
        self._scratch = scratch
        self._stopped = threading.Event()
        present = [axis for axis in cut.axes if axis in SPACE]
        self._order = tuple(present.index(axis) for axis in "zyx" if axis in present)
        chunks = dict(zip(cut.axes, cut.form.chunk_shape, strict=True))
        self._chunk_zyx = tuple(chunks.get(axis, 1) for axis in "zyx")

    @cached_property
    def _array(self) -> ReadableArray:
        array = open_array(self.cut.root, self.cut.key, zarr_format=self.cut.zarr_format)
        array.require_form(self.cut.form)
        return array

    def stop(self) -> None:
        """Have reading stop at the next piece."""
        self._stopped.set()

    def planes(self) -> Iterator[Block]:
        """The voxels' bytes in C order, (z, y, x), some planes at a time."""
        depth, height, width = self.cut.shape_zyx
        plane_bytes = height * width * self.dtype.itemsize
        chunk = self._chunk_zyx[0]
        rows = max(chunk, BRICK_BYTES // plane_bytes // chunk * chunk)
        steps = list(cut_range(self.cut.voxels.start[2], depth, rows))
        most_bytes = max(stop - start for start, stop in steps) * plane_bytes
        if most_bytes > SLAB_BYTES:
            with self._scratch.memory(most_bytes) as memory:
                for start, stop in steps:
                    yield from self._through_file(memory, start, stop)
            return
        for start, stop in steps:
            yield memoryview(self.block((start, 0, 0), (stop, height, width))).cast("B")

    def block(self, start: Counts, stop: Counts) -> NDArray[Any]:
        """The voxels from ``start`` to before ``stop``, (z, y, x), counted from the cut's first."""
        block = np.empty(tuple(high - low for low, high in zip(start, stop, strict=True)), self.dtype)
        self._fill(block, start)
        return block

    def _through_file(self, memory: mmap.mmap, start: int, stop: int) -> Iterator[Block]:
        """Planes of chunks that are more than what may be in memory: they are put together in a file without a name, so
        that each chunk is still decoded once."""
        _, height, width = self.cut.shape_zyx
        shape = (stop - start, height, width)
        count = math.prod(shape)
        block = np.frombuffer(memory, self.dtype, count).reshape(shape)
        self._fill(block, (start, 0, 0), lambda: _release(memory))
        size_bytes = count * self.dtype.itemsize
        for low in range(0, size_bytes, BRICK_BYTES):
            yield memory[low : min(low + BRICK_BYTES, size_bytes)]
            _release(memory)

    def _fill(self, block: NDArray[Any], start: Counts, after_each: Callable[[], None] = lambda: None) -> None:
        """Read bricks of whole chunks, as far as they lie in ``block``."""
        z, y, x = (first + low for first, low in zip(self.cut.voxels.start[::-1], start, strict=True))
        depth, height, width = block.shape
        _, chunk_y, chunk_x = self._chunk_zyx
        line_bytes = depth * chunk_y * block.itemsize
        wide = max(chunk_x, BRICK_BYTES // line_bytes // chunk_x * chunk_x)
        high = max(chunk_y, BRICK_BYTES // (line_bytes * min(wide, width)) * chunk_y)
        for y0, y1 in cut_range(y, height, high):
            for x0, x1 in cut_range(x, width, wide):
                if self._stopped.is_set():
                    raise ReadingStopped
                along = {"z": slice(z, z + depth), "y": slice(y + y0, y + y1), "x": slice(x + x0, x + x1)}
                block[:, y0:y1, x0:x1] = self._brick(along)
                after_each()

    def _brick(self, along: dict[str, slice]) -> NDArray[Any]:
        cut = self.cut
        selection = tuple(along[axis] if axis in SPACE else cut.places.get(axis, 0) for axis in cut.axes)
        return self._array[selection].transpose(self._order)


def _release(memory: mmap.mmap) -> None:
    """Have the pages count as the file's, and no longer as this process's memory."""
    memory.madvise(mmap.MADV_DONTNEED)


def cut_range(origin: int, length: int, step: int) -> Iterator[tuple[int, int]]:
    """From 0 to ``length`` in steps that end where ``origin`` plus the place is a multiple of ``step``."""
    start = 0
    while start < length:
        stop = min(length, (origin + start) // step * step + step - origin)
        yield start, stop
        start = stop
