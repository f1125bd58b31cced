"""Making cutouts: huge ones, whose files independent readers open; their places, and what is held in memory."""

import asyncio
import io
import resource
import threading
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import zarr

from datasets.serving import making as making_module
from datasets.serving.bounds import Overloaded
from datasets.serving.cutouts import scratch as scratch_module
from datasets.serving.cutouts.formats import FORMATS
from datasets.serving.cutouts.plan import Cut
from datasets.serving.cutouts.reading import SLAB_BYTES, CutReader, ReadingStopped
from datasets.serving.cutouts.scratch import Scratch
from datasets.serving.cutouts.tiff import tiff_header
from datasets.serving.cutouts.zips import ZipWriter
from datasets.serving.making import PIECE_BYTES, MadeWhileSent, Making
from datasets.storage.arrays import ArrayForm, ChunkUndecodable
from datasets.storage.errors import StorageUnavailable
from datasets.storage.roots import Root
from datasets.volumes.boxes import VoxelBox


def sparse_cut(folder: Path, shape: tuple[int, int, int], dtype: str, **changes: Any) -> Cut:
    """Of an array that is nearly empty, so that a huge one costs nothing."""
    array = zarr.create_array(folder, shape=shape, dtype=dtype, chunks=(64, 64, 64), fill_value=3)
    array[-1, -1, -9:] = 5
    root = Root(name="sparse", url=folder.as_uri())
    facts: dict[str, Any] = {
        "voxels": VoxelBox((0, 0, 0), shape[::-1]),
        "voxel_nm": (4.0, 5.0, 40.0),
        "first_nm": (2.0, 0.0, -20.0),
    }
    return Cut(
        stem="sparse", title="Sparse", is_labels=False, root=root, key="", zarr_format=3, axes=("z", "y", "x"),
        places={}, form=ArrayForm(shape, (64, 64, 64), dtype), **(facts | changes),
    )  # fmt: skip


def test_chunk_rows_that_do_not_fit_into_memory_go_through_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (70, 1000, 1100)
    whole = sparse_cut(tmp_path / "a", shape, "uint8")
    scratch = Scratch(tmp_path, shape[1] * shape[2] * 64)
    reader = CutReader(whole, whole.dtype, scratch=scratch)
    blocks = list(reader.planes())
    assert shape[1] * shape[2] * 64 > SLAB_BYTES >= 2 * max(map(len, blocks))
    expected = np.full(shape, 3, np.uint8)
    expected[-1, -1, -9:] = 5
    assert b"".join(blocks) == expected.tobytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(StorageUnavailable, match="no room"):
            next(reader.planes())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    first = reader.planes()
    next(first)
    with pytest.raises(Overloaded):  # two at once are more than all may take
        next(reader.planes())
    first.close()  # type: ignore[attr-defined]
    assert not scratch.taken_bytes
    with monkeypatch.context() as changed:
        changed.setattr(scratch_module, "RESERVE_BYTES", 1 << 60)
        changed.setattr(scratch_module, "RESERVE_SHARE", 1)
        with pytest.raises(StorageUnavailable, match="nearly full"):
            next(reader.planes())

    reader.stop()
    with pytest.raises(ReadingStopped):
        next(reader.planes())


def test_a_long_or_distant_box_is_nifti_2(tmp_path: Path) -> None:
    long = sparse_cut(tmp_path / "a", (1, 2, 40_000), "uint16")
    distant = sparse_cut(tmp_path / "b", (3, 4, 20), "uint16", first_nm=(80_000_000.5, 0.0, 1e8))
    for wanted in (long, distant):
        reader = CutReader(wanted, wanted.dtype, scratch=Scratch(tmp_path, 0))
        body = b"".join(FORMATS["nifti"].blocks(wanted, reader))
        image = nibabel.Nifti2Image.from_bytes(body)
        assert image.shape == wanted.shape_zyx[::-1]
        assert (np.asarray(image.dataobj) == 5).sum() == 9
        np.testing.assert_allclose(image.affine[:3, 3] * 1000, wanted.first_nm, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "uint64"])
