"""Objects in a label image: where one lies."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.volumes.grids import ChunkGrid, Index

type ReadBlock = Callable[[tuple[slice, ...]], NDArray[Any]]


def can_hold(dtype: str, label: int) -> bool:
    """Whether an array of ``dtype`` can have ``label`` in it: an integer type that reaches so far."""
    kind = np.dtype(dtype)
    return kind.kind in "iu" and int(np.iinfo(kind).min) <= label <= int(np.iinfo(kind).max)


def find_label(grid: ChunkGrid, read: ReadBlock, label: int) -> Index | None:
    """The voxel of an object that is nearest to its centroid: always inside it, even where the centroid is not.

    Holds one chunk at a time. Every chunk is read once; those with a part of the object that could be nearest, twice.

    Args:
        grid: of the array; shapes in stored axis order.
        read: the voxels of a box, as the array has them.
        label: within the range of the array's type (:func:`can_hold`).

    Returns:
        A voxel index in stored axis order, or ``None`` when no voxel has the label.
    """
    holding: list[Index] = []
    count, total = 0, np.zeros(len(grid.shape))
    for index in grid:
        box = grid.slices(index)
        voxels = _voxels_of(read(box), label, box)
        if len(voxels):
            holding.append(index)
            count += len(voxels)
            total += voxels.sum(axis=0)
    if not count:
        return None
    centroid = total / count
    nearest, least = None, math.inf
    for distance, index in sorted((_squared_distance(grid.slices(index), centroid), index) for index in holding):
        if distance >= least:
            break
        box = grid.slices(index)
        voxels = _voxels_of(read(box), label, box)
        distances = ((voxels - centroid) ** 2).sum(axis=1)
        best = int(distances.argmin())
        if distances[best] < least:
            nearest, least = tuple(int(at) for at in voxels[best]), float(distances[best])
    return nearest


def _voxels_of(block: NDArray[Any], label: int, box: Sequence[slice]) -> NDArray[np.int64]:
    """Indices in the whole array, (n, axes), of the voxels of ``block`` that have the label."""
    # The label in the array's own type: a comparison through float64 would take neighbours above 2**53 for equal.
    found = np.argwhere(block == np.asarray(label, dtype=block.dtype))
    return found.astype(np.int64) + np.array([side.start for side in box], dtype=np.int64)


def _squared_distance(box: Sequence[slice], point: NDArray[np.float64]) -> float:
    """From ``point`` to the nearest voxel centre of ``box``."""
    low = np.array([side.start for side in box], dtype=float)
    high = np.array([side.stop - 1 for side in box], dtype=float)
    return float(((np.clip(point, low, high) - point) ** 2).sum())
