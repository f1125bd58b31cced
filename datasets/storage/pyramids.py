"""Writing an image as OME-Zarr 0.5: every resolution level, verified, in place in one step or not at all."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import ZstdCodec

from datasets.storage.errors import StorageError
from datasets.storage.objects import sync_path
from datasets.volumes.downsampling import mean_2x, mode_2x

NGFF_VERSION = "0.5"
LARGEST_COARSEST_SIDE = 64
"""Levels are added until no space axis is longer: the coarsest then is one or a few chunks, read whole for previews."""

Kind = Literal["em", "labels"]

_AXIS_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
_METHODS: dict[Kind, tuple[Callable[..., npt.NDArray[Any]], str, str]] = {
    "em": (
        mean_2x,
        "mean",
        "Each voxel is the mean of a block of 2 voxels along each space axis, rounded half to even",
    ),
    "labels": (
        mode_2x,
        "mode",
        "Each voxel is the most frequent label of a block of 2 voxels along each space axis;"
        " of equally frequent ones the first in C order",
    ),
}


class PyramidExists(StorageError):
    """Something is at the place already: what is written once is never written over."""

    slug = "pyramid-exists"
    status = 409
    title = "There is an image at this place already"


class PyramidDiffers(StorageError):
    """What was read back is not what was written; nothing was put in place."""

    slug = "pyramid-differs"
    status = 503
    title = "The written image differs from its source"


def write_pyramid(
    folder: Path,
    array: npt.NDArray[Any],
    *,
    axes: Sequence[str],
    voxel_size_nm: Mapping[str, float],
    translation_nm: Mapping[str, float],
    kind: Kind,
    name: str,
    chunk_shape: Sequence[int],
    shard_shape: Sequence[int] | None = None,
    levels: int | None = None,
    source_image: str = "",
) -> None:
    """Write ``array`` and its coarser levels as an OME-Zarr 0.5 image (NGFF 0.5, "multiscales" metadata).

    Zarr v3, Zstandard, fill value 0. Level ``k`` halves the space axes ``k`` times, by the mean for ``"em"`` and the
    mode for ``"labels"``; its voxel 0 is centred ``(2**k - 1) / 2`` voxels of level 0 further along each of them.

    Args:
        folder: where the image's group shall be; nothing may be there yet.
        array: level 0 in the order of ``axes``; whole numbers or floats for "em", whole numbers for "labels".
        axes: of "t", "c", "z", "y", "x", each at most once, in this order (NGFF's).
        voxel_size_nm, translation_nm: of level 0 by space axis; the centre of voxel 0 is at the translation.
        kind: what the voxels are.
        name: of the image, for people.
        chunk_shape: of every level, in the order of ``axes``.
        shard_shape: how much is one object when chunks shall be packed; its index is at the start of the object.
        levels: how many; when not given, as many as it takes for no space axis to be longer than 64.
        source_image: of labels, the relative path of the image they belong to.

    Raises:
        PyramidExists: something is at ``folder``.
        PyramidDiffers: reading back gave other values.
    """
    if folder.exists():
        raise _exists(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A sibling, so that the renaming stays on one file system; dotted, so that no one takes it for data.
    draft = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    spatial = [index for index, axis in enumerate(axes) if _AXIS_TYPES[axis] == "space"]
    halve, method, description = _METHODS[kind]
    try:
        datasets = []
        level = array.astype(array.dtype.newbyteorder("="), copy=False)
        for k, is_last in enumerate(_level_ends(array, spatial, levels)):
            _write_level(draft / str(k), level, axes, chunk_shape, shard_shape)
            datasets.append(_level_metadata(k, axes, voxel_size_nm, translation_nm))
            if not is_last:
                level = halve(level, axes=spatial)
        multiscale = {
            "name": name,
            "axes": [_axis_metadata(axis) for axis in axes],
            "datasets": datasets,
            "type": method,
            "metadata": {"method": f"{halve.__module__}.{halve.__name__}", "description": description},
        }
        ome: dict[str, Any] = {"version": NGFF_VERSION, "multiscales": [multiscale]}
        if kind == "labels":
            ome["image-label"] = {"source": {"image": source_image}} if source_image else {}
        zarr.create_group(draft, zarr_format=3, attributes={"ome": ome})
        put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, folder: Path) -> None:
    """Rename the finished ``draft`` to its sibling ``folder``, its files on the disk before its name.

    Raises:
        PyramidExists: something is at ``folder``; the draft stays.
    """
    for parent, _, files in os.walk(draft):
        for path in (Path(parent), *(Path(parent, file) for file in files)):
            sync_path(path)
    try:
        draft.rename(folder)
    except OSError as error:
        if folder.exists():
            raise _exists(folder) from None
        raise StorageError(f"The image could not be put in place: {error.strerror}", where=str(folder)) from error
    sync_path(folder.parent)


def _exists(folder: Path) -> PyramidExists:
    return PyramidExists("This place is taken", where=str(folder), fix="Choose another folder, or remove what is there")


def _level_ends(array: npt.NDArray[Any], spatial: Sequence[int], levels: int | None) -> list[bool]:
    """One entry a level, true for the last."""
    if levels is None:
        longest, levels = max((array.shape[axis] for axis in spatial), default=1), 1
        while longest > LARGEST_COARSEST_SIDE:
            longest, levels = (longest + 1) // 2, levels + 1
    return [k == levels - 1 for k in range(levels)]


def _write_level(
    path: Path,
    array: npt.NDArray[Any],
    axes: Sequence[str],
    chunk_shape: Sequence[int],
    shard_shape: Sequence[int] | None,
) -> None:
    stored = zarr.create_array(
        path,
        shape=array.shape,
        dtype=array.dtype,
        chunks=tuple(chunk_shape),
        # Neuroglancer reads the index at the start in one request for a known length.
        shards={"shape": tuple(shard_shape), "index_location": "start"} if shard_shape else None,
        compressors=ZstdCodec(level=5),
        fill_value=0,
        dimension_names=list(axes),
        zarr_format=3,
    )
    stored[...] = array
    read = np.asarray(zarr.open_array(path, mode="r", zarr_format=3)[...])
    if read.dtype != array.dtype or read.tobytes() != array.tobytes():  # bytes: NaN equals NaN
        raise PyramidDiffers(
            "Reading back gave other values", where=str(path), fix="Check the disk and its free space, then try again"
        )


def _axis_metadata(axis: str) -> dict[str, str]:
    kind = _AXIS_TYPES[axis]
    return {"name": axis, "type": kind} | ({"unit": "nanometer"} if kind == "space" else {})


def _level_metadata(
    k: int, axes: Sequence[str], voxel_size_nm: Mapping[str, float], translation_nm: Mapping[str, float]
) -> dict[str, Any]:
    scale, translation = [], []
    for axis in axes:
        is_spatial = _AXIS_TYPES[axis] == "space"
        size = float(voxel_size_nm[axis]) if is_spatial else 1.0
        scale.append(size * 2**k if is_spatial else size)
        # A coarse voxel's centre is the middle of its block.
        translation.append(float(translation_nm[axis]) + (2**k - 1) / 2 * size if is_spatial else 0.0)
    return {
        "path": str(k),
        "coordinateTransformations": [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": translation},
        ],
    }
