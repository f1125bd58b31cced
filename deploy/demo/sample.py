"""The sample: four arrays packed into this folder, unpacked and verified, written as OME-Zarr.

All are (z, y, x), 250 × 250 × 250 voxels of 10 nm. README.md tells where they come from.
"""

import hashlib
import io
import json
import lzma
import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import zarr
from PIL import Image

from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import join_key
from datasets.storage.pyramids import NGFF_VERSION, PyramidExists, put_in_place, write_pyramid
from datasets.storage.roots import Root
from datasets.storage.uploads import upload_folder

PACKED = Path(__file__).parent / "data"
LABELS = ("groundtruth", "ffn", "oversegmentation")
VOXEL_NM = {"z": 10.0, "y": 10.0, "x": 10.0}
FIRST_VOXEL_NM = {"z": 0.0, "y": 0.0, "x": 0.0}
# 256 KiB of EM before compression: small enough to appear at once in a browser, large enough to need few requests.
CHUNK = (64, 64, 64)


class SampleDamaged(Exception):
    """A packed array is not the one that was recorded."""


def pack_array(name: str, array: npt.NDArray[Any]) -> bytes:
    """The file of one array: EM as one PNG, 250 slices below each other; labels as NumPy's own format in XZ."""
    file = io.BytesIO()
    if name == "em":
        Image.fromarray(array.reshape(-1, array.shape[-1])).save(file, "PNG", optimize=True)
        return file.getvalue()
    np.save(file, array)
    return lzma.compress(file.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def unpack_array(name: str, packed: Path = PACKED) -> npt.NDArray[Any]:
    """The array ("em" or one of ``LABELS``), (z, y, x), bit for bit as recorded in ``arrays.json``.

    Raises:
        SampleDamaged: it differs from the record.
    """
    record = json.loads((packed / "arrays.json").read_text())[name]
    data = (packed / record["file"]).read_bytes()
    if name == "em":
        array = np.asarray(Image.open(io.BytesIO(data))).reshape(record["shape"])
    else:
        array = np.load(io.BytesIO(lzma.decompress(data)))
    if describe_array(array) | {"file": record["file"]} != record:
        raise SampleDamaged(f"{record['file']} does not hold the array it was made from: fetch the checkout again")
    return array


def describe_array(array: npt.NDArray[Any]) -> dict[str, Any]:
    """Shape, dtype and the SHA-256 of the little-endian voxels in C order."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
    }


def has_sample(root: Root, key: str) -> bool:
    """Whether the sample is at ``key``. In a bucket the top group's document is written last."""
    if root.path is not None:
        return (root.path / key).exists()
    try:
        objects.stat(root, join_key(key, "zarr.json"))
    except ObjectAbsent:
        return False
    return True


def put_sample(root: Root, key: str) -> None:
    """Write the sample into the portal's own root, a folder or a bucket; it appears whole or not at all."""
    if root.path is not None:
        write_sample(root.path / key)
        return
    with tempfile.TemporaryDirectory(prefix="cisterna-sample-") as name:
        folder = Path(name) / "sample"
        _write_volumes(folder)
        upload_folder(folder, root, key, last=["zarr.json"])


def write_sample(folder: Path) -> None:
    """Write the four volumes into one OME-Zarr hierarchy at ``folder``; nothing happens when it is there.

    ``em`` and, listed by the group ``labels``, the three label images.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        _write_volumes(draft)
        put_in_place(draft, folder)
    except PyramidExists:
        pass  # another process was first, with the same content
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_volumes(folder: Path) -> None:
    zarr.create_group(folder, zarr_format=3)
    labels: dict[str, Any] = {"ome": {"version": NGFF_VERSION, "labels": list(LABELS)}}
    zarr.create_group(folder / "labels", zarr_format=3, attributes=labels)
    geometry: dict[str, Any] = {
        "axes": ("z", "y", "x"),
        "voxel_size_nm": VOXEL_NM,
        "translation_nm": FIRST_VOXEL_NM,
        "chunk_shape": CHUNK,
    }
    write_pyramid(folder / "em", unpack_array("em"), kind="em", name="em", **geometry)
    for name in LABELS:
        image = unpack_array(name)
        write_pyramid(folder / "labels" / name, image, kind="labels", name=name, source_image="../../em", **geometry)
