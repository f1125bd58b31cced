"""Rendering a version's still pictures: the whole, its middle slices, each curated view, each layer by itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import prefetch_related_objects
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, View, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, extent_nm
from datasets.catalogue.pictures import CARRIED, layer_picture
from datasets.catalogue.queries.places import open_level
from datasets.catalogue.slices import (
    HEIGHT,
    LAYER_WIDTH,
    PIXELS_PER_VOXEL,
    WIDTH,
    base_image,
    framing_volume,
    is_pictured,
    pictured_labels,
    slice_picture,
    slice_planes,
)
from datasets.publishing.carried_thumbnails import read_carried
from datasets.publishing.kept_pictures import KeptPictures, shaped
from datasets.serving.slices.cutting import SliceTooLarge
from datasets.serving.slices.drawing import ImageLook, draw_image, draw_labels, shown_channels
from datasets.storage import objects
from datasets.storage.roots import OWN_ROOT
from datasets.volumes.contrast import contrast_window, shows_little
from datasets.volumes.planes import Plane, middle_of, turn
from datasets.volumes.texture import plane_to_show, texture_of_planes

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SEARCHED_VOXELS = 64 * 1024**2
"""Where labels are, and where an image is empty, is looked for on a coarse level of at most so many voxels."""

MIN_SEARCHED_SIDE = 64
"""Where an image is empty is looked for on the coarsest level that has so many voxels along each space axis."""

EMPTY_MIDDLE = 1 / 3
"""A layer is shown in its middle, unless that has less than this part of the labels of its fullest plane."""

MARGIN = 1.4
"""A layer's picture is that much wider than its labels, where they are but a small part of the image."""

logger = logging.getLogger("cisterna.publishing")


