"""Half the resolution: mean for images, mode for labels.

Sizes round up, so no voxel is lost, and the last block of an odd axis averages (or counts) only the voxels that exist.
Both are had by repeating the last voxel: every real voxel of such a block then counts twice, which changes neither
their mean nor their most frequent label. Padding with a constant would pull the edges of odd volumes towards it.

A voxel of the result lies in the middle of its block: its translation is half a fine voxel further along each halved
axis.
"""

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from datasets.volumes.compiled import load_kernels


def mean_2x[T: np.number](array: npt.NDArray[T], axes: Sequence[int] | None = None) -> npt.NDArray[T]:
    """The mean of blocks of 2 along ``axes`` (all by default), in the array's own dtype; for images.

    Integers are rounded to the nearest, halves to the even one, which shifts no brightness over many levels; no sum
    overflows. In floats a NaN makes its block NaN. Shape: ``ceil(size / 2)`` along ``axes``.
    Raises TypeError for other dtypes.
    """
    voxels: list[npt.NDArray[Any]] = _block_voxels(array, axes)
    if array.dtype.kind == "f":
        # Each voxel is divided first: exact for a power of two, and large values cannot overflow their sum.
        parts = (voxel.astype(np.float64) / len(voxels) for voxel in voxels)
        return sum(parts, start=np.float64(0)).astype(array.dtype)
    if array.dtype.kind not in "iu":
        raise TypeError(f"the mean of {array.dtype} voxels is not defined; use mode_2x for labels and masks")

    # Quotients and remainders are summed apart, so the narrow dtype of the array is wide enough.
    shift = len(voxels).bit_length() - 1
    low_bits = np.array(len(voxels) - 1, array.dtype)
    quotient = np.zeros(voxels[0].shape, array.dtype)
    remainder = np.zeros(voxels[0].shape, np.uint16)
    for voxel in voxels:
        quotient += voxel >> shift
        remainder += (voxel & low_bits).astype(np.uint16)
    quotient += (remainder >> shift).astype(array.dtype)
    remainder &= np.uint16(len(voxels) - 1)
    half = len(voxels) / 2
    round_up = (remainder > half) | ((remainder == half) & (quotient & 1 == 1) & (shift > 0))
    quotient += round_up.astype(array.dtype)
    return quotient


def mode_2x[T: np.integer | np.bool_](labels: npt.NDArray[T], axes: Sequence[int] | None = None) -> npt.NDArray[T]:
    """The most frequent label of blocks of 2 along ``axes`` (all by default); for labels and masks.

    Of several equally frequent labels the one whose voxel comes first in C order wins: background has no advantage, so
    thin structures do not wear away, and the result depends on nothing but the block. Ids stay exact up to 64 bits.
    Shape: ``ceil(size / 2)`` along ``axes``. Raises TypeError for other dtypes.
    """
    if labels.dtype.kind not in "iub":
        raise TypeError(f"{labels.dtype} voxels are not labels")
    voxels = _block_voxels(labels, axes)
    result = voxels[0].copy()
    mixed = np.zeros(result.shape, bool)
    for voxel in voxels[1:]:
        mixed |= voxel != result
    # Most blocks hold one label; the counting is for the others.
    rows = [voxel[mixed] for voxel in voxels]
    if not len(rows[0]):
        return result
    best = rows[0].copy()
    best_count = np.zeros(best.shape, np.uint8)
    for row in rows:
        count = np.zeros(best.shape, np.uint8)
        for other in rows:
            count += row == other
        better = count > best_count
        best[better] = row[better]
        best_count[better] = count[better]
    result[mixed] = best
    return result


def _block_voxels[T: np.generic](array: npt.NDArray[T], axes: Sequence[int] | None) -> list[npt.NDArray[T]]:
    """The blocks' first voxels as one array, then their second ones and so on, in C order; odd edges are repeated."""
    halved = set(range(array.ndim)) if axes is None else {axis % array.ndim for axis in axes}
    odd = [(0, array.shape[axis] % 2 if axis in halved else 0) for axis in range(array.ndim)]
    even = np.pad(array, odd, mode="edge") if array.size and any(after for _, after in odd) else array
    places = [
        (slice(0, None, 2), slice(1, None, 2)) if axis in halved else (slice(None),) for axis in range(array.ndim)
    ]
    return [even[place] for place in itertools.product(*places)]


def coarsen(voxels: npt.NDArray[Any], method: Literal["mean", "mode"], axes: Sequence[int]) -> npt.NDArray[Any]:
    """:func:`mean_2x` or :func:`mode_2x`, the same to the bit, by compiled loops where they can: along the last three
    axes, of whole numbers and floats of 32 bits and more (means of whole numbers: up to 32)."""
    reference: Any = mean_2x if method == "mean" else mode_2x
    kind, size = voxels.dtype.kind, voxels.dtype.itemsize
    halved = {axis % voxels.ndim for axis in axes}
    fast = (kind in "iu" and (size <= 4 or method == "mode")) or (kind == "f" and size >= 4 and method == "mean")
    if not fast or not halved or min(halved) < voxels.ndim - 3 or not voxels.size:
        return np.asarray(reference(voxels, axes))
    kernels = load_kernels("downsampling_kernels")
    shape = tuple(-(-size // 2) if axis in halved else size for axis, size in enumerate(voxels.shape))
    native = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("="))
    out = np.empty(shape, native.dtype)
    factors = [2 if voxels.ndim - 3 + axis in halved else 1 for axis in range(3)]
    for part, result in zip(_as_blocks(native), _as_blocks(out), strict=True):
        if method == "mode":
            kernels.mode(part, result, *factors)
        elif kind == "f":
            kernels.mean_of_floats(part, result, *factors)
        else:
            total = np.empty(shape[-1], np.uint16 if native.dtype == np.uint8 else np.int64)
            kernels.mean_of_integers(part, result, total, *factors)
    return out.astype(voxels.dtype, copy=False)


def _as_blocks(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same as a row of (z, y, x) blocks, one for each element of further axes before these."""
    return array.reshape(-1, *(1,) * (3 - array.ndim), *array.shape[-3:])
