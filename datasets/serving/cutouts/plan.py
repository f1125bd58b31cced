"""What a cutout holds and how large it is, from the catalogue alone: no data is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from datasets.catalogue.filenames import stem_of
from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.queries.datasets import NotFound, find_volume_here
from datasets.catalogue.queries.places import elements_on, form_of_level, place_of_level
from datasets.storage.arrays import ArrayForm
from datasets.storage.roots import Root
from datasets.volumes.axes import AxisUnknown
from datasets.volumes.boxes import Box, BoxOutside, Counts, Triple, VoxelBox, VoxelGrid
from datasets.volumes.errors import CisternaError

SPACE = frozenset("xyz")
READ_FACTOR = 8
"""So many times what may be cut out may be read for it: chunks are read whole, however thin the box is."""
_TYPES = {"c": "channel", "t": "time"}


class CutoutTooLarge(CisternaError):
    """A cutout has more voxels than the operator allows."""

    slug = "cutout-too-large"
    status = 413
    title = "The cutout is too large"

    def __init__(self, what: str, *, where: str, fix: str, size_bytes: int, limit_bytes: int, nearest: str | None):
        super().__init__(what, where=where, fix=fix)
        self._more = {"size_bytes": size_bytes, "limit_bytes": limit_bytes, "nearest_level": nearest}

    def problem(self) -> dict[str, Any]:
        return super().problem() | self._more


class FormatUnfit(CisternaError):
    """A format cannot hold what would be cut out."""

    slug = "format-unfit"
    status = 422
    title = "The format cannot hold this"


@dataclass(frozen=True)
class Asked:
    """What is asked for: a box in nm, or in voxels of a level; ``level`` is a level's path, None the finest.

    ``places`` has the index along the axes "c" and "t", where one is given, as the finest level counts.
    """

    box: Box
    in_voxels: bool = False
    level: str | None = None
    places: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Cut:
    """The voxels of one level that are cut out, and where they are.

    Args:
        stem: of the file's name.
        title: of the volume, for people.
        axes: of the stored array, in stored order.
        places: the index along axes other than x, y and z, by name; 0 where not given.
        form: of the stored array.
        first_nm: the centre of the first voxel, (x, y, z).
    """

    stem: str
    title: str
    is_labels: bool
    root: Root
    key: str
    zarr_format: int
    axes: tuple[str, ...]
    places: Mapping[str, int]
    form: ArrayForm
    voxels: VoxelBox
    voxel_nm: Triple
    first_nm: Triple

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its voxels, as they are stored."""
        return np.dtype(self.form.dtype)

    @property
    def shape_zyx(self) -> Counts:
        return self.voxels.shape_zyx

    @property
    def size_bytes(self) -> int:
        """Of its voxels, as they are stored when unpacked."""
        return self.voxels.voxel_count * self.dtype.itemsize


