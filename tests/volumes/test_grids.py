"""Chunks and shards: they fill the array, each voxel once."""

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.grids import ChunkGrid, ChunkGridInvalid, KeyEncoding


@st.composite
def grids(draw, smallest=0):
    """Shapes whose last chunks are uneven more often than not, with and without shards."""
    axis_count = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(smallest, 9)) for _ in range(axis_count))
    chunk_shape = tuple(draw(st.integers(1, 5)) for _ in range(axis_count))
    factors = draw(st.none() | st.tuples(*[st.integers(1, 3)] * axis_count))
    shard_shape = factors and tuple(c * f for c, f in zip(chunk_shape, factors, strict=True))
    return ChunkGrid(shape, chunk_shape, shard_shape)


@given(grids())
def test_chunks_and_objects_partition_the_volume(grid):
    for pieces in (grid, grid.objects):
        times_met = np.zeros(grid.shape, int)
        for index in pieces:
            times_met[pieces.slices(index)] += 1
        assert (times_met == 1).all()
        assert sum(1 for _ in pieces) == pieces.total


@given(grids(smallest=1), st.data())
def test_the_chunk_containing_a_voxel_holds_it(grid, data):
    voxel = tuple(data.draw(st.integers(0, size - 1)) for size in grid.shape)
    index = grid.containing(voxel)
    assert all(part.start <= v < part.stop for part, v in zip(grid.slices(index), voxel, strict=True))


@given(grids(), st.data())
def test_chunks_meeting_a_box_are_those_that_share_a_voxel(grid, data):
    start = tuple(data.draw(st.integers(-3, 12)) for _ in grid.shape)
    stop = tuple(data.draw(st.integers(-3, 12)) for _ in grid.shape)
    inside = np.zeros(grid.shape, bool)
    inside[tuple(slice(max(low, 0), max(high, 0)) for low, high in zip(start, stop, strict=True))] = True
    expected = [index for index in grid if inside[grid.slices(index)].any()]
    assert list(grid.meeting(start, stop)) == expected


def test_counts_include_the_clipped_edge():
    grid = ChunkGrid((250, 250, 10), (64, 64, 64), (128, 128, 64))
    assert grid.counts == (4, 4, 1)
    assert grid.objects.counts == (2, 2, 1)
    assert grid.total == 16
    assert grid.slices((3, 0, 0)) == (slice(192, 250), slice(0, 64), slice(0, 10))


@pytest.mark.parametrize("index", [(2, 0), (0, -1), (0,), (0, 0, 0)])
def test_outside_the_grid_is_an_error(index):
    grid = ChunkGrid((7, 7), (4, 4))
    with pytest.raises(IndexError):
        grid.slices(index)


def test_a_voxel_outside_the_array_is_in_no_chunk():
    with pytest.raises(IndexError):
        ChunkGrid((7, 7), (4, 4)).containing((7, 0))  # within the last chunk, beyond the edge


@pytest.mark.parametrize(
    ("shape", "chunk_shape", "shard_shape"),
    [((8, 8), (4,), None), ((8,), (0,), None), ((-1,), (2,), None), ((8,), (3,), (8,)), ((8, 8), (4, 4), (8,))],
)
def test_shapes_that_do_not_go_together_are_refused(shape, chunk_shape, shard_shape):
    with pytest.raises(ChunkGridInvalid) as caught:
        ChunkGrid(shape, chunk_shape, shard_shape)
    assert caught.value.fix


ENCODINGS = {
    KeyEncoding("v2", "."): {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "."}},
    KeyEncoding("v2", "/"): {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "/"}},
    KeyEncoding("default", "/"): {"zarr_format": 3},
    KeyEncoding("default", "."): {"zarr_format": 3, "chunk_key_encoding": {"name": "default", "separator": "."}},
}


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_keys_and_clipping_are_those_of_zarr_python(encoding, tmp_path):
    """zarr-python writes one voxel; the one file that appears is the one we name."""
    for number, voxel in enumerate([(0, 0), (6, 2), (3, 4)]):
        folder = tmp_path / str(number)
        array = zarr.create_array(folder, shape=(7, 5), chunks=(2, 3), dtype="u1", **ENCODINGS[encoding])
        array[voxel] = 1
        written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        documents = {"zarr.json", ".zarray", ".zattrs"}
        assert written - documents == {encoding.key(ChunkGrid((7, 5), (2, 3)).containing(voxel))}


def test_shards_are_the_objects_zarr_python_writes(tmp_path):
    array = zarr.create_array(tmp_path / "a", shape=(9, 9), chunks=(2, 2), shards=(4, 4), dtype="u1")
    array[:] = 1
    grid = ChunkGrid((9, 9), (2, 2), (4, 4))
    written = {p.relative_to(tmp_path / "a").as_posix() for p in (tmp_path / "a").rglob("c/**/*") if p.is_file()}
    assert written == {KeyEncoding().key(index) for index in grid.objects}


def test_an_array_without_axes_has_one_chunk():
    assert list(ChunkGrid((), ())) == [()]
    assert KeyEncoding("default").key(()) == "c"
    assert KeyEncoding("v2", ".").key(()) == "0"
