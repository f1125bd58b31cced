"""Planes through a volume, at any angle: where their pixels lie, and the values there. Positions are nm, (x, y, z)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Vector = tuple[float, float, float]

SLICE_AXES = {"xy": ("x", "y"), "xz": ("x", "z"), "yz": ("z", "y")}
"""The slices across the space axes, as the viewer's panels show them: the axes that run to the right and down."""


@dataclass(frozen=True)
class Plane:
    """``width`` × ``height`` square pixels around ``centre_nm``; ``right`` and ``down`` are unit vectors."""

    centre_nm: Vector
    nm_per_pixel: float
    width: int
    height: int
    right: Vector = (1.0, 0.0, 0.0)
    down: Vector = (0.0, 1.0, 0.0)

    def positions_nm(self) -> NDArray[np.float64]:
        """The centre of each pixel: (height, width, 3), the last axis x, y, z."""
        across = (np.arange(self.width) - (self.width - 1) / 2) * self.nm_per_pixel
        downwards = (np.arange(self.height) - (self.height - 1) / 2) * self.nm_per_pixel
        steps_across: NDArray[np.float64] = across[None, :, None] * np.array(self.right)
        steps_down: NDArray[np.float64] = downwards[:, None, None] * np.array(self.down)
        return np.array(self.centre_nm) + steps_across + steps_down


def middle_slice(
    name: str, low_nm: Mapping[str, float], high_nm: Mapping[str, float], *, nm_per_pixel: float
) -> Plane | None:
    """The whole slice ``name`` ("xy", "xz", "yz") through the middle of a box; None where it lacks one of the axes.

    The longer side has as many pixels as fit, the shorter one at least one. Axes the box lacks are 0.
    """
    right, down = SLICE_AXES[name]
    if not {right, down} <= low_nm.keys():
        return None
    size = {axis: high_nm[axis] - low_nm[axis] for axis in (right, down)}
    return Plane(
        centre_nm=middle_of(low_nm, high_nm),
        nm_per_pixel=nm_per_pixel,
        width=max(1, round(size[right] / nm_per_pixel)),
        height=max(1, round(size[down] / nm_per_pixel)),
        right=_unit(right),
        down=_unit(down),
    )


def middle_of(low_nm: Mapping[str, float], high_nm: Mapping[str, float]) -> Vector:
    """The middle of a box, (x, y, z); 0 along axes it lacks."""
    x, y, z = ((low_nm.get(axis, 0.0) + high_nm.get(axis, 0.0)) / 2 for axis in "xyz")
    return (x, y, z)


def _unit(axis: str) -> Vector:
    return (float(axis == "x"), float(axis == "y"), float(axis == "z"))


def turn(vector: Sequence[float], quaternion: Sequence[float]) -> Vector:
    """``vector`` turned by a quaternion (x, y, z, w), which need not have length 1."""
    x, y, z, w = np.asarray(quaternion, dtype=float) / np.linalg.norm(quaternion)
    axis = np.array([x, y, z])
    twice = 2 * np.cross(axis, vector)
    turned = np.asarray(vector) + w * twice + np.cross(axis, twice)
    return (float(turned[0]), float(turned[1]), float(turned[2]))


def sample_nearest(block: NDArray[np.generic], coordinates: NDArray[np.float64]) -> NDArray[np.generic]:
    """The voxel that each coordinate lies in; 0 outside.

    Args:
        block: an array of n axes.
        coordinates: (…, n), in voxels of the block, in its axis order; whole numbers are centres.
    """
    index = np.floor(coordinates + 0.5).astype(np.int64)
    inside = np.all((index >= 0) & (index < block.shape), axis=-1)
    clipped = np.clip(index, 0, np.array(block.shape) - 1)
    values = block[tuple(np.moveaxis(clipped, -1, 0))]
    return np.where(inside, values, np.zeros((), block.dtype))


def sample_linear(block: NDArray[np.generic], coordinates: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values between voxel centres by linear interpolation along each axis; 0 outside the voxels' edges.

    Arguments as for :func:`sample_nearest`. Between the outermost centres and the edges the outermost value holds.
    """
    inside = np.ones(coordinates.shape[:-1], dtype=bool)
    first = np.zeros(coordinates.shape[:-1], dtype=np.int64)  # flat index of the corner nearest to the origin
    weights: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    steps: list[int] = []
    for axis, size in enumerate(block.shape):
        at = coordinates[..., axis]
        inside &= (at >= -0.5) & (at < size - 0.5)
        held = np.clip(at, 0, size - 1)
        low = np.minimum(held.astype(np.int64), max(size - 2, 0))
        stride = math.prod(block.shape[axis + 1 :])
        first += low * stride
        steps.append(stride if size > 1 else 0)
        upper = (held - low).astype(np.float32)
        weights.append((1 - upper, upper))
    flat = np.ravel(block)
    total = np.zeros(first.shape, dtype=np.float32)
    for corner in np.ndindex(*(2,) * block.ndim):
        part = flat[first + sum(step for step, one in zip(steps, corner, strict=True) if one)].astype(np.float32)
        for axis, one in enumerate(corner):
            part *= weights[axis][one]
        total += part
    return np.where(inside, total, np.float32(0))
