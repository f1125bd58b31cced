"""Which coarser levels the volumes of a draft lack, and in which blocks they are made."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.queries.places import place_of_key, place_of_level
from datasets.processing.array_plans import ArrayPlan, ArraysPlan, choose_volumes
from datasets.processing.coarsening import CoarseBlock
from datasets.processing.recipe import NotForThis
from datasets.storage import objects
from datasets.storage.arrays import StoredArray, read_array
from datasets.storage.derived_arrays import with_shape
from datasets.storage.keys import join_key
from datasets.storage.pyramids import LARGEST_COARSEST_SIDE
from datasets.storage.roots import OWN_ROOT
from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.overlays import finer_voxels

LEAST_BLOCK_SIDE = 128
"""A block is made of as many objects as it takes to be so long along each space axis: it is read from twice that."""

LARGEST_BLOCK_BYTES = 1024**3
"""What is read for one block, at most: an array whose chunks are larger is to be written in smaller ones first."""

VOXELS_PER_SECOND = 60e6
"""What one core has been seen to do at least, reading and writing compressed chunks on a local disk."""


@dataclass(frozen=True, kw_only=True)
class LevelPlan(ArrayPlan):
    """A level to be made of the one before it. Where ``source_root`` is empty, ``source`` is a key below the outputs of
    the job: a level that is made, too."""

    method: Literal["mean", "mode"]
    source_shape: tuple[int, ...]

    @property
    def voxels(self) -> int:
        return math.prod(self.source_shape)

    @property
    def block_bytes(self) -> int:
        return math.prod(self.factors) * super().block_bytes

    def blocks(self, prefix: str) -> Iterator[CoarseBlock]:
        is_made = not self.source_root
        for start, stop in self.regions():
            yield CoarseBlock(
                source_root=self.source_root or OWN_ROOT,
                source=join_key(prefix, self.source) if is_made else self.source,
                target_root=OWN_ROOT,
                target=join_key(prefix, self.key),
                zarr_format=self.zarr_format,
                method=self.method,
                source_shape=self.source_shape,
                factors=self.factors,
                start=start,
                stop=stop,
            )


def plan_pyramids(version: DatasetVersion, path: str) -> ArraysPlan[LevelPlan]:
    """What is missing of one volume, or of all where ``path`` is empty.

    Raises:
        NameUnknown: there is no such volume.
        NotForThis: nothing is missing, or it cannot be made.
        StorageError: metadata cannot be read.
    """
    chosen = choose_volumes(version, path)
    levels = tuple(level for volume in chosen for level in _levels(version, volume))
    if not levels:
        side = LARGEST_COARSEST_SIDE
        raise NotForThis(f"No level is missing: the coarsest is at most {side} voxels long", where=path or str(version))
    return ArraysPlan.of_volumes(levels, chosen)


def _levels(version: DatasetVersion, volume: Volume) -> Iterator[LevelPlan]:
    given = volume.levels[-1]
    root, key = place_of_level(version, volume, given)
    spatial = [axis for axis in volume.axes if axis in given["scale_nm"]]
    shape, scale_nm = tuple(given["shape"]), dict(given["scale_nm"])
    source_root, source = root.name, key
    stored: StoredArray | None = None
    names = _free_names(version, volume)
    while max(shape[volume.axes.index(axis)] for axis in spatial) > LARGEST_COARSEST_SIDE:
        stored = stored or read_array(root, key, zarr_format=volume.zarr_format)
        halved = [axis for axis in finer_voxels(scale_nm) if shape[volume.axes.index(axis)] > 1]
        if not halved:
            return
        factors = tuple(2 if axis in halved else 1 for axis in volume.axes)
        coarse = tuple(-(-size // factor) for size, factor in zip(shape, factors, strict=True))
        level = LevelPlan(
            volume=volume.path,
            path=next(names),
            document=with_shape(stored.document, coarse),
            zarr_format=volume.zarr_format,
            method="mode" if volume.is_labels else "mean",
            source_root=source_root,
            source=source,
            source_shape=shape,
            shape=coarse,
            factors=factors,
            block_shape=_block_shape(stored.facts, coarse, [axis in spatial for axis in volume.axes]),
            itemsize=np.dtype(volume.dtype).itemsize,
        )
        if level.block_bytes > LARGEST_BLOCK_BYTES:
            raise NotForThis(
                f"Its chunks are of {given['chunk_shape']} voxels: a block would hold {level.block_bytes} bytes",
                where=volume.path,
                fix="Write it in smaller chunks first, by the recipe rechunk",
            )
        yield level
        source_root, source, shape = "", level.key, coarse
        scale_nm = {axis: size * (2 if axis in halved else 1) for axis, size in scale_nm.items()}


def _block_shape(facts: ArrayFacts, shape: Sequence[int], spatial: Sequence[bool]) -> tuple[int, ...]:
    """Whole objects of the array, LEAST_BLOCK_SIDE long where it is, and no longer than the array needs."""
    grid = ChunkGrid(tuple(shape), facts.chunk_shape, facts.shard_shape)
    sides = []
    for size, whole, is_spatial in zip(shape, grid.object_shape, spatial, strict=True):
        wanted = min(LEAST_BLOCK_SIDE, size) if is_spatial else 1
        sides.append(whole * max(1, -(-wanted // whole)))
    return tuple(sides)


def _free_names(version: DatasetVersion, volume: Volume) -> Iterator[str]:
    """Names for further levels, as those that are there are named; none that something has already."""
    place = place_of_key(version, volume.path)
    assert place is not None, "a volume that is here is mounted"
    taken = {name.rstrip("/") for name in objects.list_folder(*place)} | {it["path"] for it in volume.levels}
    last = volume.levels[-1]["path"]
    match = re.fullmatch(r"(.*?)([0-9]+)", last)
    stem, number = (match[1], int(match[2]) + 1) if match else ("", len(volume.levels))
    return (name for at in itertools.count(number) if (name := f"{stem}{at}") not in taken)
