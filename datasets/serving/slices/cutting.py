"""Cutting a plane out of a volume: at which level, and the values there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.queries.places import place_of_level
from datasets.storage.arrays import ArrayForm
from datasets.storage.blocks import ArrayBlocks, ArrayPlace
from datasets.storage.planes import PlanePlan, plan_plane, read_plane
from datasets.volumes.errors import CisternaError
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.planes import Plane
from datasets.volumes.sampling import SAMPLED_KINDS, native_type

ALIKE = 1 - 1e-6
"""A voxel this much smaller than a pixel still counts as large as it: sizes in nm are rounded."""


class SliceTooLarge(CisternaError):
    """A slice has more pixels, or meets more of the data, than the portal draws at once."""

    slug = "slice-too-large"
    status = 413
    title = "The slice is too large"


@dataclass(frozen=True)
class Cut:
    """The values of a plane, (y, x), and the path of the level they are from.

    They have the volume's type where each is one of its voxels (labels, and planes whose pixels lie on voxels), else
    float32.
    """

    values: NDArray[np.generic]
    level: str


def cut(version: DatasetVersion, volume: Volume, plane: Plane, elements: Mapping[str, int] | None = None) -> Cut:
    """The values of ``volume`` along ``plane``: linear between voxels, of labels the nearest; 0 outside.

    The level is the coarsest that still has a voxel for each pixel, or the finest there is; a coarser one where that
    would take too many chunks.

    Args:
        elements: the index along axes other than x, y and z, by name; 0 where not given.

    Raises:
        NotFound: the volume has no planes: nothing is known of its levels, or it lacks x or y.
        SliceTooLarge: even the coarsest level needs too many chunks.
        StorageError: the data cannot be read.
    """
    require_planes(volume)
    level, plan = _choose_level(volume, plane)
    blocks = ArrayBlocks(_place(version, volume, level, elements or {}))
    values = read_plane(blocks, plan)
    if not plan.is_linear:
        values = values.astype(native_type(blocks.dtype), copy=False)
    return Cut(values, level["path"])


def require_planes(volume: Volume) -> None:
    """That planes can be cut out of ``volume``.

    Raises:
        NotFound: they cannot.
    """
    if not volume.levels or not {"x", "y"} <= set(volume.axes) or np.dtype(volume.dtype).kind not in SAMPLED_KINDS:
        raise NotFound(f"{volume.path} has no slices", where=volume.path, fix="Name a volume with the axes x and y")


def _choose_level(volume: Volume, plane: Plane) -> tuple[dict[str, Any], PlanePlan]:
    sizes = [min(size for axis, size in level["scale_nm"].items() if axis in "xyz") for level in volume.levels]
    fine = [index for index, size in enumerate(sizes) if size * ALIKE <= plane.nm_per_pixel]
    for level in volume.levels[fine[-1] if fine else 0 :]:
        if (plan := _plan(volume, level, plane)) is not None:
            return level, plan
    raise SliceTooLarge(
        f"No level of {volume.path} is coarse enough for this plane: it meets too many chunks",
        where=volume.path,
        fix="Ask for a smaller part of it: fewer pixels, or a smaller resolution",
    )


def _plan(volume: Volume, level: dict[str, Any], plane: Plane) -> PlanePlan | None:
    pixels = plane.pixels(level["scale_nm"], level["translation_nm"])
    exact = pixels.on_voxels
    grid = ChunkGrid(_in_space(volume, level["shape"]), _in_space(volume, level["chunk_shape"]))
    linear = volume.kind not in LABEL_KINDS and exact is None
    return plan_plane(grid, np.dtype(volume.dtype).itemsize, exact or pixels, linear=linear)


def _in_space(volume: Volume, sizes: list[int]) -> tuple[int, ...]:
    by_axis = dict(zip(volume.axes, sizes, strict=True))
    return tuple(by_axis.get(axis, 1) for axis in "zyx")


def _place(version: DatasetVersion, volume: Volume, level: dict[str, Any], elements: Mapping[str, int]) -> ArrayPlace:
    root, key = place_of_level(version, volume, level)
    return ArrayPlace(
        root,
        key,
        volume.zarr_format,
        tuple(volume.axes),
        elements,
        is_published=version.number is not None,
        form=ArrayForm(tuple(level["shape"]), tuple(level["chunk_shape"]), volume.dtype),
    )


def finest_nm(volume: Volume) -> float:
    """The shortest side of the finest voxel, in nm."""
    return min((size for axis, size in volume.levels[0]["scale_nm"].items() if axis in "xyz"), default=math.inf)
