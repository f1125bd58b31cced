"""Rendering a version's still pictures: the whole, its middle slices, each curated view, each layer by itself."""

from __future__ import annotations

import io
import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import prefetch_related_objects
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, View, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, extent_nm
from datasets.catalogue.pictures import layer_picture, picture_key, picture_names
from datasets.catalogue.queries.places import open_level
from datasets.catalogue.slices import (
    PIXELS_PER_VOXEL,
    base_image,
    framing_volume,
    is_pictured,
    pictured_labels,
    slice_picture,
    slice_planes,
)
from datasets.serving.slices.cutting import SliceTooLarge
from datasets.serving.slices.drawing import draw_image, draw_labels
from datasets.storage import objects
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.planes import Plane, middle_of, turn

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 750
"""Pixels of a picture: 16:10, as the pages show them."""

LAYER_WIDTH = 960
"""Pixels across the picture of one layer, of the same shape."""

MAX_SEARCHED_VOXELS = 64 * 1024**2
"""Where a layer's labels are is looked for on its coarsest level, if that has at most so many voxels."""

EMPTY_MIDDLE = 1 / 3
"""A layer is shown in its middle, unless that has less than this part of the labels of its fullest plane."""

MARGIN = 1.4
"""A layer's picture is that much wider than its labels, where they are but a small part of the image."""

logger = logging.getLogger("cisterna.publishing")


def render_pictures(version: DatasetVersion, *, again: bool = False) -> int:
    """Render those pictures of a frozen version that do not exist yet, and tell how many. Each is written whole.

    Args:
        again: those that exist as well; each stays until the new one takes its place.

    Raises:
        StorageError: data cannot be read, or the picture not written. Those before it are kept.
    """
    prefetch_related_objects([version], "volumes__segmentation__coverage__organelle", "mounts", "views")
    objects.check_root(OWN_ROOT)
    existing = set() if again else picture_names(version)
    renderer = _Renderer(version)
    count = 0
    for name, scene in _scenes(version).items():
        if name in existing:
            continue
        picture = renderer.render(scene)
        if picture is not None:
            objects.write(get_root(OWN_ROOT), picture_key(version, name), _encode(picture))
            count += 1
    return count


@dataclass(frozen=True)
class _Scene:
    """What a picture shows: labels over an image (or over black), in a plane or, without one, where the labels are."""

    image: Volume | None
    labels: tuple[Volume, ...]
    plane: Plane | None


def _scenes(version: DatasetVersion) -> dict[str, _Scene]:
    """All pictures of a version, by name."""
    volumes = list(version.volumes.all())
    frame = framing_volume(volumes)
    if frame is None:
        return {}
    image = base_image(volumes)
    labels = tuple(pictured_labels(volumes))
    whole = _crop(frame, WIDTH)
    scenes: dict[str, _Scene] = {}
    if image:
        scenes["em"] = _Scene(image, (), whole)
    if labels:
        scenes["labels"] = _Scene(image, labels, whole)
    for name, plane in slice_planes(frame).items():
        if image:
            scenes[slice_picture(name, labels=False)] = _Scene(image, (), plane)
        if labels:
            scenes[slice_picture(name, labels=True)] = _Scene(image, labels, plane)
    by_path = {volume.path: volume for volume in volumes if volume.viewable}
    for view in version.views.all():
        shown = tuple(by_path[path] for path in view.layers if path in by_path and by_path[path].kind in LABEL_KINDS)
        scenes[f"view-{view.name}"] = _Scene(image, shown, _plane_of(view, frame, whole))
    for volume in volumes:
        if not is_pictured(volume) or volume == image:
            continue
        if volume.kind in LABEL_KINDS:
            scenes[layer_picture(volume.path)] = _Scene(image, (volume,), None)
        else:
            scenes[layer_picture(volume.path)] = _Scene(volume, (), _crop(volume, LAYER_WIDTH))
    return scenes


def _crop(volume: Volume, most_pixels: int) -> Plane:
    """The largest rectangle of the pictures' shape in the middle xy slice of ``volume``."""
    low, high = extent_nm(volume)
    width_nm = min(high["x"] - low["x"], (high["y"] - low["y"]) * WIDTH / HEIGHT)
    return _rectangle(volume, middle_of(low, high), width_nm, most_pixels)


def _rectangle(volume: Volume, centre_nm: tuple[float, float, float], width_nm: float, most_pixels: int) -> Plane:
    voxels = width_nm / volume.levels[0]["scale_nm"]["x"]
    width = min(most_pixels, max(16, round(voxels * PIXELS_PER_VOXEL)))
    return Plane(centre_nm, width_nm / width, width, round(width * HEIGHT / WIDTH))