class Plan:
    """A box of a volume, on each of its levels.

    Raises:
        NotFound: the version has no such volume, or the volume no such level.
        AxisUnknown: it has no axis x or y, or a place is asked for along one that it has not.
        BoxOutside: a place along c or t is behind the end.
    """

    def __init__(self, version: DatasetVersion, path: str, asked: Asked) -> None:
        self._version = version
        self._volume = volume = find_volume_here(version, path)
        if not volume.levels:
            raise NotFound(f"{path} has not been inspected yet", where=path, fix="Wait until the draft is inspected")
        if not {"x", "y"} <= set(volume.axes):
            raise AxisUnknown(
                f"{path} has the axes {', '.join(volume.axes)}, and a box is in x, y and z",
                where=path,
                fix="Read the array itself: see the layer's page",
            )
        self._level = self._find_level(asked.level)
        self._elements = self._find_elements(asked.places or {})
        self._places = self._find_places()
        self._asked = asked

    @cached_property
    def _box_nm(self) -> Box:
        box = self._asked.box
        return grid_of(self._volume, self._level).in_nm(box) if self._asked.in_voxels else box

    def voxels_on(self, level: dict[str, Any]) -> VoxelBox:
        """The box on one level."""
        grid = grid_of(self._volume, level)
        if self._asked.in_voxels and level is self._level:
            return grid.voxels_between(self._asked.box)
        return grid.voxels_in(self._box_nm)

    def sizes_bytes(self) -> dict[str, int]:
        """What the box holds on each level, by the level's path: bytes of voxels."""
        itemsize = np.dtype(self._volume.dtype).itemsize
        return {level["path"]: self.voxels_on(level).voxel_count * itemsize for level in self._volume.levels}

    @property
    def edges_nm(self) -> Box:
        """The space that the voxels cover."""
        return grid_of(self._volume, self._level).edges_nm(self.voxels_on(self._level))

    @property
    def level(self) -> str:
        return str(self._level["path"])

    def cut(self, *, limit_bytes: int) -> Cut:
        """What is to be read.

        Raises:
            BoxOutside: it holds no voxel.
            CutoutTooLarge: it holds more than ``limit_bytes`` of voxels, or too much would be read for it.
            RootUnknown: the data lie in a root that is not configured any more.
        """
        volume, level = self._volume, self._level
        voxels, grid = self.voxels_on(level), grid_of(volume, level)
        if not voxels.voxel_count:
            raise BoxOutside(
                f"Level {level['path']} of {volume.path} has no voxel with its centre in the box",
                where="bbox",
                fix=f"The level covers {_named(grid)}",
            )
        self._require_within(limit_bytes)
        root, key = place_of_level(self._version, volume, level)
        return Cut(
            stem=self._stem(voxels),
            title=volume.title,
            is_labels=volume.kind in LABEL_KINDS,
            root=root,
            key=key,
            zarr_format=volume.zarr_format,
            axes=tuple(volume.axes),
            places=self._places,
            form=form_of_level(volume, level),
            voxels=voxels,
            voxel_nm=grid.scale_nm,
            first_nm=grid.centre_nm(voxels.start),
        )

    def _require_within(self, limit_bytes: int) -> None:
        sizes, most_read_bytes = self.sizes_bytes(), READ_FACTOR * limit_bytes
        size_bytes, read_bytes = sizes[self.level], self._read_bytes(self._level)
        if size_bytes <= limit_bytes and read_bytes <= most_read_bytes:
            return
        nearest = next(
            (
                level["path"]
                for level in self._volume.levels
                if 0 < sizes[level["path"]] <= limit_bytes
                and self._read_bytes(level) <= most_read_bytes
                and elements_on(self._volume, level, self._elements) is not None
            ),
            None,
        )
        if size_bytes > limit_bytes:
            what = (
                f"The box holds {size_bytes:,} bytes of voxels on level {self.level}, and at most {limit_bytes:,} are "
                "cut out at once"
            )
        else:
            what = (
                f"The box meets chunks of {read_bytes:,} bytes on level {self.level}, and at most {most_read_bytes:,} "
                "are read for one cutout: it is thin, and chunks are read whole"
            )
        raise CutoutTooLarge(
            what,
            where=self._volume.path,
            fix=f"Take level {nearest}, or a smaller box" if nearest else "Take a smaller box",
            size_bytes=size_bytes,
            limit_bytes=limit_bytes,
            nearest=nearest,
        )

    def _read_bytes(self, level: dict[str, Any]) -> int:
        """Of the chunks that the box meets, unpacked."""
        along = self.voxels_on(level).along
        read_bytes = np.dtype(self._volume.dtype).itemsize
        for axis, chunk in zip(self._volume.axes, level["chunk_shape"], strict=True):
            taken = along[axis] if axis in SPACE else slice(0, 1)
            read_bytes *= max(0, -(-taken.stop // chunk) - taken.start // chunk) * chunk
        return int(read_bytes)

    def _stem(self, voxels: VoxelBox) -> str:
        return stem_of(self._version, self._volume.path, self.level, *map(str, voxels.start))

    def _find_level(self, path: str | None) -> dict[str, Any]:
        levels: list[dict[str, Any]] = self._volume.levels
        if path is None:
            return levels[0]
        for level in levels:
            if level["path"] == path:
                return level
        raise NotFound(
            f"{self._volume.path} has no level {path[:100]!r}",
            where="level",
            fix=f"Its levels are {', '.join(level['path'] for level in levels)}",
        )

    def _find_places(self) -> dict[str, int]:
        """What is read of the level along axes other than x, y and z, by name; not given, the first."""
        volume, level = self._volume, self._level
        places = elements_on(volume, level, self._elements)
        if places is None:
            asked = " and ".join(f"{axis} {element}" for axis, element in self._elements.items())
            raise BoxOutside(
                f"Level {level['path']} of {volume.path} ends before {asked}",
                where=", ".join(self._elements),
                fix="Take a finer level",
            )
        return places

    def _find_elements(self, asked: Mapping[str, int]) -> dict[str, int]:
        """The place along axes other than x, y and z, by the axis's name, as the finest level counts."""
        volume, found = self._volume, {}
        types = volume.axis_types or [None] * len(volume.axes)
        sizes = dict(zip(volume.axes, volume.levels[0]["shape"], strict=True))
        for name, place in asked.items():
            axis = next(
                (
                    axis
                    for axis, kind in zip(volume.axes, types, strict=True)
                    if axis not in SPACE and (axis == name or kind == _TYPES[name])
                ),
                None,
            )
            if axis is None:
                if place == 0:
                    continue
                raise AxisUnknown(
                    f"{volume.path} has no {_TYPES[name]} axis",
                    where=name,
                    fix=f"Its axes are {', '.join(volume.axes)}",
                )
            if place >= sizes[axis]:
                raise BoxOutside(
                    f"{volume.path} has {sizes[axis]} along {axis}, and {place} is asked for",
                    where=name,
                    fix=f"Give a number from 0 to {sizes[axis] - 1}",
                )
            found[axis] = place
        return found


def grid_of(volume: Volume, level: dict[str, Any]) -> VoxelGrid:
    """Where the voxels of a level lie."""
    sizes = dict(zip(volume.axes, level["shape"], strict=True))
    scales, shifts = level["scale_nm"], level["translation_nm"]
    x, y, z = (sizes.get(axis, 1) for axis in "xyz")
    scale_x, scale_y, scale_z = (float(scales.get(axis, 1)) for axis in "xyz")
    shift_x, shift_y, shift_z = (float(shifts.get(axis, 0)) for axis in "xyz")
    has_x, has_y, has_z = (axis in sizes for axis in "xyz")
    return VoxelGrid((x, y, z), (scale_x, scale_y, scale_z), (shift_x, shift_y, shift_z), (has_x, has_y, has_z))


def _named(grid: VoxelGrid) -> str:
    edges = grid.edges_nm(VoxelBox((0, 0, 0), grid.size))
    sides = zip("xyz", edges.low, edges.high, grid.size, strict=True)
    return ", ".join(f"{axis} {low:.10g} to {high:.10g} nm ({size} voxels)" for axis, low, high, size in sides)
