"""Planes through a volume, at any angle, and where their pixels lie. Positions are nm, (x, y, z)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from datasets.volumes.errors import CisternaError

type Vector = tuple[float, float, float]

SLICE_AXES = {"xy": ("x", "y"), "xz": ("x", "z"), "yz": ("z", "y")}
"""The slices across the space axes, as the viewer's panels show them: the axes that run to the right and down."""

PARALLEL = 1e-9
"""Two directions whose angle has a sine below this count as parallel."""

NEAR = 1e-6
"""A pixel that lies this close to a voxel's centre, in voxels, lies on it."""


class PlaneInvalid(CisternaError):
    """The numbers describe no plane."""

    slug = "plane-invalid"
    status = 422
    title = "Not a plane"


@dataclass(frozen=True)
class Plane:
    """``width`` × ``height`` square pixels around ``centre_nm``; ``right`` and ``down`` are unit vectors."""

    centre_nm: Vector
    nm_per_pixel: float
    width: int
    height: int
    right: Vector = (1.0, 0.0, 0.0)
    down: Vector = (0.0, 1.0, 0.0)

    def pixels(self, scale_nm: Mapping[str, float], translation_nm: Mapping[str, float]) -> "PixelGrid":
        """Where the pixels lie in an array (z, y, x) with such voxels; along an axis that it lacks, at 0.

        Args:
            scale_nm: the voxel's size by axis.
            translation_nm: where the centre of voxel 0 lies, by axis.
        """
        first, across, down = list[float](), list[float](), list[float]()
        for axis in "zyx":
            if axis not in scale_nm:
                numbers = (0.0, 0.0, 0.0)
            else:
                number, size = "xyz".index(axis), scale_nm[axis]
                right, below = (direction[number] * self.nm_per_pixel for direction in (self.right, self.down))
                start = self.centre_nm[number] - right * (self.width - 1) / 2 - below * (self.height - 1) / 2
                numbers = ((start - translation_nm[axis]) / size, right / size, below / size)
            for column, value in zip((first, across, down), numbers, strict=True):
                column.append(value)
        return PixelGrid(_vector(first), _vector(across), _vector(down), self.width, self.height)


def facing(
    normal: Sequence[float],
    up: Sequence[float] | None,
    *,
    centre_nm: Vector,
    nm_per_pixel: float,
    width: int,
    height: int,
) -> Plane:
    """The plane across ``normal``, which points at whoever looks; ``up`` is the direction that is up in the picture.

    Neither needs to have length 1, nor ``up`` to lie in the plane. Without ``up`` it is (0, -1, 0), or (0, 0, -1) where
    that is parallel to the normal; with the normal (0, 0, 1) x then runs to the right and y down, as in the viewer.

    Raises:
        PlaneInvalid: a direction has no length or is not finite, or the two are parallel.
    """
    towards = _direction(normal, "normal")
    wanted = _direction(up, "up") if up is not None else np.array([0.0, -1.0, 0.0])
    right = np.cross(towards, wanted)
    if up is None and np.linalg.norm(right) < PARALLEL:
        right = np.cross(towards, [0.0, 0.0, -1.0])
    if np.linalg.norm(right) < PARALLEL:
        raise PlaneInvalid("normal and up are parallel", where="up", fix="Give an up that is not along the normal")
    right /= np.linalg.norm(right)
    down = np.cross(towards, right)
    # Whole directions stay whole: a plane along the axes is exactly that.
    return Plane(centre_nm, nm_per_pixel, width, height, _vector(right + 0.0), _vector(down + 0.0))


def _direction(numbers: Sequence[float], name: str) -> NDArray[np.float64]:
    """A direction of length 1, of numbers however large or small."""
    direction = np.array(numbers, dtype=np.float64)
    if not np.all(np.isfinite(direction)) or not direction.any():
        raise PlaneInvalid(
            f"{','.join(f'{number:g}' for number in numbers)} is no direction",
            where=name,
            fix="Give three finite numbers that are not all 0",
        )
    direction /= np.abs(direction).max()
    unit: NDArray[np.float64] = direction / np.linalg.norm(direction)
    return unit


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
        right=axis_direction(right),
        down=axis_direction(down),
    )


def middle_of(low_nm: Mapping[str, float], high_nm: Mapping[str, float]) -> Vector:
    """The middle of a box, (x, y, z); 0 along axes it lacks."""
    x, y, z = ((low_nm.get(axis, 0.0) + high_nm.get(axis, 0.0)) / 2 for axis in "xyz")
    return (x, y, z)


def axis_direction(axis: str) -> Vector:
    """The direction of a space axis, of length 1."""
    return (float(axis == "x"), float(axis == "y"), float(axis == "z"))


def turn(vector: Sequence[float], quaternion: Sequence[float]) -> Vector:
    """``vector`` turned by a quaternion (x, y, z, w), which need not have length 1."""
    x, y, z, w = np.asarray(quaternion, dtype=float) / np.linalg.norm(quaternion)
    axis = np.array([x, y, z])
    twice = 2 * np.cross(axis, vector)
    turned = np.asarray(vector) + w * twice + np.cross(axis, twice)
    return (float(turned[0]), float(turned[1]), float(turned[2]))


@dataclass(frozen=True)
class PixelGrid:
    """Where ``width`` × ``height`` pixels lie in an array, in voxels (z, y, x); whole numbers are voxel centres.

    ``first`` is the pixel at the top left, ``across`` leads from one to that on its right, ``down`` to that below. Of a
    part of a picture, ``first`` is that of the whole, and ``top`` and ``left`` say which row and column it begins with:
    so a pixel lies at the very same place, to the last bit, whichever part it is in.
    """

    first: Vector
    across: Vector
    down: Vector
    width: int
    height: int
    top: int = 0
    left: int = 0

    def part(self, rows: slice, columns: slice) -> "PixelGrid":
        """The pixels of a part of the picture; the slices have both ends and no step."""
        return replace(
            self,
            top=self.top + rows.start,
            left=self.left + columns.start,
            width=columns.stop - columns.start,
            height=rows.stop - rows.start,
        )

    def bounds(self) -> tuple[Vector, Vector]:
        """The lowest and the highest coordinate along each axis."""
        corners = np.array(
            [
                _along(_along(self.first, self.across, column), self.down, row)
                for column in (self.left, self.left + self.width - 1)
                for row in (self.top, self.top + self.height - 1)
            ]
        )
        return _vector(corners.min(axis=0)), _vector(corners.max(axis=0))

    @property
    def on_voxels(self) -> "PixelGrid | None":
        """The same with whole numbers, where every pixel lies on a voxel's centre; else None."""
        steps = max(self.left + self.width, self.top + self.height)
        numbers = np.array([self.first, self.across, self.down])
        whole = np.rint(numbers)
        off = np.abs(numbers - whole)
        if np.any(off[0] > NEAR) or np.any(off[1:] * steps > NEAR):
            return None
        first, across, down = whole
        return replace(self, first=_vector(first), across=_vector(across), down=_vector(down))


def _along(start: Vector, step: Vector, times: int) -> Vector:
    z, y, x = (at + times * by for at, by in zip(start, step, strict=True))
    return (z, y, x)


def _vector(numbers: Sequence[float] | NDArray[np.float64]) -> Vector:
    first, second, third = (float(number) for number in numbers)
    return (first, second, third)
