"""Planes as pictures: images in their windows and colours, labels over them in theirs, as the viewer shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.neuroglancer_links import LABEL_OPACITY, class_colours, layer_colour
from datasets.catalogue.slices import single_class
from datasets.catalogue.viewer_dimensions import ChannelLayer, channel_layers
from datasets.serving.slices.cutting import Levels, cut
from datasets.volumes.contrast import contrast_window
from datasets.volumes.pictures import apply_window, colour_labels, overlay, tint
from datasets.volumes.planes import Plane


@dataclass(frozen=True)
class ImageLook:
    """How an image is shown where it is not as the viewer shows it: one channel, another window, a later time."""

    channel: int | None = None
    window: tuple[float, float] | None = None
    elements: Mapping[str, int] | None = None


def draw_image(
    version: DatasetVersion,
    image: Volume,
    plane: Plane,
    look: ImageLook = ImageLook(),
    *,
    levels: Levels | None = None,
) -> NDArray[np.uint8]:
    """RGB (y, x, 3): the channels that are switched on, each in its colour and window, added up.

    Grey (y, x) where it has no colour.

    Args:
        levels: at which it is cut, as :func:`cut` takes them.

    Raises:
        SliceTooLarge, StorageError: as :func:`cut`.
    """
    layers = shown_channels(image, look.channel)
    pictures = []
    for layer in layers:
        place = dict(look.elements or {})
        if layer.axis:
            place[layer.axis.name] = layer.index
        values = cut(version, image, plane, place, levels)
        grey = apply_window(values, look.window or _window(layer) or contrast_window(values))
        pictures.append((grey, layer.colour))
    if len(pictures) == 1 and not pictures[0][1]:
        return pictures[0][0]
    total = np.zeros((plane.height, plane.width, 3), np.uint16)
    for grey, colour in pictures:
        total += tint(grey, colour)
    return np.minimum(total, 255).astype(np.uint8)


def draw_labels(
    version: DatasetVersion,
    labels: Sequence[Volume],
    plane: Plane,
    background: NDArray[np.uint8] | None,
    *,
    opacity: float = LABEL_OPACITY,
    together: bool = False,
    elements: Mapping[str, Mapping[str, int]] | None = None,
    levels: Levels | None = None,
) -> NDArray[np.uint8]:
    """RGB (y, x, 3): labels in their colours over ``background`` (grey or RGB), or alone over black.

    Args:
        together: objects that each have a colour of their own get that of their class, so that layers of different
            classes can be told apart.
        elements: by the path of a volume, the index along its axes other than x, y and z.
        levels: at which they are cut, as :func:`cut` takes them.

    Raises:
        SliceTooLarge, StorageError: as :func:`cut`.
    """
    if background is None:
        picture = np.zeros((plane.height, plane.width, 3), np.uint8)
    else:
        picture = background if background.ndim == 3 else tint(background, "")
    for volume in labels:
        ids = cut(version, volume, plane, (elements or {}).get(volume.path), levels)
        colours = label_colours(volume, together=together)
        picture = overlay(picture, ids, colour_labels(ids, colours), opacity if background is not None else 1)
    return picture


def label_colours(volume: Volume, *, together: bool) -> dict[int, str] | str:
    """One colour for a class; the classes' own where labels name them; else nothing, and each object has its own."""
    if colour := layer_colour(volume):
        return colour
    if together and (organelle := single_class(volume)):
        return organelle.colour
    return class_colours(volume)


def shown_channels(image: Volume, channel: int | None) -> list[ChannelLayer]:
    """The channels that are switched on, or the one that is chosen."""
    layers = channel_layers(image)
    if channel is None:
        return [layer for layer in layers if layer.on]
    return [layer for layer in layers if layer.index == channel]


def _window(layer: ChannelLayer) -> tuple[float, float] | None:
    return (layer.window[0], layer.window[1]) if layer.window else None