def test_a_tiff_beyond_4_gib(tmp_path: Path, dtype: str) -> None:
    """Its header, before a file that is a hole up to the last voxels."""
    side = 1024
    planes = 2**32 // (side * side * np.dtype(dtype).itemsize) + 7
    wanted = sparse_cut(tmp_path / "a", (planes, side, side), dtype)
    path = tmp_path / "large.tif"
    last = np.arange(100, dtype=dtype)
    with path.open("wb") as file:
        file.write(tiff_header(wanted, wanted.dtype))
        file.truncate(FORMATS["tiff"].size_bytes(wanted))
        file.seek(-last.nbytes, io.SEEK_END)
        file.write(last.tobytes())
    assert path.stat().st_size > 2**32
    array = tifffile.memmap(path, mode="r")
    assert array.shape == wanted.shape_zyx
    assert array.dtype == dtype
    np.testing.assert_array_equal(array[-1, -1, -100:], last)
    assert not array[0].any()


def test_a_zip_beyond_4_gib_and_of_many_members(tmp_path: Path) -> None:
    """ZIP64, which an archive's directory is written in from there on: members behind a hole, and 70 000 of them."""
    archive, hole = ZipWriter(), 2**32 + 5
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.write(archive.member("first", b"1"))
        archive._at += hole
        file.seek(hole, io.SEEK_CUR)
        file.writelines(archive.member(f"m/{i}", str(i).encode()) for i in range(70_000))
        file.write(archive.end())
    with zipfile.ZipFile(path) as read:
        assert len(read.namelist()) == 70_001
        assert [read.read(name) for name in ("first", "m/0", "m/69999")] == [b"1", b"0", b"69999"]


def test_a_place_is_given_back_however_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    making = Making(1, least_bytes_per_s=8 * PIECE_BYTES)
    stopped: list[bool] = []
    at_work = threading.Event()

    def blocks() -> Generator[bytes]:
        while True:
            yield bytes(PIECE_BYTES)

    def slow() -> Generator[bytes]:
        at_work.set()
        while not stopped:
            time.sleep(0.01)
        raise ReadingStopped
        yield b""

    def failing() -> Generator[bytes]:
        yield b"first"
        raise ChunkUndecodable("broken")

    def begin(make: Callable[[], Generator[bytes]] = blocks) -> MadeWhileSent:
        return MadeWhileSent(making, make, lambda: stopped.append(True))

    async def given_back() -> bool:
        for _ in range(200):
            if not making.places.taken:
                return True
            await asyncio.sleep(0.02)
        return False

    async def begun(make: Callable[[], Generator[bytes]] = blocks) -> MadeWhileSent:
        stream = begin(make)
        await stream.begin()
        return stream

    async def read(count: int, rest_s: float) -> None:
        async with aclosing(aiter(await begun())) as pieces:  # type: ignore[type-var]
            for _ in range(count):
                await anext(pieces)
            await asyncio.sleep(rest_s)

    async def read_slowly() -> None:
        async for _ in await begun():
            await asyncio.sleep(0.2)

    async def judge() -> None:
        leaving = asyncio.create_task(begun(slow))
        await asyncio.to_thread(at_work.wait)
        with pytest.raises(Overloaded):
            await begun()
        leaving.cancel()  # its client left while the first block was made
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert stopped == [True]
        assert await given_back()
        await read(3, 0)
        assert await given_back()
        monkeypatch.setattr(making_module, "STALLED_S", 0.1)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(read(3, 60))
        assert await given_back()
        monkeypatch.setattr(making_module, "STALLED_S", 0.3)
        with pytest.raises(asyncio.CancelledError):  # never still, and too slow
            await read_slowly()
        assert await given_back()
        unsent = await begun()  # its client left before the first byte
        assert await given_back()
        with pytest.raises(asyncio.CancelledError):
            _ = [piece async for piece in unsent]
        with pytest.raises(ChunkUndecodable):
            _ = [piece async for piece in await begun(failing)]
        assert await given_back()

    asyncio.run(judge())
    assert stopped == [True] * 6
