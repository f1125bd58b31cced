"""The layers that the page of slices can show: one image, or one channel of it, below any labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.slices import base_image, framing_volume, is_pictured, pictured_labels
from datasets.catalogue.viewer_dimensions import ChannelLayer, channel_layers, time_dimension

LABELS_AT_ONCE = 16
"""A picture shows at most so many label layers: each is read for itself."""


@dataclass(frozen=True)
class ImageLayer:
    """An image that can be shown: a volume with all its channels that are switched on, or one channel of it."""

    volume: Volume
    part: ChannelLayer

    @property
    def title(self) -> str:
        return f"{self.volume.title}: {self.part.title}" if self.part.title else self.volume.title


@dataclass(frozen=True)
class SliceLayers:
    """What there is to be shown, in the order of the layers; ``frame`` says how far the pictures reach."""

    frame: Volume
    images: tuple[ImageLayer, ...]
    labels: tuple[Volume, ...]
    usual_image: str
    usual_labels: tuple[str, ...]

    def image(self, name: str) -> ImageLayer | None:
        """The image layer of that name."""
        return next((it for it in self.images if it.part.name == name), None)

    def shown(self, paths: Sequence[str]) -> list[Volume]:
        """The label volumes at ``paths``, in the order of the layers."""
        return [volume for volume in self.labels if volume.path in paths]


def slice_layers(version: DatasetVersion) -> SliceLayers | None:
    """The layers of ``version`` (with its volumes loaded) that slices can show; None where there is none."""
    volumes = list(version.volumes.all())
    frame = framing_volume(volumes)
    if frame is None:
        return None
    pictured = [volume for volume in volumes if is_pictured(volume)]
    base = base_image(volumes)
    images = [volume for volume in pictured if volume.kind not in LABEL_KINDS]
    return SliceLayers(
        frame=frame,
        images=tuple(ImageLayer(volume, part) for volume in images for part in _parts(volume)),
        labels=tuple(volume for volume in pictured if volume.kind in LABEL_KINDS),
        usual_image=base.path if base else "",
        usual_labels=tuple(volume.path for volume in pictured_labels(volumes)),
    )


def chosen_layers(version: DatasetVersion, layers: SliceLayers, names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The image and the labels among ``names``, which are paths or names of channels as in the viewer.

    Of several images it is the first, of several of its channels all that are on; labels beyond
    :data:`LABELS_AT_ONCE` are left out.

    Raises:
        NotFound: the version has no layer of that name.
    """
    image, labels = "", []
    paths = {volume.path for volume in version.volumes.all()}
    for name in dict.fromkeys(names):
        found = layers.image(name)
        if found is not None:
            is_beside = image != "" and image.partition("#")[0] == found.volume.path
            image = found.volume.path if is_beside else image or name
        elif any(volume.path == name for volume in layers.labels):
            labels.append(name)
        elif name not in paths:
            raise NotFound(f"{version} has no layer {name!r}", where=name, fix=f"Layers: {', '.join(sorted(paths))}")
    return image, tuple(volume.path for volume in layers.shown(labels))[:LABELS_AT_ONCE]


def contrast_bounds(image: ImageLayer) -> tuple[float, float] | None:
    """How far the contrast of an image can be set; None for several channels, or unknown values."""
    known = image.part.window
    if image.part.index < 0:
        return None
    values = _range_of(image.volume.dtype)
    if values is not None and values[1] - values[0] < 256:
        return values
    if known is None:
        return None
    span = known[1] - known[0]
    low, high = known[0] - span, known[1] + span
    return (max(low, values[0]), min(high, values[1])) if values else (low, high)


def time_count(layers: SliceLayers, image: str, labels: Sequence[str]) -> int:
    """How many moments all of these layers have that have a time axis; 1 where none has."""
    shown = layers.image(image)
    volumes = [*([shown.volume] if shown else []), *layers.shown(labels)]
    return min((axis.size for axis in map(time_dimension, volumes) if axis is not None), default=1)


def _parts(volume: Volume) -> list[ChannelLayer]:
    """The volume as a whole (index -1) before its channels, where it has several; else the one layer that shows it."""
    parts = channel_layers(volume)
    whole = ChannelLayer(volume.path, "", None, "", None, True, index=-1)
    return [whole, *parts] if len(parts) > 1 else parts


def _range_of(dtype: str) -> tuple[float, float] | None:
    """The least and the greatest value of an integer type."""
    if np.dtype(dtype).kind not in "iu":
        return None
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)
