"""What a request for a slice asks for, read from its query."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.http import QueryDict

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, extent_nm
from datasets.catalogue.neuroglancer_links import LABEL_OPACITY
from datasets.catalogue.queries.datasets import find_volume_here
from datasets.catalogue.slices import shortest_nm
from datasets.catalogue.state_requests import QueryInvalid, read_choice, read_whole
from datasets.catalogue.viewer_dimensions import Dimension, channel_axis, channel_layers, time_dimension
from datasets.serving.slices.cutting import SliceTooLarge, require_planes
from datasets.serving.slices.drawing import shown_channels
from datasets.serving.slices.encoding import CONTENT_TYPES
from datasets.volumes.planes import Plane, PlaneInvalid, Vector, facing, middle_of

PARAMETERS = (
    "center", "normal", "up", "width", "height", "resolution", "format", "overlay", "opacity", "window", "scalebar",
    "c", "t",
)  # fmt: skip

SIDE_PIXELS = 512
MOST_SIDE_PIXELS = 16_383
"""WebP's own limit, and enough."""

FARTHEST_NM = 1e15
MOST_OVERLAYS = 32

MOST_LAYERS = 8
"""So many layers of the largest picture are drawn; of smaller ones more, as long as these are no more pixels."""


@dataclass(frozen=True)
class SliceRequest:
    """A slice as asked for. ``channel`` is None where all that are switched on are shown."""

    volume: Volume
    plane: Plane
    form: str
    overlays: tuple[Volume, ...] = ()
    opacity: float = LABEL_OPACITY
    window: tuple[float, float] | None = None
    with_scale_bar: bool = False
    channel: int | None = None
    time: int = 0

    @property
    def cuts(self) -> tuple[Volume, ...]:
        """What is cut for it: an image once for each channel that is shown."""
        is_image = self.volume.kind not in LABEL_KINDS
        times = len(shown_channels(self.volume, self.channel)) if is_image else 1
        return (self.volume,) * times + self.overlays

    def elements(self, volume: Volume) -> dict[str, int]:
        """The index along the time and channel axes of ``volume``."""
        places = {}
        if axis := time_dimension(volume):
            places[axis.name] = self.time
        if volume == self.volume and self.channel is not None and (axis := channel_axis(volume)):
            places[axis.name] = self.channel
        return places

    def last_elements(self, volume: Volume) -> dict[str, int]:
        """The same, of an image that of the last channel that is shown."""
        if volume != self.volume or volume.kind in LABEL_KINDS:
            return self.elements(volume)
        shown = shown_channels(volume, self.channel)
        return self.elements(volume) | {layer.axis.name: layer.index for layer in shown if layer.axis}


def read_request(version: DatasetVersion, path: str, query: QueryDict, *, most_pixels: int) -> SliceRequest:
    """The slice that a query asks for.

    Raises:
        NotFound: there is no such volume, or no slices of it.
        QueryInvalid, PlaneInvalid, SliceTooLarge.
    """
    volume = find_volume_here(version, path)
    require_planes(volume)
    names = query.getlist("overlay")
    if len(names) > MOST_OVERLAYS:
        raise QueryInvalid(
            f"{len(names)} overlays", where="overlay", fix=f"Give at most {MOST_OVERLAYS} in one picture"
        )
    if len(set(names)) < len(names):
        raise QueryInvalid("An overlay is named twice", where="overlay", fix="Name each once")
    overlays = tuple(_overlay(version, name) for name in names)
    form = read_choice(query, "format", *CONTENT_TYPES)
    request = SliceRequest(
        volume=volume,
        plane=_plane(volume, query, most_pixels),
        form=form,
        overlays=overlays,
        opacity=_number(query, "opacity", LABEL_OPACITY, lambda it: 0 <= it <= 1, "a number from 0 to 1"),
        window=_window(query),
        with_scale_bar=read_choice(query, "scalebar", "0", "1") == "1",
        channel=_element(query, "c", channel_axis(volume)) if "c" in query else None,
        time=_time(query, (volume, *overlays)),
    )
    if request.channel is not None and all(layer.index != request.channel for layer in channel_layers(volume)):
        raise QueryInvalid("Only the first channels are shown", where="c", fix="Read the data instead")
    if form == "npy" and any(name in query for name in ("overlay", "opacity", "window", "scalebar")):
        raise QueryInvalid("Values have no colours", where="format", fix="Leave out overlay, opacity, window, scalebar")
    pixels = request.plane.width * request.plane.height
    if pixels * len(request.cuts) > most_pixels * MOST_LAYERS:
        raise SliceTooLarge(
            f"{len(request.cuts)} layers of {pixels:,} pixels are more than is drawn",
            where="overlay",
            fix="Ask for fewer layers, or for fewer pixels",
        )
    return request


