"""What the form for cutouts has to know of a volume: its address, its levels, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.neuroglancer_links import extent_nm
from datasets.catalogue.viewer_dimensions import ChannelLayer, channel_axis, time_dimension

_AXES = ("x", "y", "z")


def cutout_offer(volume: Volume, version: DatasetVersion, part: ChannelLayer) -> dict[str, Any] | None:
    """How the viewer asks for a box of a volume; ``None`` before it was inspected, or where it has no axes x and y.

    Lengths are nm in the order (x, y, z). A picture without depth counts as deep as its pixels are wide, around 0.
    """
    if not volume.levels or not {"x", "y"} <= set(volume.axes):
        return None
    low, high = extent_nm(volume)
    voxels = [_voxel_nm(level["scale_nm"]) for level in volume.levels]
    half_nm = voxels[0][2] / 2
    time = time_dimension(volume)
    channels = None if volume.kind in LABEL_KINDS else channel_axis(volume)
    return {
        "url": reverse("serving:cutout", kwargs={"ref": str(version), "path": volume.path}),
        "lowNm": [low.get(axis, -half_nm) for axis in _AXES],
        "highNm": [high.get(axis, half_nm) for axis in _AXES],
        "levels": [
            {"path": level["path"], "voxelNm": voxel} for level, voxel in zip(volume.levels, voxels, strict=True)
        ],
        "channel": part.index if channels is not None else None,
        "time": time.name if time is not None else None,
    }


def _voxel_nm(scale_nm: Mapping[str, float]) -> list[float]:
    depth = scale_nm.get("z", (scale_nm["x"] * scale_nm["y"]) ** 0.5)
    return [scale_nm["x"], scale_nm["y"], depth]
