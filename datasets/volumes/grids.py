"""How an array is cut into chunks and shards, and how the pieces are called."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from datasets.volumes.errors import CisternaError

type Index = tuple[int, ...]


class ChunkGridInvalid(CisternaError):
    """Array, chunk and shard shape do not go together."""

    slug = "chunk-grid-invalid"
    status = 422
    title = "Chunks do not fit the array"


@dataclass(frozen=True)
class ChunkGrid:
    """A regular grid of chunks over an array, optionally gathered in shards. All shapes in stored axis order.

    Chunks at the upper edge may reach beyond the array; their slices are clipped. Chunks are the unit of decoding; what
    is stored as one object is a shard where there are shards, else a chunk. Raises ChunkGridInvalid.
    """

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    shard_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        grids = [self.shape, self.chunk_shape] + ([self.shard_shape] if self.shard_shape else [])
        if len({len(sizes) for sizes in grids}) != 1:
            raise ChunkGridInvalid(
                f"shapes {', '.join(map(str, grids))} differ in their number of axes", fix="Give one size per axis."
            )
        if min(self.shape, default=0) < 0 or min(self.chunk_shape, default=1) < 1:
            raise ChunkGridInvalid(
                f"array shape {self.shape} with chunk shape {self.chunk_shape}", fix="Chunks have at least one voxel."
            )
        if self.shard_shape and any(
            shard < 1 or shard % chunk for shard, chunk in zip(self.shard_shape, self.chunk_shape, strict=True)
        ):
            raise ChunkGridInvalid(
                f"shard shape {self.shard_shape} is not made of whole chunks {self.chunk_shape}",
                fix="Make every side of the shard a multiple of the chunk's.",
            )

    @property
    def object_shape(self) -> tuple[int, ...]:
        """Shape of what is stored under one key: a shard, or a chunk where there are no shards."""
        return self.shard_shape or self.chunk_shape

    @property
    def objects(self) -> "ChunkGrid":
        """The grid of stored objects: the shards as if they were chunks."""
        return ChunkGrid(self.shape, self.object_shape)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of chunks along each axis, those at the upper edge included."""
        return tuple(-(-size // chunk) for size, chunk in zip(self.shape, self.chunk_shape, strict=True))

    @property
    def total(self) -> int:
        """Number of chunks."""
        return math.prod(self.counts)

    def slices(self, index: Index) -> tuple[slice, ...]:
        """The voxels of one chunk, clipped at the array's edge. Raises IndexError outside the grid."""
        self._require_within(index, self.counts, "chunk")
        return tuple(
            slice(i * chunk, min((i + 1) * chunk, size))
            for i, chunk, size in zip(index, self.chunk_shape, self.shape, strict=True)
        )

    def containing(self, voxel: Index) -> Index:
        """Index of the chunk that holds ``voxel``. Raises IndexError outside the array."""
        self._require_within(voxel, self.shape, "voxel")
        return tuple(v // chunk for v, chunk in zip(voxel, self.chunk_shape, strict=True))

    def meeting(self, start: Index, stop: Index) -> Iterator[Index]:
        """Indices of the chunks that share a voxel with the box [start, stop), in C order; the box may overhang."""
        ranges: list[range] = []
        for low, high, size, chunk in zip(start, stop, self.shape, self.chunk_shape, strict=True):
            low, high = max(low, 0), min(high, size)
            ranges.append(range(low // chunk, -(-high // chunk)) if low < high else range(0))
        return itertools.product(*ranges)

    def __iter__(self) -> Iterator[Index]:
        """Indices of all chunks, in C order."""
        return itertools.product(*map(range, self.counts))

    @staticmethod
    def _require_within(index: Index, limits: Sequence[int], kind: str) -> None:
        if len(index) != len(limits) or not all(0 <= i < limit for i, limit in zip(index, limits, strict=True)):
            raise IndexError(f"{kind} {index} is outside {tuple(limits)}")


@dataclass(frozen=True)
class KeyEncoding:
    """How a chunk's index becomes its key below the array.

    "v2" is Zarr v2's own way (``0.0.0`` or ``0/0/0``), also allowed in v3; "default" is Zarr v3's (``c/0/0/0``).
    Zarr v3 core specification, section "Chunk key encoding".
    """

    name: Literal["default", "v2"] = "default"
    separator: Literal["/", "."] = "/"

    def key(self, index: Index) -> str:
        """Key of the chunk (of the shard, where there are shards), relative to the array."""
        parts = [str(i) for i in index]
        if self.name == "default":
            return self.separator.join(["c", *parts])
        return self.separator.join(parts) or "0"