def _overlay(version: DatasetVersion, path: str) -> Volume:
    volume = find_volume_here(version, path)
    if volume.kind not in LABEL_KINDS:
        raise QueryInvalid(f"{path} has no labels", where="overlay", fix="Name a segmentation")
    require_planes(volume)
    return volume


def _plane(volume: Volume, query: QueryDict, most_pixels: int) -> Plane:
    width, height = (read_whole(query, side, SIDE_PIXELS, least=1) for side in ("width", "height"))
    if width * height > most_pixels or max(width, height) > MOST_SIDE_PIXELS:
        raise SliceTooLarge(
            f"{width} × {height} pixels are more than the {most_pixels:,} that are drawn, or than {MOST_SIDE_PIXELS:,} "
            "along one side",
            where="width, height",
            fix="Ask for fewer, or for several slices beside each other",
        )
    low, high = extent_nm(volume)
    centre = _vector(query, "center") or middle_of(low, high)
    if not all(math.isfinite(at) for at in centre):
        raise PlaneInvalid("The centre is no place", where="center", fix="Give x,y,z in nm")
    if not all(abs(at) < FARTHEST_NM for at in centre):
        raise QueryInvalid("The centre is too far away", where="center", fix="Give x,y,z in nm")
    return facing(
        _vector(query, "normal") or (0.0, 0.0, 1.0),
        _vector(query, "up"),
        centre_nm=centre,
        nm_per_pixel=_number(
            query,
            "resolution",
            shortest_nm(volume.levels[0]),
            lambda it: 1e-9 <= it <= FARTHEST_NM,
            "the size of a pixel in nm, such as 8",
        ),
        width=width,
        height=height,
    )


def _vector(query: QueryDict, name: str) -> Vector | None:
    if name not in query:
        return None
    text = str(query[name])
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        raise QueryInvalid(
            f"{text[:60]!r} is not three numbers", where=name, fix="Give x,y,z, such as 1250,1250,1250"
        ) from None
    return (x, y, z)


def _number(query: QueryDict, name: str, default: float, allows: Callable[[float], bool], what: str) -> float:
    if name not in query:
        return default
    text = str(query[name])
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not allows(number):
        raise QueryInvalid(f"{text[:40]!r} cannot be", where=name, fix=f"Give {what}")
    return number


def _window(query: QueryDict) -> tuple[float, float] | None:
    if "window" not in query:
        return None
    text = str(query["window"])
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        raise QueryInvalid(f"{text[:60]!r} is no window", where="window", fix="Give darkest,brightest, such as 20,230")
    return low, high


def _element(query: QueryDict, name: str, axis: Dimension | None) -> int:
    return read_whole(query, name, 0, most=axis.size - 1 if axis else 0)


def _time(query: QueryDict, volumes: tuple[Volume, ...]) -> int:
    """The same time of all that have one."""
    axes = [axis for axis in map(time_dimension, volumes) if axis is not None]
    return _element(query, "t", min(axes, key=lambda axis: axis.size, default=None))
