"""Arrays that a recipe makes for a draft, in blocks of whole objects: beside given levels, or in place of some."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.queries.names import NameUnknown
from datasets.storage.arrays import metadata_name
from datasets.storage.keys import join_key
from datasets.volumes.grids import ChunkGrid


@dataclass(frozen=True, kw_only=True)
class ArrayPlan:
    """One array to be made. Shapes in stored axis order."""

    volume: str
    path: str
    document: Mapping[str, Any]
    attributes: Mapping[str, Any] | None = None
    """Those of a v2 array, which lie beside its metadata, where it has some."""
    zarr_format: int
    source_root: str
    source: str
    shape: tuple[int, ...]
    block_shape: tuple[int, ...]
    itemsize: int
    factors: tuple[int, ...] = ()
    """How many voxels of the level before one is made of; nothing where it takes the place of a given one."""

    @property
    def key(self) -> str:
        """Of the array below the outputs of its job, and of the version."""
        return join_key(self.volume, self.path)

    @property
    def grid(self) -> ChunkGrid:
        return ChunkGrid(self.shape, self.block_shape)

    @property
    def voxels(self) -> int:
        """What is read."""
        return math.prod(self.shape)

    @property
    def reads_bytes(self) -> int:
        return self.voxels * self.itemsize

    @property
    def block_bytes(self) -> int:
        """What is read for one block."""
        return math.prod(self.block_shape) * self.itemsize

    @property
    def documents(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Names and contents of what says what the array is."""
        yield metadata_name(self.zarr_format), self.document
        if self.attributes is not None:
            yield ".zattrs", self.attributes

    def regions(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """First voxel and end of each block, in C order."""
        for index in self.grid:
            region = self.grid.slices(index)
            yield tuple(each.start for each in region), tuple(each.stop for each in region)

    def blocks(self, prefix: str) -> Iterator[Any]:
        """What a process is handed for each block, in C order; ``prefix`` is where the outputs go."""
        raise NotImplementedError


@dataclass(frozen=True)
class ArraysPlan[Array: ArrayPlan]:
    """All arrays to be made, those of a volume one after another."""

    arrays: tuple[Array, ...]
    sources: Mapping[str, str]
    """The metadata digest of each volume, as it was when the plan was made."""

    @classmethod
    def of_volumes(cls, arrays: tuple[Array, ...], volumes: list[Volume]) -> ArraysPlan[Array]:
        named = {array.volume for array in arrays}
        return cls(arrays, {it.path: it.metadata_digest for it in volumes if it.path in named})

    @property
    def digest(self) -> str:
        content = {"levels": [asdict(array) for array in self.arrays], "sources": dict(self.sources)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def block_count(self) -> int:
        return sum(array.grid.total for array in self.arrays)

    @property
    def reads_bytes(self) -> int:
        return sum(array.reads_bytes for array in self.arrays)

    @property
    def largest_block_bytes(self) -> int:
        return max(array.block_bytes for array in self.arrays)

    def of(self, volume: str) -> list[Array]:
        return [array for array in self.arrays if array.volume == volume]


def choose_volumes(version: DatasetVersion, path: str) -> list[Volume]:
    """The volume at ``path``, or all whose data are here where it is empty.

    Raises:
        NameUnknown: there is no such volume.
    """
    here = [volume for volume in version.volumes.all() if volume.levels and not volume.is_external]
    chosen = [volume for volume in here if path in ("", volume.path)]
    if path and not chosen:
        raise NameUnknown("volume with data here", path, [volume.path for volume in here])
    return chosen
