"""Chunks and metadata of a Zarr v3 array as bytes, for whoever writes them elsewhere than into a root."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numcodecs.zstd import compress

LEVEL = 1
"""Of Zstandard: on EM a higher one saves some per cent, and takes twice the time."""


def array_document(
    shape: Sequence[int], chunk_shape: Sequence[int], dtype: np.dtype[Any], dimension_names: Sequence[str]
) -> bytes:
    """``zarr.json`` of an array whose chunks :func:`encode_chunk` makes; what has no chunk is 0."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk_shape)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {"level": LEVEL, "checksum": False}},
        ],
        "fill_value": False if dtype.kind == "b" else 0,
        "attributes": {},
        "dimension_names": list(dimension_names),
    }
    return json.dumps(document, indent=2).encode()


def group_document(attributes: dict[str, Any]) -> bytes:
    """``zarr.json`` of a group."""
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}, indent=2).encode()


def encode_chunk(block: npt.NDArray[Any], chunk_shape: Sequence[int]) -> bytes | None:
    """A chunk's bytes; None where it is all 0. ``block`` is little-endian, and may be smaller at an array's end."""
    if not block.any():
        return None
    whole = block
    if block.shape != tuple(chunk_shape):
        whole = np.zeros(chunk_shape, block.dtype)
        whole[tuple(map(slice, block.shape))] = block
    return bytes(compress(np.ascontiguousarray(whole), LEVEL))
