"""What the forms for cutouts have to know of a volume: its address, its levels, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, extent_nm
from datasets.catalogue.pages.parts import Choice
from datasets.catalogue.presentation import format_bytes, format_voxel
from datasets.catalogue.viewer_dimensions import ChannelLayer, channel_axis, time_dimension

_AXES = ("x", "y", "z")
_VOXELS_ACROSS = 256


@dataclass(frozen=True)
class Place:
    """An axis beside space of which one place is taken: the parameter's name, the axis in words, the last place."""

    parameter: str
    name: str
    last: int


@dataclass(frozen=True)
class CutoutForm:
    """The form on a layer's page, which needs no script: ``box`` is the middle of the volume, as the form has it."""

    url: str
    box: str
    voxels_across: int
    levels: tuple[Choice, ...]
    places: tuple[Place, ...]
    limit: str


def cutout_form(volume: Volume, version: DatasetVersion) -> CutoutForm | None:
    """The form that asks for a box of a volume; ``None`` where none can be asked for."""
    if not _has_boxes(volume):
        return None
    finest = volume.levels[0]
    sizes = dict(zip(volume.axes, finest["shape"], strict=True))
    low, _ = extent_nm(volume)
    edges: list[tuple[float, float]] = []
    for axis, side in zip(_AXES, _voxel_nm(finest["scale_nm"]), strict=True):
        count = min(sizes.get(axis, 1), _VOXELS_ACROSS)
        start = low.get(axis, -side / 2) + (sizes.get(axis, 1) - count) // 2 * side
        edges.append((start, start + count * side))
    axes = (("t", "Moment", time_dimension(volume)), ("c", "Channel", channel_axis(volume)))
    return CutoutForm(
        url=_url(volume, version),
        box=", ".join(f"{edge:.10g}" for ends in zip(*edges, strict=True) for edge in ends),
        voxels_across=_VOXELS_ACROSS,
        levels=tuple(
            Choice(level["path"], f"{format_voxel(level['scale_nm'])}: level {level['path']}")
            for level in volume.levels
        ),
        places=tuple(Place(name, words, axis.size - 1) for name, words, axis in axes if axis and axis.size > 1),
        limit=format_bytes(settings.CONFIG.cutout_bytes),
    )


def cutout_offer(volume: Volume, version: DatasetVersion, part: ChannelLayer) -> dict[str, Any] | None:
    """How the viewer asks for a box of a volume; ``None`` before it was inspected, or where it has no axes x and y.

    Lengths are nm in the order (x, y, z). A picture without depth counts as deep as its pixels are wide, around 0.
    """
    if not _has_boxes(volume):
        return None
    low, high = extent_nm(volume)
    voxels = [_voxel_nm(level["scale_nm"]) for level in volume.levels]
    half_nm = voxels[0][2] / 2
    time = time_dimension(volume)
    channels = None if volume.kind in LABEL_KINDS else channel_axis(volume)
    return {
        "url": _url(volume, version),
        "lowNm": [low.get(axis, -half_nm) for axis in _AXES],
        "highNm": [high.get(axis, half_nm) for axis in _AXES],
        "levels": [
            {"path": level["path"], "voxelNm": voxel} for level, voxel in zip(volume.levels, voxels, strict=True)
        ],
        "channel": part.index if channels is not None else None,
        "time": time.name if time is not None else None,
    }


def _has_boxes(volume: Volume) -> bool:
    return bool(volume.levels) and {"x", "y"} <= set(volume.axes)


def _url(volume: Volume, version: DatasetVersion) -> str:
    return reverse("serving:cutout", kwargs={"ref": str(version), "path": volume.path})


def _voxel_nm(scale_nm: Mapping[str, float]) -> list[float]:
    depth = scale_nm.get("z", (scale_nm["x"] * scale_nm["y"]) ** 0.5)
    return [scale_nm["x"], scale_nm["y"], depth]
