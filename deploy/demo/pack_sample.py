"""Make ``data/`` from the source files: ``python -m deploy.demo.pack_sample FOLDER``. Needed once; kept as the proof.

The folder holds raw.npz, groundtruth.h5.gz, oversegmented_stack_labels.h5.gz and ffn-prediction.npz.
"""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from deploy.demo.sample import PACKED, describe_array, pack_array


def read_source(folder: Path) -> dict[str, npt.NDArray[Any]]:
    """The four arrays, (z, y, x), supervoxels replaced by their bodies; ids are the source's own."""
    return {
        "em": np.load(folder / "raw.npz")["raw"],
        "groundtruth": _read_bodies(folder / "groundtruth.h5.gz").astype(np.uint32),
        "ffn": np.load(folder / "ffn-prediction.npz")["segmentation"].astype(np.uint16),
        "oversegmentation": _read_bodies(folder / "oversegmented_stack_labels.h5.gz").astype(np.uint16),
    }


def _read_bodies(path: Path) -> npt.NDArray[np.int64]:
    """The label stack of a NeuroProof file with its ``transforms`` (supervoxel, body) applied."""
    with gzip.open(path) as packed:
        file = h5py.File(io.BytesIO(packed.read()), "r")
    supervoxels, transforms = file["stack"][()], file["transforms"][()].astype(np.int64)
    body_of = np.full(max(transforms[:, 0].max(), supervoxels.max()) + 1, -1, np.int64)
    body_of[transforms[:, 0]] = transforms[:, 1]
    bodies: npt.NDArray[np.int64] = body_of[supervoxels]
    if bodies.min() < 0:
        raise ValueError(f"{path.name} has supervoxels without a body")
    return bodies


def main() -> None:
    records = {}
    for name, array in read_source(Path(sys.argv[1])).items():
        file = "em.png" if name == "em" else f"{name}.npy.xz"
        PACKED.mkdir(exist_ok=True)
        (PACKED / file).write_bytes(pack_array(name, array))
        records[name] = {"file": file, **describe_array(array)}
    (PACKED / "arrays.json").write_text(json.dumps(records, indent=2) + "\n")


if __name__ == "__main__":
    main()
