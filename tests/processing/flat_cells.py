"""Volumes of one level each, and what they become."""

import hashlib
import warnings
from pathlib import Path

import numpy as np
import zarr

from datasets.catalogue.models import DatasetVersion
from tests.published import publish_once
from tests.samples import specification, write_image

SHAPE = (70, 140, 135)
VOXEL_NM = (8.0, 4.0, 4.0)


def given_voxels() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(7)
    em = chance.integers(0, 255, SHAPE, dtype=np.uint8)
    labels = chance.integers(2**60, 2**60 + 4, SHAPE, dtype=np.uint64)
    em[:, 60:], labels[:, 60:] = 0, 0  # whole objects of nothing, as around every cell: they are left out
    return em, labels


def publish_flat(form: str, data_root: Path) -> DatasetVersion:
    """Version 1 of small-cell, in NGFF "0.5" or "0.4" with consolidated metadata, or "sharded" without."""
    name = f"flat-{form}.zarr"
    version = "0.4" if form == "0.4" else "0.5"
    shard = 32 if form == "sharded" else None
    for path, voxels in zip(("em", "labels/cells"), given_voxels(), strict=True):
        write_image(data_root / name / path, [voxels], voxel_nm=VOXEL_NM, version=version, shard=shard)
    zarr.create_group(data_root / name, zarr_format=2 if version == "0.4" else 3, overwrite=False)
    zarr.create_group(data_root / name / "labels", zarr_format=2 if version == "0.4" else 3, overwrite=False)
    if form != "sharded":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # v3 has them by custom alone
            zarr.consolidate_metadata(data_root / name)
            zarr.consolidate_metadata(data_root / name / "em")
    return publish_once(specification(f"data:{name}"), data_root.parent)


def digests_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
