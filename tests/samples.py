"""Small OME-Zarr images for tests, written with zarr-python and metadata by hand: not by the code under test."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import zarr

UNIT = "nanometer"


def write_image(
    folder: Path,
    levels: Sequence[np.ndarray],
    *,
    voxel_nm: Sequence[float] = (10.0, 10.0, 10.0),
    translation_nm: Sequence[float] | None = None,
    version: str = "0.5",
    chunk: int = 16,
    shard: int | None = None,
    axes: str = "zyx",
    units: Mapping[str, str] = MappingProxyType(dict.fromkeys("zyx", UNIT)),
    names: Mapping[str, str] = MappingProxyType({}),
    omero: Mapping[str, Any] | None = None,
    **array_options: Any,
) -> Path:
    """An image group of NGFF 0.5 (Zarr v3) or 0.4 (Zarr v2); each level half the one before, in its space axes.

    ``voxel_nm`` and ``translation_nm`` are those of level 0 in stored axis order (in ``units``, where these differ).
    ``axes`` says what the axes are; ``names`` calls some of them otherwise.
    """
    zarr_format = 3 if version == "0.5" else 2
    datasets = []
    start = list(translation_nm or [0.0] * len(axes))
    for index, array in enumerate(levels):
        factor = [2**index if axis in "zyx" else 1 for axis in axes]
        scale = [size * f for size, f in zip(voxel_nm, factor, strict=True)]
        shift = [t + (f - 1) / 2 * size for t, f, size in zip(start, factor, voxel_nm, strict=True)]
        transforms: list[dict[str, Any]] = [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": shift},
        ]
        datasets.append({"path": str(index), "coordinateTransformations": transforms})
        chunks = tuple(min(chunk, size) for size in array.shape)
        options: dict[str, Any] = (
            {"dimension_names": [names.get(axis, axis) for axis in axes]} if zarr_format == 3 else {}
        )
        if zarr_format == 2:
            options["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
        if shard:
            options["shards"] = tuple(shard for _ in array.shape)
        stored = zarr.create_array(
            folder / str(index),
            shape=array.shape,
            chunks=chunks,
            dtype=array.dtype,
            zarr_format=zarr_format,
            fill_value=0,
            **options,
            **array_options,
        )
        stored[...] = array
    multiscale = {
        "name": folder.name,
        "axes": [
            {"name": names.get(axis, axis), "type": {"c": "channel", "t": "time"}.get(axis, "space")}
            | ({"unit": units[axis]} if axis in units else {})
            for axis in axes
        ],
        "datasets": datasets,
    }
    beside = {} if omero is None else {"omero": omero}
    attributes: Mapping[str, Any]
    if zarr_format == 3:
        attributes = {"ome": {"version": version, "multiscales": [multiscale], **beside}}
    else:
        attributes = {"multiscales": [{**multiscale, "version": version}], **beside}
    zarr.create_group(folder, zarr_format=zarr_format, attributes=dict(attributes), overwrite=False)
    return folder


def em_levels(shape: tuple[int, int, int] = (40, 48, 56), count: int = 2, seed: int = 1) -> list[np.ndarray]:
    """Smooth grey noise, uint8, by stride for the coarser levels."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(40, 200, size=shape, dtype=np.uint8)
    return [fine[:: 2**k, :: 2**k, :: 2**k] for k in range(count)]


def label_levels(shape: tuple[int, int, int] = (40, 48, 56), count: int = 2, dtype: str = "uint16") -> list[np.ndarray]:
    """Boxes of 8³ voxels, each with its own label, 0 between some of them."""
    z, y, x = np.indices(shape) // 8
    fine = (1 + x + 10 * y + 100 * z).astype(dtype)
    fine[(x + y + z) % 3 == 0] = 0
    return [fine[:: 2**k, :: 2**k, :: 2**k] for k in range(count)]


def specification(data: str, **changes: Any) -> dict[str, Any]:
    """A specification as plain data: one EM volume ``em`` and one segmentation ``labels/cells`` below ``data``."""
    return {
        "name": "small-cell",
        "title": "A small cell",
        "description": "Made for tests.",
        "licence": "CC-BY-4.0",
        "visibility": "public",
        "data": data,
        "specimen": {"organism": "Drosophila melanogaster", "sample": "noise"},
        "acquisition": {"method": "FIB-SEM"},
        "volumes": [
            {"path": "em", "kind": "em", "title": "EM"},
            {
                "path": "labels/cells",
                "kind": "segmentation",
                "title": "Cells",
                "segmentation": {"type": "instance", "method": "manual", "subject": "Cells"},
            },
        ],
        "views": [
            {"name": "corner", "title": "A corner", "layers": ["em", "labels/cells"], "position_nm": [100, 100, 100]}
        ],
        "contributions": [{"name": "Ada Example", "orcid": "0000-0002-1825-0097", "roles": ["Data curation"]}],
    } | changes


def write_container(folder: Path) -> Path:
    """A group with ``em`` and ``labels/cells`` below it, as :func:`specification` names them."""
    return write_once(_write_container, folder)


def _write_container(folder: Path) -> None:
    zarr.create_group(folder, zarr_format=3)
    write_image(folder / "em", em_levels())
    zarr.create_group(folder / "labels", zarr_format=3, attributes={"ome": {"version": "0.5", "labels": ["cells"]}})
    write_image(folder / "labels" / "cells", label_levels())


def write_once[*Said](write: Callable[[Path, *Said], object], folder: Path, *said: *Said) -> Path:
    """``folder`` as ``write(folder, *said)`` fills it: written once per process, and a copy of that each time.

    A hundred files are copied in a tenth of the time that their arrays take to be written.
    """
    shutil.copytree(_written(write, *said), folder, copy_function=shutil.copyfile)
    return folder


@cache
def _written(write: Callable[..., object], *said: object) -> Path:
    kept = tempfile.mkdtemp(prefix="cisterna-written-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    folder = Path(kept, "data")
    write(folder, *said)
    return folder