def render_pictures(
    version: DatasetVersion, *, again: bool = False, show: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Render those pictures of a frozen version that do not exist yet, and tell how many. Each is written whole.

    Args:
        again: those that exist as well; each stays until the new one takes its place.
        show: is told how many are there, and how many there are to be, after each.

    Raises:
        StorageError: data cannot be read, or the picture not written. Those before it are kept.
    """
    prefetch_related_objects([version], "volumes__segmentation__coverage__organelle", "mounts", "views")
    objects.check_root(OWN_ROOT)
    kept = KeptPictures(version, again=again)
    renderer = _Renderer(version)
    scenes = _scenes(version)
    for done, (name, scene) in enumerate(scenes.items(), start=1):
        kept.complete(name, partial(renderer.render, scene))
        show(done, len(scenes))
    image = base_image(list(version.volumes.all()))
    if image is not None and (CARRIED in kept or not kept.has_any(("em", "labels"))):
        kept.complete(CARRIED, partial(_carried, version, image))
    return kept.written


def _carried(version: DatasetVersion, image: Volume) -> Image | None:
    """The picture that the image carries, in the shape of the others."""
    picture = read_carried(version, image)
    return shaped(picture) if picture else None


@dataclass(frozen=True)
class _Scene:
    """What a picture shows: labels over an image (or over black), in a plane or, without one, where the labels are.

    Where it ``stands_for`` the image, the plane is moved to where there is something to be seen.
    """

    image: Volume | None
    labels: tuple[Volume, ...]
    plane: Plane | None
    stands_for: bool = False


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
        scenes["em"] = _Scene(image, (), whole, stands_for=True)
    if labels:
        scenes["labels"] = _Scene(image, labels, whole, stands_for=True)
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
            scenes[layer_picture(volume.path)] = _Scene(volume, (), _crop(volume, LAYER_WIDTH), stands_for=True)
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
        self._looks: dict[tuple[str, Plane], ImageLook] = {}
        self._filled: dict[tuple[str, Plane], Plane] = {}

    def render(self, scene: _Scene) -> Image | None:
        """The picture; None where something to be shown has no level that is small enough to be read for it."""
        from PIL import Image as Pictures

        plane = scene.plane or self._labelled_plane(scene.labels[0], scene.image or scene.labels[0])
        try:
            if scene.stands_for and scene.image:
                plane = self._filled_plane(scene.image, plane)
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
            self._images[key] = draw_image(self._version, image, plane, self._looks.get(key, ImageLook()))
        return self._images[key]

    def _filled_plane(self, image: Volume, plane: Plane) -> Plane:
        """The xy plane; where ``image`` is empty there, the nearest one along z that has something in it.

        What the image's own window would show too little of is then shown in one that is measured there.
        """
        key = (image.path, plane)
        if key not in self._filled:
            self._filled[key] = plane
            level = _searched_level(image)
            if level is not None:
                self._filled[key] = self._moved(image, plane, level)
        return self._filled[key]

    def _moved(self, image: Volume, plane: Plane, level: dict[str, Any]) -> Plane:
        block = self._space_of(image, level)
        x, y, z = plane.centre_nm
        rows, columns = (
            _part(level, axis, at, pixels * plane.nm_per_pixel)
            for axis, at, pixels in (("y", y, plane.height), ("x", x, plane.width))
        )
        block = block[:, rows, columns]
        middle = min(max(0, round(_index(level, "z", z))), len(block) - 1)
        at = plane_to_show(texture_of_planes(block), middle)
        if at == middle:
            return plane
        moved = replace(plane, centre_nm=(x, y, _place_nm(level, "z", at)))
        measured = contrast_window(block[at])
        channels = shown_channels(image, None)
        if len(channels) == 1 and shows_little(channels[0].window, measured):
            self._looks[image.path, moved] = ImageLook(window=measured)
        return moved

    def _space_of(self, volume: Volume, level: dict[str, Any]) -> NDArray[np.generic]:
        """A level (z, y, x), at the first element of other axes; one plane where it has no z."""
        array = open_level(self._version, volume, level)
        block = np.asarray(array[tuple(slice(None) if axis in "xyz" else 0 for axis in volume.axes)])
        axes = [axis for axis in volume.axes if axis in "xyz"]
        block = np.transpose(block, [axes.index(axis) for axis in "zyx" if axis in axes])
        return block[None] if block.ndim == 2 else block

    def _labelled_plane(self, volume: Volume, frame: Volume) -> Plane:
        """A plane that shows labels of ``volume``: the middle if it has its share, else the fullest one.

        Where the labels are a small part of that plane, the picture comes closer.
        """
        whole = _crop(frame, LAYER_WIDTH)
        level = volume.levels[-1]
        if math.prod(level["shape"]) > MAX_SEARCHED_VOXELS:
            return whole
        labelled = self._space_of(volume, level) != 0
        per_plane = np.count_nonzero(labelled, axis=(1, 2))
        if not per_plane.any():
            return whole

        x, y, z = whole.centre_nm
        at = len(per_plane) // 2
        if per_plane[at] < per_plane.max() * EMPTY_MIDDLE:
            at = int(per_plane.argmax())
            z = _place_nm(level, "z", at)
        low_y, high_y = _ends(labelled[at].any(axis=1))
        low_x, high_x = _ends(labelled[at].any(axis=0))
        width_nm = max(
            (high_x - low_x + 1) * level["scale_nm"]["x"],
            (high_y - low_y + 1) * level["scale_nm"]["y"] * WIDTH / HEIGHT,
        )
        whole_nm = whole.nm_per_pixel * whole.width
        if width_nm * MARGIN > whole_nm / 2:
            return replace(whole, centre_nm=(x, y, z))
        centre = (_place_nm(level, "x", (low_x + high_x) / 2), _place_nm(level, "y", (low_y + high_y) / 2), z)
        return _kept_inside(_rectangle(frame, centre, max(width_nm * MARGIN, whole_nm / 8), LAYER_WIDTH), frame)


def _searched_level(image: Volume) -> dict[str, Any] | None:
    """The coarsest level on which it is seen where an image is empty; None where that is too large, or has no z."""
    if "z" not in image.axes:
        return None

    def sides(level: dict[str, Any]) -> list[int]:
        return [size for axis, size in zip(image.axes, level["shape"], strict=True) if axis in "xyz"]

    wanted = [min(MIN_SEARCHED_SIDE, size) for size in sides(image.levels[0])]
    for level in reversed(image.levels):
        if all(size >= least for size, least in zip(sides(level), wanted, strict=True)):
            return level if math.prod(sides(level)) <= MAX_SEARCHED_VOXELS else None
    return None


def _place_nm(level: dict[str, Any], axis: str, index: float) -> float:
    return float(level["translation_nm"].get(axis, 0) + index * level["scale_nm"].get(axis, 1))


def _index(level: dict[str, Any], axis: str, place_nm: float) -> float:
    return float((place_nm - level["translation_nm"][axis]) / level["scale_nm"][axis])


def _part(level: dict[str, Any], axis: str, centre_nm: float, width_nm: float) -> slice:
    """The voxels along an axis that lie in a stretch of it, at least one."""
    first = max(0, math.ceil(_index(level, axis, centre_nm - width_nm / 2)))
    return slice(first, max(first, math.floor(_index(level, axis, centre_nm + width_nm / 2))) + 1)


def _ends(marked: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(marked)
    return int(places[0]), int(places[-1])
