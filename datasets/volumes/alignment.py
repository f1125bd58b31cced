"""How an image of labels lies on the image it belongs to: within it, and on its grid of voxels."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from datasets.volumes.multiscales import Level
from datasets.volumes.problems import Problem

# How far, in voxels of the finer grid, edges may lie apart that are meant to coincide: sizes are written in decimals.
_TOLERANCE_VOXELS: Final = 0.05


@dataclass(frozen=True)
class VoxelGrid:
    """A box of voxels in space: size of a voxel, lower and upper edge of the box, in nm by space axis."""

    voxel_nm: Mapping[str, float]
    low_nm: Mapping[str, float]
    high_nm: Mapping[str, float]

    @classmethod
    def of(cls, level: Level, shape: Sequence[int]) -> "VoxelGrid":
        """The grid of an array of ``shape`` (all axes, stored order). Raises LengthUnitUnknown."""
        bounds = level.bounds_nm(shape)
        return cls(
            voxel_nm=level.scale_nm,
            low_nm={axis: low for axis, (low, _) in bounds.items()},
            high_nm={axis: high for axis, (_, high) in bounds.items()},
        )

    def axes_with(self, other: "VoxelGrid") -> list[str]:
        """The space axes that both have."""
        return [axis for axis in self.voxel_nm if axis in other.voxel_nm]


def check_within(labels: VoxelGrid, image: VoxelGrid) -> Iterator[Problem]:
    """Labels that reach further than the image, by more than one voxel of the coarser of the two."""
    for axis in labels.axes_with(image):
        excess = max(image.low_nm[axis] - labels.low_nm[axis], labels.high_nm[axis] - image.high_nm[axis])
        if excess > max(labels.voxel_nm[axis], image.voxel_nm[axis]) * (1 + _TOLERANCE_VOXELS):
            message = (
                f"The labels reach from {labels.low_nm[axis]:g} to {labels.high_nm[axis]:g} nm along {axis}, "
                f"the image from {image.low_nm[axis]:g} to {image.high_nm[axis]:g} nm"
            )
            fix = "Correct scale and translation of whichever is wrong, or cut the labels to the image"
            yield Problem("labels-outside-image", "error", f"axis {axis}", message, fix, "publishing")


def check_same_grid(labels: VoxelGrid, image: VoxelGrid) -> Iterator[Problem]:
    """Labels whose voxels neither divide those of the image, nor are divided by them, edge upon edge."""
    for axis in labels.axes_with(image):
        fine, coarse = sorted((labels.voxel_nm[axis], image.voxel_nm[axis]))
        ratio = coarse / fine
        # Over the whole of the smaller box, a ratio that is nearly whole must not drift.
        count = min(labels.high_nm[axis] - labels.low_nm[axis], image.high_nm[axis] - image.low_nm[axis]) / coarse
        drift = abs(ratio - round(ratio)) * max(count, 1)
        shift = (labels.low_nm[axis] - image.low_nm[axis]) / fine
        if drift > max(_TOLERANCE_VOXELS, 1e-4 * ratio) or not _is_whole(shift):
            message = (
                f"Voxels of {labels.voxel_nm[axis]:g} nm that begin at {labels.low_nm[axis]:g} nm along {axis} "
                f"lie across those of the image, of {image.voxel_nm[axis]:g} nm from {image.low_nm[axis]:g} nm"
            )
            fix = "Nothing, if both are placed right; whoever compares them voxel by voxel resamples one of them"
            yield Problem("labels-on-other-grid", "warning", f"axis {axis}", message, fix, "publishing")


def _is_whole(number: float) -> bool:
    return math.isclose(number, round(number), rel_tol=1e-6, abs_tol=_TOLERANCE_VOXELS)