def _plane_of(view: View, frame: Volume, whole: Plane) -> Plane:
    """The plane a view looks at; one that is not turned is kept inside the image."""
    nm_per_pixel = min(whole.nm_per_pixel, (view.nm_per_pixel or math.inf) * 640 / whole.width)
    x, y, z = view.position_nm or whole.centre_nm
    if view.orientation:
        return Plane(
            centre_nm=(x, y, z),
            nm_per_pixel=nm_per_pixel * 0.75,
            width=whole.width,
            height=whole.height,
            right=turn((1, 0, 0), view.orientation),
            down=turn((0, 1, 0), view.orientation),
        )
    return _kept_inside(Plane((x, y, z), nm_per_pixel, whole.width, whole.height), frame)


def _kept_inside(plane: Plane, volume: Volume) -> Plane:
    """The plane, not larger than the volume's xy slice, moved so that it does not look beyond its edges."""
    low, high = extent_nm(volume)
    x, y, z = plane.centre_nm
    half = {"x": plane.nm_per_pixel * plane.width / 2, "y": plane.nm_per_pixel * plane.height / 2}
    x, y = (min(max(at, low[axis] + half[axis]), high[axis] - half[axis]) for axis, at in (("x", x), ("y", y)))
    return replace(plane, centre_nm=(x, y, z))


class _Renderer:
    """Draws the scenes of one version. An image in a plane is drawn once, however many layers are shown over it."""

    def __init__(self, version: DatasetVersion) -> None:
        self._version = version
        self._images: dict[tuple[str, Plane], NDArray[np.uint8]] = {}

    def render(self, scene: _Scene) -> Image | None:
        """The picture; None where something to be shown has no level that is small enough to be read for it."""
        from PIL import Image as Pictures

        plane = scene.plane or self._labelled_plane(scene.labels[0], scene.image or scene.labels[0])
        try:
            background = self._image(scene.image, plane) if scene.image else None
            together = len(scene.labels) > 1
            picture = draw_labels(self._version, scene.labels, plane, background, together=together)
        except SliceTooLarge as error:
            logger.warning("no picture: %s", error)
            return None
        return Pictures.fromarray(picture)

    def _image(self, image: Volume, plane: Plane) -> NDArray[np.uint8]:
        key = (image.path, plane)
        if key not in self._images:
            self._images[key] = draw_image(self._version, image, plane)
        return self._images[key]

    def _labelled_plane(self, volume: Volume, frame: Volume) -> Plane:
        """A plane that shows labels of ``volume``: the middle if it has its share, else the fullest one.

        Where the labels are a small part of that plane, the picture comes closer.
        """
        whole = _crop(frame, LAYER_WIDTH)
        level = volume.levels[-1]
        if math.prod(level["shape"]) > MAX_SEARCHED_VOXELS:
            return whole
        array = open_level(self._version, volume, level)
        labelled = array[tuple(slice(None) if axis in "xyz" else 0 for axis in volume.axes)] != 0
        axes = [axis for axis in volume.axes if axis in "xyz"]
        labelled = np.transpose(labelled, [axes.index(axis) for axis in "zyx" if axis in axes])
        if labelled.ndim == 2:
            labelled = labelled[None]
        per_plane = np.count_nonzero(labelled, axis=(1, 2))
        if not per_plane.any():
            return whole

        def place_nm(axis: str, index: float) -> float:
            return float(level["translation_nm"].get(axis, 0) + index * level["scale_nm"].get(axis, 1))

        x, y, z = whole.centre_nm
        at = len(per_plane) // 2
        if per_plane[at] < per_plane.max() * EMPTY_MIDDLE:
            at = int(per_plane.argmax())
            z = place_nm("z", at)
        low_y, high_y = _ends(labelled[at].any(axis=1))
        low_x, high_x = _ends(labelled[at].any(axis=0))
        width_nm = max(
            (high_x - low_x + 1) * level["scale_nm"]["x"],
            (high_y - low_y + 1) * level["scale_nm"]["y"] * WIDTH / HEIGHT,
        )
        whole_nm = whole.nm_per_pixel * whole.width
        if width_nm * MARGIN > whole_nm / 2:
            return replace(whole, centre_nm=(x, y, z))
        centre = (place_nm("x", (low_x + high_x) / 2), place_nm("y", (low_y + high_y) / 2), z)
        return _kept_inside(_rectangle(frame, centre, max(width_nm * MARGIN, whole_nm / 8), LAYER_WIDTH), frame)


def _ends(marked: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(marked)
    return int(places[0]), int(places[-1])


def _encode(picture: Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=82, method=5)
    return buffer.getvalue()
