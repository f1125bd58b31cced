"""A coarser level of an image and of labels, from chunks on the disk to chunks on the disk; beside dask.array.coarsen
with zarr, and beside the codec alone, which decodes what is read and encodes what is written: the limit of both."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from datasets.processing.coarsening import CoarseBlock, make_block
from datasets.storage.arrays import read_array
from datasets.storage.derived_arrays import with_shape, write_document
from datasets.storage.roots import OWN_ROOT, Root, configure_roots, get_root
from datasets.volumes.downsampling import mode_2x
from datasets.volumes.grids import ChunkGrid
from tests.benchmarks.options import Options, Report
from tests.benchmarks.processes import forget_peak, peak_mb
from tests.conftest import SHARED_DATA

SIDE, CHUNK, BLOCK = 512, 64, 128
THREADS = 2


def run(options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-pyramid-") as name:
        top = Path(name)
        configure_roots([Root(name="lab", url=(top / "lab").as_uri()), Root(name=OWN_ROOT, url=(top / "own").as_uri())])
        for kind, voxels in (("em", real_image()), ("labels", labels())):
            zarr.create_array(
                top / "lab" / kind, data=voxels, chunks=(CHUNK,) * 3, compressors=zarr.codecs.ZstdCodec(level=3)
            )
            what = f"{' × '.join(map(str, voxels.shape))} {voxels.dtype}"
            del voxels
            report.heading(f"A level of {kind}, {what}, {THREADS} threads; samples: {options.rounds}")
            report.columns("program                    ", "Mvox/s", "over dask", "of codec limit", "peak MB more")
            _compare(kind, top, options, report)


def _compare(kind: str, top: Path, options: Options, report: Report) -> None:
    method = "mean" if kind == "em" else "mode"
    programs: dict[str, Callable[[Path], None]] = {
        "dask.array.coarsen + zarr": lambda place: with_dask(top / "lab" / kind, place, method),
        "this portal": lambda place: with_blocks(kind, place, method),
        "codec alone": lambda place: codec_alone(top / "lab" / kind),
    }
    seconds: dict[str, list[float]] = {program: [] for program in programs}
    peaks: dict[str, float] = {}
    voxels = int(np.prod(zarr.open_array(top / "lab" / kind, mode="r").shape))
    for turn in range(options.rounds + 1):  # the first compiles
        for program, make in programs.items():
            place = top / "own" / kind / f"{turn}"
            before_mb = peak_mb([_me()])
            forget_peak([_me()])
            began = time.perf_counter()
            make(place)
            taken = time.perf_counter() - began
            if turn:
                seconds[program].append(taken)
            peaks[program] = max(peaks.get(program, 0), peak_mb([_me()]) - min(before_mb, peak_mb([_me()])))
            shutil.rmtree(place, ignore_errors=True)
    median = {program: statistics.median(each) for program, each in seconds.items()}
    for program, taken in median.items():
        report.row(
            program, f"{voxels / taken / 1e6:.0f}", f"{median['dask.array.coarsen + zarr'] / taken:.1f}",
            f"{median['codec alone'] / taken:.2f}", f"{peaks[program]:.0f}",
        )  # fmt: skip


def _me() -> int:
    import os

    return os.getpid()


def with_blocks(kind: str, place: Path, method: Any) -> None:
    """As the recipe does it in threads."""
    stored = read_array(get_root("lab"), kind, zarr_format=3)
    shape = tuple(-(-size // 2) for size in stored.facts.shape)
    target = str(place.relative_to(place.parents[1]))
    write_document(get_root(OWN_ROOT), f"{target}/zarr.json", with_shape(stored.document, shape))
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(make_block, _blocks(kind, target, method, stored.facts.shape, shape)))


def _blocks(kind: str, target: str, method: Any, shape: Any, coarse: Any) -> Iterator[CoarseBlock]:
    grid = ChunkGrid(coarse, (BLOCK,) * 3)
    for index in np.ndindex(*grid.counts):
        part = grid.slices(index)
        yield CoarseBlock(
            "lab", kind, OWN_ROOT, target, 3, method, shape, (2, 2, 2),
            tuple(it.start for it in part), tuple(it.stop for it in part),
        )  # fmt: skip


def with_dask(source: Path, place: Path, method: str) -> None:
    """As its documentation shows it."""
    import dask
    import dask.array as da

    given = da.from_zarr(str(source), chunks=(2 * BLOCK,) * 3)
    if method == "mean":
        coarse = da.coarsen(np.mean, given, {0: 2, 1: 2, 2: 2}).round().astype(given.dtype)
    else:
        coarse = given.map_blocks(mode_2x, dtype=given.dtype, chunks=(BLOCK,) * 3)
    stored = zarr.create_array(
        place, shape=coarse.shape, dtype=given.dtype, chunks=(CHUNK,) * 3, compressors=zarr.codecs.ZstdCodec(level=3)
    )
    with dask.config.set(scheduler="threads", num_workers=THREADS):
        da.store(coarse, stored, lock=False)


def codec_alone(source: Path) -> None:
    """Decode each chunk, and encode an eighth as many, in as many threads; nothing is computed or written."""
    from numcodecs import Zstd

    codec = Zstd(level=3)
    files = sorted(path for path in source.rglob("*") if path.is_file() and path.name != "zarr.json")

    def pass_through(numbered: tuple[int, Path]) -> None:
        number, path = numbered
        decoded = codec.decode(path.read_bytes())
        if number % 8 == 0:
            codec.encode(decoded)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(pass_through, enumerate(files)))


def real_image() -> np.ndarray:
    """A real electron micrograph, mirrored until it is large enough."""
    with np.load(SHARED_DATA / "em" / "fib25-training_sample2" / "raw.npz") as content:
        part = np.asarray(content[content.files[0]])[:SIDE, :SIDE, :SIDE]
    pads = [(0, SIDE - size) for size in part.shape]
    return np.pad(part, pads, mode="symmetric").astype(np.uint8)


def labels() -> np.ndarray:
    """Boxes of many sizes with ids of 64 bits."""
    z, y, x = np.ogrid[: SIDE // 2, :SIDE, :SIDE]
    return ((z // 37) * 10_007 + (y // 23) * 101 + x // 29 + 2**60).astype(np.uint64)
