"""Rendering a version's still pictures: the middle slice, the same with labels, and one for each curated view."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datasets.catalogue.models import DatasetVersion, View, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.neuroglancer_links import LABEL_KINDS, LABEL_OPACITY, extent_nm, layer_colour
from datasets.catalogue.pictures import picture_key, picture_names
from datasets.storage import objects
from datasets.storage.arrays import open_array
from datasets.storage.keys import join_key
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.contrast import contrast_window
from datasets.volumes.pictures import apply_window, colour_labels, overlay

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 750
"""Pixels of every picture: 16:10, as the pages show them."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the xy plane: centre (x, y, z) and width in nm; its height follows from the pictures' shape."""

    centre_nm: tuple[float, float, float]
    width_nm: float


def render_pictures(version: DatasetVersion) -> None:
    """Render those pictures of a frozen version that do not exist yet.

    Raises:
        StorageError: data cannot be read, or the picture not written.
    """
    volumes = {volume.path: volume for volume in version.volumes.select_related("segmentation") if volume.viewable}
    image = next((volume for volume in volumes.values() if volume.kind == Kind.EM), None)
    if image is None or not {"x", "y", "z"} <= set(image.axes):
        return
    labels = [volume for volume in volumes.values() if volume.kind in LABEL_KINDS]
    whole = _whole_frame(image)
    wanted: dict[str, tuple[Frame, list[Volume]]] = {"em": (whole, [])}
    if labels:
        wanted["labels"] = (whole, labels[:1])
    for view in version.views.all():
        shown = [volumes[path] for path in view.layers if path in volumes and volumes[path].kind in LABEL_KINDS]
        wanted[f"view-{view.name}"] = (_view_frame(view, whole), shown)
    objects.check_root(OWN_ROOT)
    existing = picture_names(version)
    for name, (frame, shown) in wanted.items():
        if name not in existing:
            content = _encode(_render(version, image, shown, frame))
            objects.write(get_root(OWN_ROOT), picture_key(version, name), content)


def _whole_frame(image: Volume) -> Frame:
    """The largest rectangle of the pictures' shape in the middle slice."""
    low, high = extent_nm(image)
    size = {axis: high[axis] - low[axis] for axis in "xyz"}
    centre = tuple((low[axis] + high[axis]) / 2 for axis in "xyz")
    return Frame(centre_nm=(centre[0], centre[1], centre[2]), width_nm=min(size["x"], size["y"] * WIDTH / HEIGHT))


def _view_frame(view: View, whole: Frame) -> Frame:
    x, y, z = view.position_nm
    width_nm = min(whole.width_nm, view.nm_per_pixel * 640) if view.nm_per_pixel else whole.width_nm
    return Frame(centre_nm=(x, y, z), width_nm=width_nm)


def _render(version: DatasetVersion, image: Volume, labels: list[Volume], frame: Frame) -> Image:
    from PIL import Image as Pictures

    plane, box = _read_plane(version, image, frame)
    if image.contrast_low is None or image.contrast_high is None:
        window = contrast_window(plane)
    else:
        window = (image.contrast_low, image.contrast_high)
    grey_plane = apply_window(plane, window)
    grey = _resize(Pictures.fromarray(grey_plane), box, Pictures.Resampling.BICUBIC)
    if not labels:
        return grey
    grey_pixels = np.asarray(grey)
    picture = np.repeat(grey_pixels[:, :, None], 3, axis=2)
    for volume in labels:
        ids, ids_box = _read_plane(version, volume, frame)
        values, inverse = np.unique(ids, return_inverse=True)
        # Pillow resamples 32-bit integers at most; the plane's own numbering of its labels always fits.
        index = Pictures.fromarray(inverse.reshape(ids.shape).astype(np.int32))
        pixels = values[np.asarray(_resize(index, ids_box, Pictures.Resampling.NEAREST))]
        colour = layer_colour(volume)
        fixed = {int(value): colour for value in values if value} if colour else None
        picture = overlay(grey_pixels, pixels, colour_labels(pixels, fixed), LABEL_OPACITY)
    return Pictures.fromarray(picture)


def _read_plane(
    version: DatasetVersion, volume: Volume, frame: Frame
) -> tuple[NDArray[np.generic], tuple[float, float, float, float]]:
    """The (y, x) plane of ``volume`` around ``frame`` and the frame's box in it: left, upper, right, lower, in pixels.

    The level is the coarsest that still has a voxel for each pixel, or the finest there is.
    """
    nm_per_pixel = frame.width_nm / WIDTH
    fine_enough = [level for level in volume.levels if level["scale_nm"]["x"] <= nm_per_pixel]
    level = fine_enough[-1] if fine_enough else volume.levels[0]
    shape = dict(zip(volume.axes, level["shape"], strict=True))
    centre = dict(zip("xyz", frame.centre_nm, strict=True))
    size_nm = {"x": frame.width_nm, "y": frame.width_nm * HEIGHT / WIDTH}
    box: dict[str, tuple[float, float]] = {}
    selection: list[int | slice] = []
    start = {}
    for axis in volume.axes:
        if axis not in "xyz":
            selection.append(0)
            continue
        scale, translation = level["scale_nm"][axis], level["translation_nm"][axis]
        if axis == "z":
            selection.append(min(max(round((centre["z"] - translation) / scale), 0), shape["z"] - 1))
            continue
        # Voxel i covers [i - 1/2, i + 1/2]; shifted by half so that edges are whole numbers. Kept inside the volume.
        width = min(size_nm[axis] / scale, shape[axis])
        low = (centre[axis] - size_nm[axis] / 2 - translation) / scale + 0.5
        low = min(max(low, 0), shape[axis] - width)
        start[axis] = int(low)
        stop = min(int(np.ceil(low + width)), shape[axis])
        selection.append(slice(start[axis], stop))
        box[axis] = (low - start[axis], low - start[axis] + width)
    mount = next(mount for mount in version.mounts.all() if mount.path == volume.path)
    array = open_array(get_root(mount.root), join_key(mount.key, level["path"]), zarr_format=volume.zarr_format)
    plane = np.asarray(array[tuple(selection)])
    order = [axis for axis in volume.axes if axis in "xy"]
    plane = plane if order == ["y", "x"] else plane.T
    return plane, (box["x"][0], box["y"][0], box["x"][1], box["y"][1])


def _resize(picture: Image, box: tuple[float, float, float, float], resampling: object) -> Image:
    return picture.resize((WIDTH, HEIGHT), resampling, box=box)  # type: ignore[arg-type]


def _encode(picture: Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=82, method=5)
    return buffer.getvalue()
