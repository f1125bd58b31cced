"""Values along a plane through an array: linear between voxels for images, the nearest voxel for labels.

An array is given as those of its chunks that are needed. Arrays are (z, y, x); an image without z has one plane. Voxel
``i`` covers ``[i - ½, i + ½)``; outside the voxels everything is 0; between the outermost centres and the edges the
outermost value holds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from datasets.volumes.compiled import load_kernels
from datasets.volumes.grids import ChunkGrid, Index
from datasets.volumes.planes import PixelGrid

SAMPLED_KINDS = "biuf"
"""The kinds of NumPy types that can be sampled."""


@dataclass(frozen=True)
class DecodedChunks:
    """Chunks of an array in memory, by their index. One that is None is all zeros.

    Each is C-contiguous, in the machine's byte order, clipped at the array's edge, of one type of ``SAMPLED_KINDS``
    but float16 and bool (see :func:`as_sampled`).
    """

    grid: ChunkGrid
    dtype: np.dtype[np.generic]
    parts: Mapping[Index, NDArray[np.generic] | None]


def as_sampled(voxels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Voxels of any of ``SAMPLED_KINDS`` as they are sampled: contiguous, native, bool as uint8, float16 as float32."""
    return np.ascontiguousarray(voxels, dtype=sampled_type(voxels.dtype))


def sampled_type(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The type as which voxels of ``dtype`` are sampled."""
    widened: dict[str, type[np.generic]] = {"bool": np.uint8, "float16": np.float32}
    return np.dtype(widened.get(dtype.name, native_type(dtype)))


def native_type(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """``dtype`` in the machine's byte order."""
    native: np.dtype[np.generic] = np.dtype(dtype.name)
    return native


def meeting_chunks(grid: ChunkGrid, pixels: PixelGrid, *, linear: bool) -> list[Index]:
    """The chunks of which :func:`sample_linear` or :func:`sample_nearest` needs a voxel, in C order."""
    bounds = _table_bounds(grid, pixels)
    if bounds is None:
        return []
    first, shape = bounds
    marks = np.zeros(shape, np.uint8)
    size = np.array([pixels.height, pixels.width])
    kernels().mark(np.array(first), *_geometry(grid, pixels), size, int(linear), marks)
    found: list[list[int]] = (np.argwhere(marks) + first).tolist()
    return [(z, y, x) for z, y, x in found]


def table_size(grid: ChunkGrid, pixels: PixelGrid) -> int:
    """How many chunks the box around the pixels holds: memory and time of looking grow with it."""
    bounds = _table_bounds(grid, pixels)
    return math.prod(bounds[1]) if bounds else 0


def sample_nearest(chunks: DecodedChunks, pixels: PixelGrid) -> NDArray[np.generic]:
    """The voxel that each pixel lies in; 0 outside. (height, width), of the chunks' type."""
    bits = np.dtype(f"u{chunks.dtype.itemsize}")  # voxels are only copied: one loop for all types of a size
    picture = np.zeros((pixels.height, pixels.width), bits)
    if (table := _table(chunks, pixels)) is not None:
        kernels().nearest(*table, *_geometry(chunks.grid, pixels), picture)
    return picture.view(chunks.dtype)


def sample_linear(chunks: DecodedChunks, pixels: PixelGrid) -> NDArray[np.float32]:
    """Values between voxel centres by linear interpolation along each axis; 0 outside. float32 (height, width)."""
    picture = np.zeros((pixels.height, pixels.width), np.float32)
    if (table := _table(chunks, pixels)) is not None:
        like = np.zeros((1, 1, 1), chunks.dtype)
        kernels().linear(*table, *_geometry(chunks.grid, pixels), like, picture)
    return picture


def kernels() -> ModuleType:
    """The compiled loops."""
    return load_kernels("sampling_kernels")


def _geometry(grid: ChunkGrid, pixels: PixelGrid) -> tuple[NDArray[np.int64] | NDArray[np.float64], ...]:
    whole = (np.array(sizes, np.int64) for sizes in (grid.chunk_shape, grid.shape))
    vectors = (np.array(vector, np.float64) for vector in (pixels.first, pixels.across, pixels.down))
    return (*whole, *vectors, np.array([pixels.top, pixels.left], np.int64))


def _table_bounds(grid: ChunkGrid, pixels: PixelGrid) -> tuple[Index, Index] | None:
    """First index and shape of the box of chunks around the pixels; None where no pixel can lie in the array."""
    first, shape = [], []
    for low, high, size, chunk in zip(*pixels.bounds(), grid.shape, grid.chunk_shape, strict=True):
        if not (high >= -0.5 and low < size - 0.5):
            return None
        # Half a voxel more on both sides: nearest rounds, linear needs the next voxel even with no weight at all.
        start = int(min(max(np.floor(low - 0.5), 0), max(size - 2, 0))) // chunk
        stop = int(min(max(np.floor(high + 0.5) + 1, 0), size - 1)) // chunk + 1
        first.append(start)
        shape.append(stop - start)
    return tuple(first), tuple(shape)


def _table(chunks: DecodedChunks, pixels: PixelGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Addresses of the chunks, and the index of the first."""
    bounds = _table_bounds(chunks.grid, pixels)
    if bounds is None:
        return None
    first, shape = bounds
    table = np.zeros(shape, np.int64)
    for (z, y, x), voxels in chunks.parts.items():
        i, j, k = z - first[0], y - first[1], x - first[2]
        if voxels is not None and 0 <= i < shape[0] and 0 <= j < shape[1] and 0 <= k < shape[2]:
            _require_shape(chunks, (z, y, x), voxels)
            table[i, j, k] = voxels.__array_interface__["data"][0]
    return table, np.array(first)


def _require_shape(chunks: DecodedChunks, index: Index, voxels: NDArray[np.generic]) -> None:
    """That a chunk is what the compiled loops, which do not look, take it for."""
    grid = chunks.grid
    sizes = zip(index, grid.chunk_shape, grid.shape, strict=True)
    expected = tuple([min(chunk, size - at * chunk) for at, chunk, size in sizes])
    if voxels.shape != expected or voxels.dtype != chunks.dtype or not voxels.flags.c_contiguous:
        raise ValueError(f"chunk {index} is {voxels.dtype} {voxels.shape}, not {chunks.dtype} {expected}")
