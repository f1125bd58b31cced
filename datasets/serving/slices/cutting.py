"""Cutting a plane out of a volume: at which level, and the values there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.queries.places import elements_on, form_of_level, place_of_level
from datasets.catalogue.slices import shortest_nm
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
class LevelPlan:
    """At which of its levels a volume is cut, and how that is read."""

    level: dict[str, Any]
    plan: PlanePlan


type Levels = Mapping[str, LevelPlan]
"""By the path of a volume."""

type Elements = Mapping[str, int]
"""The index along axes other than x, y and z, by name, as the finest level counts; 0 where not given."""


def cut(
    version: DatasetVersion,
    volume: Volume,
    plane: Plane,
    elements: Elements | None = None,
    levels: Levels | None = None,
) -> NDArray[np.generic]:
    """The values of ``volume`` along ``plane``, (y, x): linear between voxels, of labels the nearest; 0 outside.

    They have the volume's type where each is one of its voxels (labels, and planes whose pixels lie on voxels), else
    float32.

    Args:
        levels: what :func:`choose_levels` chose for several cuts; else the level is chosen for this one alone.

    Raises:
        NotFound: the volume has no planes: nothing is known of its levels, or it lacks x or y.
        SliceTooLarge: even the coarsest level needs too many chunks.
        StorageError: the data cannot be read.
    """
    chosen = (levels or choose_levels(plane, [volume], {volume.path: elements or {}}))[volume.path]
    blocks = ArrayBlocks(_place(version, volume, chosen.level, elements or {}))
    values = read_plane(blocks, chosen.plan)
    return values if chosen.plan.is_linear else values.astype(native_type(blocks.dtype), copy=False)


def choose_levels(plane: Plane, cuts: Sequence[Volume], elements: Mapping[str, Elements]) -> Levels:
    """At which level each volume of a picture is cut, those named several times as often; nothing is read.

    It is the coarsest that still has a voxel for each pixel, or the finest there is. Where that would take too many
    chunks, of one cut or of all together, what takes most is cut at a coarser one.

    Args:
        elements: by the path of a volume, the last that is cut along each axis; levels that end before it are left out.

    Raises:
        NotFound, SliceTooLarge: as :func:`cut`.
    """
    times = Counter(volume.path for volume in cuts)
    plans = {volume.path: _plans(volume, plane, elements.get(volume.path, {})) for volume in cuts}
    chosen: dict[str, LevelPlan] = {}
    for path, of_volume in plans.items():
        chosen[path] = _next(of_volume, path)

    def share(path: str) -> float:
        return chosen[path].plan.share * times[path]

    while len(cuts) > 1 and sum(map(share, chosen)) > 1:
        most = max(chosen, key=share)
        chosen[most] = _next(plans[most], most)
    return chosen


def require_planes(volume: Volume) -> None:
    """That planes can be cut out of ``volume``.

    Raises:
        NotFound: they cannot.
    """
    if not volume.levels or not {"x", "y"} <= set(volume.axes) or np.dtype(volume.dtype).kind not in SAMPLED_KINDS:
        raise NotFound(f"{volume.path} has no slices", where=volume.path, fix="Name a volume with the axes x and y")


def _plans(volume: Volume, plane: Plane, elements: Elements) -> Iterator[LevelPlan]:
    """Those levels at which the plane can be cut, from the one that has a voxel for each pixel on."""
    require_planes(volume)
    reaching = [level for level in volume.levels if elements_on(volume, level, elements) is not None]
    fine = [index for index, level in enumerate(reaching) if shortest_nm(level) * ALIKE <= plane.nm_per_pixel]
    for level in reaching[fine[-1] if fine else 0 :]:
        if (plan := _plan(volume, level, plane)) is not None:
            yield LevelPlan(level, plan)


def _next(plans: Iterator[LevelPlan], path: str) -> LevelPlan:
    plan = next(plans, None)
    if plan is None:
        raise SliceTooLarge(
            f"No level of {path} is coarse enough for this picture: it meets too many chunks",
            where=path,
            fix="Ask for a smaller part of it: fewer pixels, a smaller resolution, or fewer overlays",
        )
    return plan


def _plan(volume: Volume, level: dict[str, Any], plane: Plane) -> PlanePlan | None:
    pixels = plane.pixels(level["scale_nm"], level["translation_nm"])
    exact = pixels.on_voxels
    grid = ChunkGrid(_in_space(volume, level["shape"]), _in_space(volume, level["chunk_shape"]))
    linear = volume.kind not in LABEL_KINDS and exact is None
    others = [size for axis, size in zip(volume.axes, level["chunk_shape"], strict=True) if axis not in "xyz"]
    voxel_bytes = np.dtype(volume.dtype).itemsize * math.prod(others)
    return plan_plane(grid, voxel_bytes, exact or pixels, linear=linear)


def _in_space(volume: Volume, sizes: list[int]) -> tuple[int, ...]:
    by_axis = dict(zip(volume.axes, sizes, strict=True))
    return tuple(by_axis.get(axis, 1) for axis in "zyx")


def _place(version: DatasetVersion, volume: Volume, level: dict[str, Any], elements: Elements) -> ArrayPlace:
    on_level = elements_on(volume, level, elements)
    assert on_level is not None, "levels are chosen by what they have"
    root, key = place_of_level(version, volume, level)
    return ArrayPlace(
        root,
        key,
        volume.zarr_format,
        tuple(volume.axes),
        form_of_level(volume, level),
        on_level,
        is_published=version.number is not None,
    )
