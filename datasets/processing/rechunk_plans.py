"""Which arrays of a draft are written anew in chunks and shards that browsers read well, and in which blocks."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.queries.names import NameUnknown
from datasets.catalogue.queries.places import place_of_level
from datasets.processing.rechunking import RechunkedBlock
from datasets.processing.recipe import NotForThis
from datasets.storage.arrays import read_array
from datasets.storage.keys import join_key
from datasets.storage.roots import OWN_ROOT
from datasets.volumes.grids import ChunkGrid

CHUNK_SIDE = 64
"""Of a chunk along each space axis: what viewers ask for at a time."""

SHARD_CHUNKS = 8
"""So many chunks a side are one object, where the format has shards."""

LEAST_SIDE, MOST_SIDE = 16, 256
"""Chunks whose sides along the space axes are within these are read well as they are."""

MOST_BLOCK_BYTES = 512 * 1024**2
"""What is read for one block, at most, where an object is not larger."""


@dataclass(frozen=True)
class RechunkedLevel:
    """A level to be written anew. Shapes in stored axis order."""

    volume: str
    path: str
    document: Mapping[str, Any]
    zarr_format: int
    source_root: str
    source: str
    shape: tuple[int, ...]
    block_shape: tuple[int, ...]
    itemsize: int

    @property
    def key(self) -> str:
        """Of the array below the outputs of its job, and of the version."""
        return join_key(self.volume, self.path)

    @property
    def grid(self) -> ChunkGrid:
        return ChunkGrid(self.shape, self.block_shape)

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.itemsize

    @property
    def block_bytes(self) -> int:
        return math.prod(self.block_shape) * self.itemsize

    def blocks(self, prefix: str) -> Iterator[RechunkedBlock]:
        """In C order; ``prefix`` is where the outputs go."""
        for index in self.grid:
            region = self.grid.slices(index)
            yield RechunkedBlock(
                self.source_root,
                self.source,
                OWN_ROOT,
                join_key(prefix, self.key),
                self.zarr_format,
                tuple(each.start for each in region),
                tuple(each.stop for each in region),
            )


@dataclass(frozen=True)
class RechunkPlan:
    """All arrays to be written anew, the levels of a volume one after another."""

    levels: tuple[RechunkedLevel, ...]
    sources: Mapping[str, str]
    """The metadata digest of each volume, as it was when the plan was made."""

    @property
    def digest(self) -> str:
        content = {"levels": [asdict(level) for level in self.levels], "sources": dict(self.sources)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def block_count(self) -> int:
        return sum(level.grid.total for level in self.levels)

    def of(self, volume: str) -> list[RechunkedLevel]:
        return [level for level in self.levels if level.volume == volume]


def plan_rechunking(version: DatasetVersion, path: str) -> RechunkPlan:
    """The levels of one volume, or of all where ``path`` is empty, whose chunks are too large, too small or too flat.

    Raises:
        NameUnknown: there is no such volume.
        NotForThis: all are read well as they are.
        StorageError: metadata cannot be read.
    """
    here = [volume for volume in version.volumes.all() if volume.levels and not volume.is_external]
    chosen = [volume for volume in here if path in ("", volume.path)]
    if path and not chosen:
        raise NameUnknown("volume with data here", path, [volume.path for volume in here])
    levels = tuple(
        _level(version, volume, level) for volume in chosen for level in volume.levels if not _reads_well(volume, level)
    )
    if not levels:
        raise NotForThis(
            f"Its chunks are of {LEAST_SIDE} to {MOST_SIDE} voxels a side already", where=path or str(version)
        )
    named = {level.volume for level in levels}
    return RechunkPlan(levels, {it.path: it.metadata_digest for it in chosen if it.path in named})


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
    return RechunkedLevel(
        volume=volume.path,
        path=level["path"],
        document=with_chunks(stored.document, chunk, shard),
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
