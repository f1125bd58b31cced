"""Planes through stored arrays: the right values, from no more chunks than they need."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from scipy.ndimage import map_coordinates

from datasets.storage import planes
from datasets.storage.arrays import ArrayForm, ChunkUndecodable
from datasets.storage.blocks import ArrayBlocks, ArrayPlace
from datasets.storage.planes import plan_plane, read_plane
from datasets.storage.roots import Root
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.planes import PixelGrid

VOXELS = np.random.default_rng(2).integers(1, 255, size=(40, 50, 60), dtype=np.uint8)
FORM = ArrayForm(VOXELS.shape, (8, 8, 8), "uint8")
TILTED = PixelGrid((2.0131, -3.0173, 5.0119), (0.0113, 0.0317, 0.0619), (0.0523, 0.0631, -0.0127), 700, 600)
"""Two tiles by two, partly outside."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> ArrayPlace:
    folder = tmp_path_factory.mktemp("planes")
    zarr.create_array(folder / "a", shape=VOXELS.shape, chunks=(8, 8, 8), dtype="u1")[...] = VOXELS
    return ArrayPlace(Root(name="data", url=folder.as_uri()), "a", 3, tuple("zyx"), FORM)


def read(place: ArrayPlace, pixels: PixelGrid, *, linear: bool) -> Any:
    blocks = ArrayBlocks(place)
    plan = plan_plane(blocks.grid, 1, pixels, linear=linear)
    assert plan is not None
    return read_plane(blocks, plan)


def expected(pixels: PixelGrid, order: int) -> Any:
    rows, columns = np.indices((pixels.height, pixels.width))
    at = np.array(
        [a + rows * d + columns * c for a, c, d in zip(pixels.first, pixels.across, pixels.down, strict=True)]
    )
    values = map_coordinates(VOXELS.astype(float), at, order=order, mode="nearest")
    outside = np.any([(a < -0.5) | (a >= size - 0.5) for a, size in zip(at, VOXELS.shape, strict=True)], axis=0)
    values[outside] = 0
    return values


@pytest.mark.parametrize("tile_bytes", [planes.TILE_BYTES, 4 * 8**3])
def test_a_picture_of_several_tiles_is_scipys(
    place: ArrayPlace, monkeypatch: pytest.MonkeyPatch, tile_bytes: int
) -> None:
    monkeypatch.setattr(planes, "TILE_BYTES", tile_bytes)
    np.testing.assert_allclose(read(place, TILTED, linear=True), expected(TILTED, 1), atol=0.03)
    np.testing.assert_array_equal(read(place, TILTED, linear=False), expected(TILTED, 0))


def test_only_the_chunks_it_meets_are_read(place: ArrayPlace, tmp_path: Path) -> None:
    """Those it does not need are damaged, which whoever reads them is told."""
    zarr.create_array(tmp_path / "a", shape=VOXELS.shape, chunks=(8, 8, 8), dtype="u1")[...] = VOXELS
    diagonal = PixelGrid((4.0, 4.0, 0.0), (0.9, 0.9, 0.0), (0.0, 0.0, 1.0), 36, 60)
    grid = ChunkGrid(VOXELS.shape, (8, 8, 8))
    plan = plan_plane(grid, 1, diagonal, linear=True)
    assert plan is not None
    (tile,) = plan.tiles
    assert (plan.chunks, plan.size_bytes) == (len(tile.chunks), len(tile.chunks) * 512)
    assert plan.chunks < grid.total / 2
    for index in set(grid) - set(tile.chunks):
        (tmp_path / "a" / "c" / "/".join(map(str, index))).write_bytes(b"damaged")
    damaged = ArrayPlace(Root(name="data", url=tmp_path.as_uri()), "a", 3, tuple("zyx"), FORM)
    np.testing.assert_allclose(read(damaged, diagonal, linear=True), expected(diagonal, 1), atol=0.03)
    (tmp_path / "a" / "c" / "/".join(map(str, tile.chunks[3]))).write_bytes(b"damaged")
    with pytest.raises(ChunkUndecodable):
        read(damaged, diagonal, linear=True)


def test_a_plane_beside_the_array_reads_nothing(place: ArrayPlace) -> None:
    beside = PixelGrid((-10.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 20, 20)
    plan = plan_plane(ChunkGrid(VOXELS.shape, (8, 8, 8)), 1, beside, linear=True)
    assert plan is not None
    assert plan.tiles == ()
    assert not read(place, beside, linear=True).any()


@pytest.mark.parametrize("linear", [True, False])
def test_no_tile_needs_more_memory_than_it_may(linear: bool) -> None:
    """A chunk of labels for each pixel, as in a plane that is looked at from far away; and all chunks are large."""
    grid = ChunkGrid((4096, 4096, 4096), (64, 64, 64))
    far = PixelGrid((60.0, 31.0, 33.0), (40.0, 0.0, 64.0), (1.0, 64.0, 0.0), 30, 30)
    plan = plan_plane(grid, 8, far, linear=linear)
    assert plan is not None
    assert max(len(tile.chunks) for tile in plan.tiles) * 64**3 * 8 <= planes.TILE_BYTES
    assert sum(len(range(30)[it.rows]) * len(range(30)[it.columns]) for it in plan.tiles) == 900, "all pixels, once"
    assert len(plan.tiles) < 100
    slabs = plan_plane(ChunkGrid((64, 4096, 4096), (1, 4096, 4096)), 1, TILTED, linear=linear)
    assert slabs is not None
    assert max(len(tile.chunks) for tile in slabs.tiles) <= planes.TILE_CHUNKS
    assert len(slabs.tiles) < 50, "strips along the slabs, not squares across them"


@pytest.mark.parametrize(("name", "most"), [("MOST_CHUNKS", 5), ("MOST_BYTES", 5 * 512), ("MOST_TABLE", 20)])
def test_too_many_chunks_are_refused_before_one_is_read(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, name, most)
    assert plan_plane(ChunkGrid(VOXELS.shape, (8, 8, 8)), 1, TILTED, linear=True) is None
