"""Time and channels in the viewer.

Neuroglancer makes a time axis a dimension of the whole view, and shows one element of a channel axis. (A shader could
have all channels at once only where one chunk holds them all, and OME-Zarr has a chunk for each.) So each channel is a
layer of its own, with its own window and colour, and what is over each other adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datasets.catalogue.models import Volume
from datasets.volumes.lengths import SECONDS_PER_UNIT

MAX_CHANNELS = 8
"""So many channels of a volume become layers; of more, the first."""

# In this order for channels that have no colour of their own: far apart, also in sum.
_CHANNEL_COLOURS = ("#00ffff", "#ff00ff", "#ffff00", "#00ff00", "#ff0000", "#0000ff", "#ff8000", "#ffffff")


@dataclass(frozen=True)
class Dimension:
    """An axis as Neuroglancer writes it: one unit is ``scale`` of ``unit``; ``first`` is element 0, in units."""

    name: str
    unit: str
    scale: float
    first: float
    size: int


@dataclass(frozen=True)
class ChannelLayer:
    """A layer of the viewer: a volume, or one channel of it (``index`` along ``axis``).

    ``colour`` is ``""`` for grey; ``window`` (darkest, brightest) is ``None`` where it is not known.
    """

    name: str
    title: str
    axis: Dimension | None
    colour: str
    window: list[float] | None
    on: bool
    index: int = 0


def dimensions(volume: Volume) -> list[Dimension]:
    """The axes of a volume's finest level in stored order, under their own names; lengths in nm, times in seconds.

    Of a volume that is elsewhere none is known.
    """
    if not volume.levels:
        return []
    level = volume.levels[0]
    found = []
    for index, (name, size) in enumerate(zip(volume.axes, level["shape"], strict=True)):
        if name in level["scale_nm"]:
            scale, first, unit = level["scale_nm"][name], level["translation_nm"][name], "nm"
        else:
            # Rows from before these were kept have axes of space only.
            scale, first = level["scale"][index], level["translation"][index]
            seconds = SECONDS_PER_UNIT.get(volume.axis_units[index] or "")
            unit = "s" if seconds else ""
            scale, first = scale * (seconds or 1), first * (seconds or 1)
        found.append(Dimension(name, unit, scale, first / scale, size))
    return found


def time_dimension(volume: Volume) -> Dimension | None:
    """The time axis of a volume, if it has one."""
    return next((axis for axis in dimensions(volume) if _type(volume, axis.name) == "time"), None)


def channel_axis(volume: Volume) -> Dimension | None:
    """The channel axis of a volume, if it has one."""
    return next((axis for axis in dimensions(volume) if _type(volume, axis.name) == "channel"), None)


def channel_layers(volume: Volume) -> list[ChannelLayer]:
    """The layers that show a volume: one for each channel of an image, else one with the volume's own name."""
    axis = channel_axis(volume)
    if axis is None or volume.is_labels:
        return [ChannelLayer(volume.path, "", None, volume.colour, _window(volume, {}), True)]
    count = min(axis.size, MAX_CHANNELS)
    stated = [*volume.channels, *[{}] * count][:count]
    if count == 1:
        colour = stated[0].get("colour") or volume.colour
        return [ChannelLayer(volume.path, "", axis, colour, _window(volume, stated[0]), True)]
    return [
        ChannelLayer(
            name=f"{volume.path}#{index}",
            title=channel.get("label") or f"Channel {index + 1}",
            axis=axis,
            colour=channel.get("colour") or _CHANNEL_COLOURS[index],
            window=_window(volume, channel),
            on=channel.get("active", True),
            index=index,
        )
        for index, channel in enumerate(stated)
    ]


def _type(volume: Volume, name: str) -> str | None:
    index = volume.axes.index(name)
    return volume.axis_types[index] if index < len(volume.axis_types) else None


def _window(volume: Volume, channel: dict[str, Any]) -> list[float] | None:
    low, high = channel.get("low"), channel.get("high")
    if low is None or high is None:
        low, high = volume.contrast_low, volume.contrast_high
    return None if low is None or high is None else [low, high]
