"""Where an object of a segmentation lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.datasets import NotFound, find_volume_here
from datasets.catalogue.queries.places import open_level
from datasets.volumes.errors import CisternaError
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.labels import can_hold, find_label


class SegmentAbsent(CisternaError):
    """No voxel of a segmentation has the label: its finest level was searched."""

    slug = "segment-absent"
    status = 404
    title = "No such segment"


class SegmentSearchTooLarge(CisternaError):
    """The label is on no level that is small enough to be searched."""

    slug = "segment-search-too-large"
    status = 413
    title = "The segment is too small to be found quickly"


@dataclass(frozen=True)
class Location:
    """A voxel of an object, the one nearest to its centroid on ``level``; ``position_nm`` is its centre (x, y, z)."""

    segment: int
    position_nm: tuple[float, float, float]
    level: str


def locate_segment(version: DatasetVersion, path: str, segment: int, *, max_voxels: int) -> Location:
    """Where the object ``segment`` of the volume at ``path`` lies.

    Searches the coarsest level first, then finer ones: small objects are not on coarse levels. Of axes other than x, y
    and z the first element is searched.

    Args:
        segment: its label, from 1 to 2**64 - 1.
        max_voxels: a level of more voxels is not searched.

    Raises:
        NotFound, DataExternal: there is no label image at ``path``.
        SegmentAbsent: no voxel has the label.
        SegmentSearchTooLarge: it is on no level of at most ``max_voxels``, and finer ones were not searched.
        StorageError: the data cannot be read.
    """
    volume = find_volume_here(version, path)
    if volume.kind not in {Kind.SEGMENTATION, Kind.MASK}:
        raise NotFound(f"{path} has no labels", where=path, fix="Name a segmentation")
    searched: list[str] = []
    levels = volume.levels[::-1] if can_hold(volume.dtype, segment) else []
    for level in levels:
        grid = _searched_grid(volume, level)
        voxels = math.prod(grid.shape)
        if voxels > max_voxels:
            raise SegmentSearchTooLarge(
                f"Segment {segment} is not on {_named(searched)}; level {level['path']} has {voxels:,} voxels, and at "
                f"most {max_voxels:,} are searched",
                where=path,
                fix="Search the data yourself, or ask the operator to raise CISTERNA_LOCATE_VOXELS",
            )
        array = open_level(version, volume, level)
        voxel = find_label(grid, partial(_read, array), segment)
        if voxel is not None:
            return Location(segment, _position_nm(volume, level, voxel), level["path"])
        searched.append(level["path"])
    raise SegmentAbsent(
        f"No voxel of {path} has the label {segment}"
        + (f": looked at {_named(searched)}" if searched else f"; its labels are {volume.dtype}"),
        where=path,
        fix="Check the number",
    )


def _read(array: Any, box: tuple[slice, ...]) -> NDArray[Any]:
    return np.asarray(array[box])


def _searched_grid(volume: Volume, level: dict[str, Any]) -> ChunkGrid:
    """The level's chunks, along axes other than x, y and z only the first element."""
    sides = zip(volume.axes, level["shape"], level["chunk_shape"], strict=True)
    kept = [(size, chunk) if axis in "xyz" else (1, 1) for axis, size, chunk in sides]
    return ChunkGrid(tuple(size for size, _ in kept), tuple(chunk for _, chunk in kept))


def _position_nm(volume: Volume, level: dict[str, Any], voxel: tuple[int, ...]) -> tuple[float, float, float]:
    at = dict(zip(volume.axes, voxel, strict=True))
    x, y, z = (
        level["translation_nm"][axis] + at[axis] * level["scale_nm"][axis] if axis in at else 0.0 for axis in "xyz"
    )
    return (x, y, z)


def _named(levels: list[str]) -> str:
    if not levels:
        return "any level that may be searched"
    return f"level {levels[0]}" if len(levels) == 1 else f"levels {', '.join(levels)}"
