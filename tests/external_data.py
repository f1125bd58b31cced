"""Volumes elsewhere, as other software writes them, and the server of somebody else that they lie on."""

import contextlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore
import zarr

SHAPE = (56, 48, 40)
"""Voxels along x, y, z."""


def image(dtype: str = "uint16") -> np.ndarray:
    """Brightness that is another at each voxel, in the order x, y, z."""
    return np.random.default_rng(11).integers(0, 250, SHAPE).astype(dtype)


def labels() -> np.ndarray:
    """Boxes of 8 voxels with labels of their own, beyond what 32 bits hold, in the order x, y, z."""
    a, b, c = np.indices(SHAPE) // 8
    return (2**32 + 1 + a + 16 * b + 256 * c).astype(np.uint64)


def write_n5(folder: Path, array: np.ndarray, *, levels: int = 1) -> None:
    """A multiscale group ``s0``, ``s1``, … as Fiji and the tools of connectomics write them."""
    for level in range(levels):
        factor = 2**level
        values = array[::factor, ::factor, ::factor]
        metadata = {
            "dataType": str(array.dtype),
            "dimensions": values.shape,
            "blockSize": (16, 16, 16),
            "compression": {"type": "gzip"},
        }
        kvstore = {"driver": "file", "path": str(folder / f"s{level}")}
        spec = {"driver": "n5", "kvstore": kvstore, "metadata": metadata}
        tensorstore.open(spec, create=True).result().write(values).result()
    # As N5 of the field have it: the sides of a voxel here are not to be relied on.
    attributes = {"scales": [[2**level] * 3 for level in range(levels)], "resolution": [1, 1, 1], "units": ["nm"] * 3}
    (folder / "attributes.json").write_text(json.dumps(attributes))


def write_precomputed(folder: Path, array: np.ndarray, *, offset: tuple[int, ...], kind: str = "image") -> None:
    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": str(folder)},
        "multiscale_metadata": {"type": kind, "data_type": str(array.dtype), "num_channels": 1},
        "scale_metadata": {
            "size": array.shape,
            "encoding": "raw",
            "chunk_size": (16, 16, 16),
            "resolution": (8, 8, 8),
            "voxel_offset": offset,
        },
    }
    tensorstore.open(spec, create=True).result()[..., 0].write(array).result()


def write_ome_zarr(folder: Path, array: np.ndarray, *, scale: list[float], first: list[float]) -> None:
    """OME-Zarr 0.4 in the stored order z, y, x; ``scale`` and ``first`` in nm in that order."""
    zarr.create_array(folder / "0", data=array.T, chunks=(16, 16, 16), zarr_format=2)
    transforms = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": first}]
    multiscale = {
        "version": "0.4",
        "axes": [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"],
        "datasets": [{"path": "0", "coordinateTransformations": transforms}],
    }
    zarr.create_group(folder, zarr_format=2, attributes={"multiscales": [multiscale]})


def write_mesh(folder: Path, label: int, side: float) -> None:
    """The mesh of one label: a cube between 0 and ``side`` along each axis of its own coordinates."""
    corners = np.indices((2, 2, 2)).reshape(3, 8).T
    faces = [
        (first, second, third)
        for axis in range(3)
        for at in (0, 1)
        for a, b, c, d in [np.flatnonzero(corners[:, axis] == at)]
        for first, second, third in ((a, b, c), (b, d, c))
    ]
    folder.mkdir(parents=True)
    (folder / "info").write_text('{"@type": "neuroglancer_legacy_mesh"}')
    (folder / f"{label}:0").write_text('{"fragments": ["cube"]}')
    parts = (np.array([8], "<u4"), (corners * side).astype("<f4"), np.array(faces, "<u4"))
    (folder / "cube").write_bytes(b"".join(part.tobytes() for part in parts))


class _Elsewhere(SimpleHTTPRequestHandler):
    """Files for everybody's pages."""

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The origin at which ``folder`` is served while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Elsewhere, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
