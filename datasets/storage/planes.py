"""Values along a plane through a stored array: of its chunks only those are read that the plane meets.

A picture is made tile by tile, so that the chunks in memory at once do not grow with it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.storage.blocks import ArrayBlocks
from datasets.volumes.grids import ChunkGrid, Index
from datasets.volumes.planes import PixelGrid
from datasets.volumes.sampling import (
    DecodedChunks,
    meeting_chunks,
    sample_linear,
    sample_nearest,
    table_size,
)

TILE_PIXELS = 512
TILE_BYTES = 64 * 1024**2
"""A tile that needs more decoded chunks than this is cut in two, and again, as long as it needs more than eight."""

TILE_CHUNKS = 8
"""A single pixel may need so many."""

MOST_CHUNKS = 16_384
MOST_BYTES = 2 * 1024**3
MOST_TABLE = 2**22

MOST_READ = 4
"""Neighbouring tiles share chunks, which may have to be decoded for each: on the whole at most so many times each."""


@dataclass(frozen=True)
class Tile:
    """A part of a picture, and the chunks it needs."""

    rows: slice
    columns: slice
    chunks: tuple[Index, ...]


@dataclass(frozen=True)
class PlanePlan:
    """How a picture is read: its tiles, and of how many chunks and how many decoded bytes."""

    pixels: PixelGrid
    is_linear: bool
    tiles: tuple[Tile, ...]
    chunks: int
    size_bytes: int

    @property
    def share(self) -> float:
        """Of what may be read for one picture: 1 is all of it."""
        return max(self.chunks / MOST_CHUNKS, self.size_bytes / MOST_BYTES)


def plan_plane(grid: ChunkGrid, voxel_bytes: int, pixels: PixelGrid, *, linear: bool) -> PlanePlan | None:
    """How the values at ``pixels`` are read from an array with ``grid`` (z, y, x); nothing is read yet.

    None where that takes more than ``MOST_CHUNKS`` chunks or ``MOST_BYTES`` bytes of them.

    Args:
        voxel_bytes: what a voxel takes in a decoded chunk, with all that the chunk holds along other axes.
    """
    chunk_bytes = math.prod(grid.chunk_shape) * voxel_bytes
    most = min(MOST_CHUNKS, max(MOST_BYTES // chunk_bytes, 1))
    tiles: list[Tile] = []
    seen: set[Index] = set()
    last: set[Index] = set()
    read = 0
    for whole in _tiles(grid, pixels, linear):
        if whole is None or len(whole.chunks) > most:
            return None
        for tile in _pieces(grid, pixels, whole, max(TILE_BYTES // chunk_bytes, TILE_CHUNKS), linear):
            tiles.append(tile)
            chunks = set(tile.chunks)
            read, last = read + len(chunks - last), chunks
            seen |= chunks
            if len(seen) > most or read > MOST_READ * most:
                return None
    return PlanePlan(pixels, linear, tuple(tiles), len(seen), len(seen) * chunk_bytes)


def read_plane(blocks: ArrayBlocks, plan: PlanePlan) -> NDArray[np.generic]:
    """(height, width): float32 where the plan is linear, else of the type in which the array is sampled; 0 outside.

    Raises:
        StorageError: a chunk cannot be read.
    """
    pixels = plan.pixels
    picture = np.zeros((pixels.height, pixels.width), np.float32 if plan.is_linear else blocks.sampled_type)
    for tile in plan.tiles:
        picture[tile.rows, tile.columns] = _read_tile(blocks, plan, tile)
    return picture


def _read_tile(blocks: ArrayBlocks, plan: PlanePlan, tile: Tile) -> NDArray[np.generic]:
    chunks = DecodedChunks(blocks.grid, blocks.sampled_type, blocks.read(tile.chunks))
    part = plan.pixels.part(tile.rows, tile.columns)
    return sample_linear(chunks, part) if plan.is_linear else sample_nearest(chunks, part)


def _tiles(grid: ChunkGrid, pixels: PixelGrid, linear: bool) -> Iterator[Tile | None]:
    """The picture's tiles, to and fro, so that neighbours follow each other; None: too many chunks to be looked for."""
    for number, top in enumerate(range(0, pixels.height, TILE_PIXELS)):
        starts = range(0, pixels.width, TILE_PIXELS)
        for left in starts if number % 2 == 0 else reversed(starts):
            rows = slice(top, min(top + TILE_PIXELS, pixels.height))
            columns = slice(left, min(left + TILE_PIXELS, pixels.width))
            part = pixels.part(rows, columns)
            if table_size(grid, part) > MOST_TABLE:
                yield None
                return
            yield Tile(rows, columns, tuple(meeting_chunks(grid, part, linear=linear)))


def _pieces(grid: ChunkGrid, pixels: PixelGrid, tile: Tile, most: int, linear: bool) -> Iterator[Tile]:
    """The tile, cut so that no piece needs more than ``most`` chunks: in that way in which the halves share fewer."""
    if len(tile.chunks) <= most:
        if tile.chunks:
            yield tile
        return
    ways = [
        [
            Tile(rows, columns, tuple(meeting_chunks(grid, pixels.part(rows, columns), linear=linear)))
            for rows, columns in halves
        ]
        for halves in _halves(tile)
    ]
    for half in min(ways, key=lambda halves: sum(len(half.chunks) for half in halves)):
        yield from _pieces(grid, pixels, half, most, linear)


def _halves(tile: Tile) -> list[list[tuple[slice, slice]]]:
    """Rows and columns of two halves, across the longer side first; a side of one pixel is not cut."""
    rows, columns = tile.rows, tile.columns
    ways = []
    for side, is_height in sorted([(_length(rows), True), (_length(columns), False)], reverse=True):
        if side > 1 and is_height:
            ways.append([(half, columns) for half in _cut_in_two(rows)])
        elif side > 1:
            ways.append([(rows, half) for half in _cut_in_two(columns)])
    return ways


def _length(pixels: slice) -> int:
    return int(pixels.stop - pixels.start)


def _cut_in_two(pixels: slice) -> tuple[slice, slice]:
    middle = (pixels.start + pixels.stop) // 2
    return slice(pixels.start, middle), slice(middle, pixels.stop)
