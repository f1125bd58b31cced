"""How an image is shown where nobody says it: grey values from a coarse level, for each channel."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from datasets.catalogue.models.volume import IMAGE_KINDS
from datasets.publishing.inspection import Inspection
from datasets.storage.arrays import open_array
from datasets.storage.keys import join_key
from datasets.volumes.channels import Channel
from datasets.volumes.contrast import contrast_window

MAX_SAMPLE_VOXELS: Final = 8 * 1024**2
"""A window is found in at most so many voxels, around the middle: a single level may be as large as the disk."""

MAX_CHANNELS: Final = 16
"""Of more channels no windows are found; those that the metadata give are kept."""


@dataclass(frozen=True)
class Display:
    """The window (darkest, brightest) of the first channel, ``None`` where grey values mean nothing; all channels."""

    contrast: tuple[float, float] | None = None
    channels: tuple[Channel, ...] = ()


def find_display(volume: Mapping[str, Any], inspection: Inspection) -> Display:
    """The display of a volume of a specification: as the curator says, else as ``omero`` does, else by percentiles.

    A window that is the data type's whole range is no choice of anybody, and not kept.

    Raises:
        StorageError: voxels cannot be read or decoded.
    """
    if volume["kind"] not in IMAGE_KINDS:
        return Display()
    count = _channel_count(inspection)
    described = [*inspection.channels[:count], *[Channel()] * (count - len(inspection.channels))]
    given = tuple(volume["contrast"]) if volume["contrast"] else None
    channels = []
    for index, channel in enumerate(described):
        window = given or _stated(channel, inspection.dtype)
        if window is None and not volume["download_only"] and count <= MAX_CHANNELS:
            window = contrast_window(_sample(inspection, channel=index))
        low, high = window or (None, None)
        channels.append(replace(channel, low=low, high=high))
    first = channels[0]
    contrast = None if first.low is None or first.high is None else (first.low, first.high)
    return Display(contrast, tuple(channels) if count > 1 or inspection.channels else ())


def _channel_count(inspection: Inspection) -> int:
    assert inspection.multiscale is not None
    shape = inspection.levels[0].facts.shape
    sizes = [size for axis, size in zip(inspection.multiscale.axes, shape, strict=True) if axis.type == "channel"]
    return sizes[0] if sizes else 1


def _stated(channel: Channel, dtype: str) -> tuple[float, float] | None:
    if channel.low is None or channel.high is None:
        return None
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        if channel.low <= limits.min and channel.high >= limits.max:
            return None
    return channel.low, channel.high


def _sample(inspection: Inspection, *, channel: int) -> npt.NDArray[Any]:
    """Voxels around the middle of the coarsest level: of one channel, of the first element of other axes."""
    assert inspection.root is not None
    assert inspection.multiscale is not None
    assert inspection.zarr_format is not None
    level = inspection.levels[-1]
    key = join_key(inspection.key, level.level.path)
    array = open_array(inspection.root, key, zarr_format=inspection.zarr_format)
    axes = inspection.multiscale.axes
    spatial = [size for axis, size in zip(axes, level.facts.shape, strict=True) if axis.is_spatial]
    share = min(1.0, (MAX_SAMPLE_VOXELS / math.prod(spatial)) ** (1 / len(spatial)))
    block: list[slice | int] = []
    for axis, size in zip(axes, level.facts.shape, strict=True):
        if axis.is_spatial:
            length = max(1, int(size * share))
            start = (size - length) // 2
            block.append(slice(start, start + length))
        else:
            block.append(channel if axis.type == "channel" else 0)
    return array[tuple(block)]
