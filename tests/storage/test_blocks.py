"""Decoded chunks: kept within their bound, decoded once, never older than what is stored."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from datasets.storage import blocks as stored_blocks
from datasets.storage.arrays import ArrayForm, ChunkUndecodable
from datasets.storage.block_cache import ENTRY_BYTES, BlockCache, block_cache, configure_block_cache
from datasets.storage.blocks import ArrayBlocks, ArrayPlace
from datasets.storage.errors import ObjectChanged, StorageUnavailable
from datasets.storage.roots import OWN_ROOT, Root

AGES_AGO_S = 1_700_000_000
FORM = ArrayForm((8, 8), (4, 4), "uint8")
"""Of what :func:`write_array` writes."""


@pytest.fixture(autouse=True)
def cache() -> Iterator[BlockCache]:
    before = block_cache().most_bytes
    configure_block_cache(1_000_000)
    yield block_cache()
    configure_block_cache(before)


def counted(log: list[int]) -> object:
    def decode(keys: list[int]) -> dict[int, np.ndarray]:
        log.extend(keys)
        return {key: np.full(1000, key, np.uint8) for key in keys}

    return decode


def test_what_was_used_last_stays_within_the_bound() -> None:
    log: list[int] = []
    kept = BlockCache(3 * (1000 + ENTRY_BYTES))
    for key in (1, 2, 3, 1, 4, 1, 2):
        assert kept.get([key], counted(log))[key][0] == key
        assert kept.held_bytes <= kept.most_bytes
    assert log == [1, 2, 3, 4, 2]


def test_a_block_larger_than_the_bound_is_handed_out_and_not_kept() -> None:
    kept = BlockCache(100)
    assert kept.get([7], counted([]))[7][0] == 7
    assert kept.held_bytes == 0


def test_whoever_comes_meanwhile_waits_for_the_one_decoding() -> None:
    kept, log, begun = BlockCache(10**6), list[int](), threading.Event()

    def slowly(keys: list[int]) -> dict[int, np.ndarray]:
        begun.set()
        time.sleep(0.05)
        return counted(log)(keys)

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(kept.get, [1, 2], slowly)
        begun.wait()
        others = [threads.submit(kept.get, [2, 1, key], slowly) for key in (3, 3, 4, 3)]
        for future in (first, *others):
            assert all(block[0] == key for key, block in future.result().items())
    assert sorted(log) == [1, 2, 3, 4]


def test_a_failure_is_everybodys_and_not_kept() -> None:
    kept, begun, go_on = BlockCache(10**6), threading.Event(), threading.Event()

    def fail(keys: list[int]) -> dict[int, np.ndarray]:
        begun.set()
        go_on.wait()
        raise ChunkUndecodable("damaged")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(kept.get, [1], fail)
        begun.wait()
        second = threads.submit(kept.get, [1], fail)
        time.sleep(0.01)
        go_on.set()
        for future in (first, second):
            with pytest.raises(ChunkUndecodable):
                future.result()
    assert kept.get([1], counted([]))[1][0] == 1


def write_array(folder: Path, value: int = 1, *, age_s: float = AGES_AGO_S) -> Path:
    array = zarr.create_array(folder / "a", shape=(8, 8), chunks=(4, 4), dtype="u1", fill_value=0, overwrite=True)
    array[:4] = value
    set_age(folder, age_s)
    return folder / "a"


def set_age(folder: Path, age_s: float) -> None:
    """Files written that long ago: what was written a moment ago may still be written, and is not kept."""
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - age_s,) * 2)


def place(folder: Path, *, own: bool = False, is_published: bool = True) -> ArrayPlace:
    root = Root(name=OWN_ROOT if own else "data", url=folder.as_uri())
    return ArrayPlace(root, "a", 3, ("y", "x"), FORM, is_published=is_published)


def value_at(where: ArrayPlace) -> int:
    block = ArrayBlocks(where).read([(0, 0, 0)])[0, 0, 0]
    assert block is not None
    assert block.shape == (1, 4, 4)
    return int(block[0, 0, 0])


@pytest.mark.parametrize("is_published", [True, False])
@pytest.mark.parametrize("age_s", [AGES_AGO_S, 0])
def test_a_file_that_is_replaced_is_read_again(tmp_path: Path, is_published: bool, age_s: float) -> None:
    write_array(tmp_path, 1, age_s=age_s)
    assert value_at(place(tmp_path, is_published=is_published)) == 1
    write_array(tmp_path, 2, age_s=age_s)
    assert value_at(place(tmp_path, is_published=is_published)) == 2


def test_a_draft_in_the_portals_own_root_is_never_old(tmp_path: Path) -> None:
    write_array(tmp_path, 1)
    assert value_at(place(tmp_path, own=True, is_published=False)) == 1
    write_array(tmp_path, 2)
    assert value_at(place(tmp_path, own=True, is_published=False)) == 2


@pytest.mark.parametrize("own", [True, False])
def test_what_is_as_it_was_is_decoded_once(tmp_path: Path, own: bool, cache: BlockCache) -> None:
    array = write_array(tmp_path)
    assert value_at(place(tmp_path, own=own)) == 1
    held = cache.held_bytes
    (block,) = ArrayBlocks(place(tmp_path, own=own)).read([(0, 0, 0)]).values()
    (again,) = ArrayBlocks(place(tmp_path, own=own)).read([(0, 0, 0)]).values()
    assert again is block
    assert cache.held_bytes == held
    if own:  # of which nothing is asked again
        (array / "c" / "0" / "0").unlink()
        assert value_at(place(tmp_path, own=True)) == 1


@pytest.mark.parametrize("part", ["zarr.json", "c/0/0"])
def test_what_cannot_be_found_again_pushes_nothing_out(tmp_path: Path, cache: BlockCache, part: str) -> None:
    """A file written a moment ago: its chunks are decoded once for a picture, and kept for no other."""
    array = write_array(tmp_path)
    os.utime(array / part)
    blocks = ArrayBlocks(place(tmp_path))
    first, again = (blocks.read([(0, 0, 0)])[0, 0, 0] for _ in range(2))
    assert again is first
    assert cache.held_bytes == 0


def test_chunks_of_zeros_take_no_room(tmp_path: Path, cache: BlockCache) -> None:
    write_array(tmp_path)
    assert ArrayBlocks(place(tmp_path)).read([(0, 1, 0), (0, 1, 1)]) == {(0, 1, 0): None, (0, 1, 1): None}
    assert cache.held_bytes == 2 * ENTRY_BYTES


def test_absent_chunks_are_what_the_array_says(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a", shape=(6, 6), chunks=(4, 4), dtype="u1", fill_value=9)
    where = replace(place(tmp_path), form=replace(FORM, shape=(6, 6)))
    blocks = ArrayBlocks(where).read([(0, 0, 0), (0, 1, 1)])
    assert [block.shape for block in blocks.values() if block is not None] == [(1, 4, 4), (1, 2, 2)]
    assert all(block is not None and (block == 9).all() for block in blocks.values())


def test_axes_come_in_the_order_of_space_at_one_element_of_the_others(tmp_path: Path) -> None:
    voxels = np.random.default_rng(5).integers(0, 1000, size=(3, 5, 2, 6, 7)).astype(">u2")  # t, x, c, z, y
    array = zarr.create_array(
        tmp_path / "a", shape=voxels.shape, chunks=(2, 2, 1, 3, 7), shards=(2, 4, 2, 6, 7), dtype=voxels.dtype
    )
    array[...] = voxels
    form = ArrayForm(voxels.shape, (2, 2, 1, 3, 7), "uint16")
    where = ArrayPlace(place(tmp_path).root, "a", 3, tuple("txczy"), form, {"t": 2, "c": 1})
    blocks = ArrayBlocks(where)
    assert (blocks.grid.shape, blocks.grid.chunk_shape) == ((6, 7, 5), (3, 7, 2))
    read = blocks.read(list(blocks.grid))
    assert len(read) == 6
    for index, block in read.items():
        expected = np.transpose(voxels[2, :, 1], (1, 2, 0))[blocks.grid.slices(index)]
        np.testing.assert_array_equal(block, expected)
        assert block is not None
        assert block.flags.c_contiguous
        assert block.dtype == np.dtype("u2")


def test_a_chunk_is_as_old_as_the_object_that_holds_it(tmp_path: Path) -> None:
    """One shard of t, x, c is written again, and of all chunks those in it are decoded again."""
    array = zarr.create_array(tmp_path / "a", shape=(3, 8, 2), chunks=(1, 2, 1), shards=(2, 4, 2), dtype="u1")
    array[...] = 1
    set_age(tmp_path, AGES_AGO_S)
    form = ArrayForm((3, 8, 2), (1, 2, 1), "uint8")
    where = ArrayPlace(place(tmp_path).root, "a", 3, ("t", "x", "c"), form, {"t": 2, "c": 1})
    indices = [(0, 0, x) for x in range(4)]
    before = ArrayBlocks(where).read(indices)
    array[2:, 4:] = 2
    set_age(tmp_path / "a" / "c" / "1" / "1", AGES_AGO_S)
    after = ArrayBlocks(where).read(indices)
    assert [after[index] is before[index] for index in indices] == [True, True, False, False]
    assert all((block == 1 + (x > 1)).all() for (_, _, x), block in after.items() if block is not None)


def test_damage_is_named_and_nothing_absent(tmp_path: Path) -> None:
    array = write_array(tmp_path)
    (array / "c" / "0" / "0").write_bytes(b"not zstd")
    with pytest.raises(ChunkUndecodable):
        ArrayBlocks(place(tmp_path)).read([(0, 0, 0)])
    with pytest.raises(ObjectChanged):
        ArrayBlocks(replace(place(tmp_path), axes=("z", "y", "x"), form=ArrayForm((1, 8, 8), (1, 4, 4), "uint8")))
    for document in ("{", "[]", '{"zarr_format": 3, "node_type": "array"}'):
        (array / "zarr.json").write_text(document)
        with pytest.raises(ObjectChanged):
            ArrayBlocks(place(tmp_path))
    (array / "zarr.json").unlink()
    with pytest.raises(StorageUnavailable):
        ArrayBlocks(place(tmp_path))


@pytest.mark.parametrize("own", [True, False])
def test_chunks_of_an_array_that_is_gone_are_not_empty_space(tmp_path: Path, own: bool) -> None:
    """As where a disk is not mounted any more: nothing of the array is there, also not what is absent of it anyhow."""
    array = write_array(tmp_path)
    blocks = ArrayBlocks(place(tmp_path, own=own))
    array.rename(tmp_path / "elsewhere")
    for index in ((0, 0, 0), (0, 1, 1)):
        with pytest.raises(StorageUnavailable):
            blocks.read([index])
    (tmp_path / "elsewhere").rename(array)
    assert value_at(place(tmp_path, own=own)) == 1
    assert blocks.read([(0, 1, 1)]) == {(0, 1, 1): None}


def test_an_array_that_took_the_place_of_another_is_not_read(tmp_path: Path) -> None:
    write_array(tmp_path)
    ArrayBlocks(place(tmp_path))
    for other in (replace(FORM, shape=(8, 9)), replace(FORM, chunk_shape=(8, 4)), replace(FORM, dtype="uint16")):
        with pytest.raises(ObjectChanged):
            ArrayBlocks(replace(place(tmp_path), form=other))


def test_few_arrays_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_blocks, "MOST_OPEN", 2)
    for name in "bcd":
        write_array(tmp_path / name)
        ArrayBlocks(place(tmp_path / name))
    assert len(stored_blocks._opened) == 2
