"""Which arrays of a draft are written anew in chunks and shards that browsers read well, and in which blocks."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.queries.places import place_of_level
from datasets.processing.array_plans import ArrayPlan, ArraysPlan, choose_volumes
from datasets.processing.rechunking import RechunkedBlock
from datasets.processing.recipe import NotForThis
from datasets.storage.arrays import read_array, read_document
from datasets.storage.keys import join_key
from datasets.storage.roots import OWN_ROOT

CHUNK_SIDE = 64
"""Of a chunk along each space axis: what viewers ask for at a time."""

SHARD_CHUNKS = 8
"""So many chunks a side are one object, where the format has shards."""

LEAST_SIDE, MOST_SIDE = 16, 256
"""Chunks whose sides along the space axes are within these are read well as they are."""

MOST_BLOCK_BYTES = 512 * 1024**2
"""What is read for one block, at most, where an object is not larger."""


@dataclass(frozen=True, kw_only=True)
class RechunkedLevel(ArrayPlan):
    """A level to be written anew."""

    def blocks(self, prefix: str) -> Iterator[RechunkedBlock]:
        for start, stop in self.regions():
            yield RechunkedBlock(
                self.source_root,
                self.source,
                OWN_ROOT,
                join_key(prefix, self.key),
                self.zarr_format,
                start,
                stop,
            )


def plan_rechunking(version: DatasetVersion, path: str) -> ArraysPlan[RechunkedLevel]:
    """The levels of one volume, or of all where ``path`` is empty, whose chunks are too large, too small or too flat.

    Raises:
        NameUnknown: there is no such volume.
        NotForThis: all are read well as they are.
        StorageError: metadata cannot be read.
    """
    chosen = choose_volumes(version, path)
    levels = tuple(
        _level(version, volume, level) for volume in chosen for level in volume.levels if not _reads_well(volume, level)
    )
    if not levels:
        raise NotForThis(
            f"Its chunks are of {LEAST_SIDE} to {MOST_SIDE} voxels a side already", where=path or str(version)
        )
    return ArraysPlan.of_volumes(levels, chosen)


def _reads_well(volume: Volume, level: Mapping[str, Any]) -> bool:
    sides = zip(volume.axes, level["shape"], level["chunk_shape"], strict=True)
    return all(
        min(LEAST_SIDE, size) <= chunk and min(chunk, size) <= MOST_SIDE
        for axis, size, chunk in sides
        if axis in level["scale_nm"]
    )


def _level(version: DatasetVersion, volume: Volume, level: dict[str, Any]) -> RechunkedLevel:
    root, key = place_of_level(version, volume, level)
    stored = read_array(root, key, zarr_format=volume.zarr_format)
    chunk = tuple(CHUNK_SIDE if axis in level["scale_nm"] else 1 for axis in volume.axes)
    shard = None
    if volume.zarr_format == 3:
        shard = tuple(
            side * min(SHARD_CHUNKS, -(-size // side)) if axis in level["scale_nm"] else 1
            for axis, side, size in zip(volume.axes, chunk, level["shape"], strict=True)
        )
    itemsize = np.dtype(volume.dtype).itemsize
    beside = read_document(root, join_key(key, ".zattrs")) if volume.zarr_format == 2 else None
    return RechunkedLevel(
        volume=volume.path,
        path=level["path"],
        document=with_chunks(stored.document, chunk, shard),
        attributes=beside[0] if beside else None,
        zarr_format=volume.zarr_format,
        source_root=root.name,
        source=key,
        shape=tuple(level["shape"]),
        block_shape=_block_shape(
            level["shape"], shard or chunk, stored.facts.shard_shape or stored.facts.chunk_shape, itemsize
        ),
        itemsize=itemsize,
    )


def with_chunks(document: Mapping[str, Any], chunk: Sequence[int], shard: Sequence[int] | None) -> dict[str, Any]:
    """The metadata of an array in other chunks, encoded as before; v3 in shards, whose index is checked."""
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    if shard is None:
        return changed | {"chunks": list(chunk)}
    given = changed["codecs"]
    inner = next((it["configuration"]["codecs"] for it in given if _is_sharding(it)), given)
    changed["codecs"] = [
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": list(chunk),
                "codecs": inner,
                "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                "index_location": "end",
            },
        }
    ]
    changed["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": list(shard)}}
    return changed


def _is_sharding(codec: Any) -> bool:
    return isinstance(codec, dict) and codec.get("name") == "sharding_indexed"


def _block_shape(shape: Sequence[int], whole: Sequence[int], given: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Whole objects of the new array, as many as it takes to read each given one once, as far as memory allows."""
    sides = [
        min(math.ceil(max(new, old) / new), math.ceil(size / new)) * new
        for size, new, old in zip(shape, whole, given, strict=True)
    ]
    while math.prod(sides) * itemsize > MOST_BLOCK_BYTES and sides != list(whole):
        longest = max(range(len(sides)), key=lambda axis: sides[axis] / whole[axis])
        sides[longest] = math.ceil(sides[longest] / whole[longest] / 2) * whole[longest]
    return tuple(sides)
