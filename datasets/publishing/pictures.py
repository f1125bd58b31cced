"""Rendering a version's still pictures: the middle slice, the same with labels, and one for each curated view."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

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
from datasets.volumes.planes import Plane, sample_linear, sample_nearest, turn

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 750
"""Pixels of a picture: 16:10, as the pages show them."""

PIXELS_PER_VOXEL = 8
"""A picture of few voxels is smaller: beyond this, more pixels show nothing more."""

MAX_BLOCK_VOXELS = 64 * 1024**2
"""A picture is made from at most so many voxels; a coarser level is taken where it would need more."""


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
    whole = _middle(image)
    wanted: dict[str, tuple[Plane, list[Volume]]] = {"em": (whole, [])}
    if labels:
        wanted["labels"] = (whole, labels[:1])
    for view in version.views.all():
        shown = [volumes[path] for path in view.layers if path in volumes and volumes[path].kind in LABEL_KINDS]
        wanted[f"view-{view.name}"] = (_plane_of(view, image, whole), shown)
    objects.check_root(OWN_ROOT)
    existing = picture_names(version)
    for name, (plane, shown) in wanted.items():
        if name not in existing:
            content = _encode(_render(version, image, shown, plane))
            objects.write(get_root(OWN_ROOT), picture_key(version, name), content)


def _middle(image: Volume) -> Plane:
    """The largest rectangle of the pictures' shape in the middle slice."""
    low, high = extent_nm(image)
    x, y, z = ((low[axis] + high[axis]) / 2 for axis in "xyz")
    width_nm = min(high["x"] - low["x"], (high["y"] - low["y"]) * WIDTH / HEIGHT)
    voxels = width_nm / image.levels[0]["scale_nm"]["x"]
    width = min(WIDTH, max(16, round(voxels * PIXELS_PER_VOXEL)))
    return Plane((x, y, z), width_nm / width, width, round(width * HEIGHT / WIDTH))


def _plane_of(view: View, image: Volume, whole: Plane) -> Plane:
    """The plane a view looks at; one that is not turned is kept inside the image."""
    nm_per_pixel = min(whole.nm_per_pixel, (view.nm_per_pixel or math.inf) * 640 / whole.width)
    x, y, z = view.position_nm
    if view.orientation:
        return Plane(
            centre_nm=(x, y, z),
            nm_per_pixel=nm_per_pixel * 0.75,
            width=whole.width,
            height=whole.height,
            right=turn((1, 0, 0), view.orientation),
            down=turn((0, 1, 0), view.orientation),
        )
    low, high = extent_nm(image)
    half = {"x": nm_per_pixel * whole.width / 2, "y": nm_per_pixel * whole.height / 2}
    x, y = (min(max(at, low[axis] + half[axis]), high[axis] - half[axis]) for axis, at in (("x", x), ("y", y)))
    return Plane((x, y, z), nm_per_pixel, whole.width, whole.height)


def _render(version: DatasetVersion, image: Volume, labels: list[Volume], plane: Plane) -> Image:
    from PIL import Image as Pictures

    grey = sample_linear(*_read(version, image, plane))
    if image.contrast_low is None or image.contrast_high is None:
        window = contrast_window(grey)
    else:
        window = (image.contrast_low, image.contrast_high)
    pixels = apply_window(grey, window)
    picture = np.repeat(pixels[:, :, None], 3, axis=2)
    for volume in labels:
        ids = sample_nearest(*_read(version, volume, plane))
        colour = layer_colour(volume)
        fixed = {int(value): colour for value in np.unique(ids) if value} if colour else None
        picture = overlay(pixels, ids, colour_labels(ids, fixed), LABEL_OPACITY)
    return Pictures.fromarray(picture)


def _read(version: DatasetVersion, volume: Volume, plane: Plane) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """A block of ``volume`` around ``plane``, and the plane's pixels in the block's voxels, both in stored axis order.

    The level is the coarsest that still has a voxel for each pixel (or the finest there is) and whose block is small
    enough. Of other axes than x, y and z the first element is taken.
    """
    positions = plane.positions_nm()
    fine = [index for index, level in enumerate(volume.levels) if min(level["scale_nm"].values()) <= plane.nm_per_pixel]
    for level in volume.levels[fine[-1] if fine else 0 :]:
        coordinates, block = _locate(volume, level, positions)
        if math.prod(b.stop - b.start for b in block.values()) <= MAX_BLOCK_VOXELS:
            break
    mount = next(mount for mount in version.mounts.all() if mount.path == volume.path)
    array = open_array(get_root(mount.root), join_key(mount.key, level["path"]), zarr_format=volume.zarr_format)
    return np.asarray(array[tuple(block.get(axis, 0) for axis in volume.axes)]), coordinates


def _locate(
    volume: Volume, level: dict[str, Any], positions_nm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], dict[str, slice]]:
    shape = dict(zip(volume.axes, level["shape"], strict=True))
    block: dict[str, slice] = {}
    columns = []
    for axis in (axis for axis in volume.axes if axis in "xyz"):
        voxel = (positions_nm[..., "xyz".index(axis)] - level["translation_nm"][axis]) / level["scale_nm"][axis]
        low = min(max(math.floor(voxel.min()), 0), shape[axis] - 1)
        high = min(max(math.ceil(voxel.max()), low), shape[axis] - 1)
        block[axis] = slice(low, high + 1)
        columns.append(voxel - low)
    return np.stack(columns, axis=-1), block


def _encode(picture: Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=82, method=5)
    return buffer.getvalue()
