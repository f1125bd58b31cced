"""Values along a plane through a stored array: of its chunks only those are read that the plane meets.

A picture is made tile by tile, so that the chunks in memory at once do not grow with it.
"""

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
SMALLEST_TILE_PIXELS = 64
TILE_BYTES = 64 * 1024**2
"""A tile that needs more decoded chunks than this is cut in four, down to the smallest tile."""

MOST_CHUNKS = 16_384
MOST_BYTES = 2 * 1024**3
MOST_TABLE = 2**22


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


def plan_plane(grid: ChunkGrid, itemsize: int, pixels: PixelGrid, *, linear: bool) -> PlanePlan | None:
    """How the values at ``pixels`` are read from an array with ``grid`` (z, y, x); nothing is read yet.

    None where that takes more than ``MOST_CHUNKS`` chunks or ``MOST_BYTES`` bytes of them.
    """
    chunk_bytes = int(np.prod(grid.chunk_shape, dtype=np.float64)) * itemsize
    most = min(MOST_CHUNKS, max(MOST_BYTES // chunk_bytes, 1))
    tiles: list[Tile] = []
    seen: set[Index] = set()
    for tile in _tiles(grid, chunk_bytes, pixels, linear):
        if tile is None:
            return None
        tiles.append(tile)
        seen.update(tile.chunks)
        if len(seen) > most:
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
        chunks = DecodedChunks(blocks.grid, blocks.sampled_type, blocks.read(tile.chunks))
        part = pixels.part(tile.rows, tile.columns)
        values = sample_linear(chunks, part) if plan.is_linear else sample_nearest(chunks, part)
        picture[tile.rows, tile.columns] = values
    return picture


def _tiles(grid: ChunkGrid, chunk_bytes: int, pixels: PixelGrid, linear: bool) -> Iterator[Tile | None]:
    """Tiles that need chunks, to and fro, so that neighbours follow each other; None: too many to be looked for."""
    for number, top in enumerate(range(0, pixels.height, TILE_PIXELS)):
        starts = range(0, pixels.width, TILE_PIXELS)
        for left in starts if number % 2 == 0 else reversed(starts):
            rows = slice(top, min(top + TILE_PIXELS, pixels.height))
            columns = slice(left, min(left + TILE_PIXELS, pixels.width))
            yield from _cut(grid, chunk_bytes, pixels, rows, columns, linear)


def _cut(
    grid: ChunkGrid, chunk_bytes: int, pixels: PixelGrid, rows: slice, columns: slice, linear: bool
) -> Iterator[Tile | None]:
    part = pixels.part(rows, columns)
    if table_size(grid, part) > MOST_TABLE:
        yield None
        return
    chunks = meeting_chunks(grid, part, linear=linear)
    size = max(part.width, part.height)
    if len(chunks) * chunk_bytes <= TILE_BYTES or size <= SMALLEST_TILE_PIXELS:
        if chunks:
            yield Tile(rows, columns, tuple(chunks))
        return
    for half_rows in _halves(rows):
        for half_columns in _halves(columns):
            yield from _cut(grid, chunk_bytes, pixels, half_rows, half_columns, linear)


def _halves(pixels: slice) -> list[slice]:
    if pixels.stop - pixels.start <= SMALLEST_TILE_PIXELS:
        return [pixels]
    middle = (pixels.start + pixels.stop) // 2
    return [slice(pixels.start, middle), slice(middle, pixels.stop)]
