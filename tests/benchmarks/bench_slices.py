"""Slices of EM: an oblique plane of 1024² pixels beside the plainest compiled loop over the decoded volume; and how
many a server makes in a second.

The image is the demo's, mirrored at its edges up to 256 × 1024 × 1024, in chunks of 64³ packed with Zstandard.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from datasets.serving.slices.encoding import encode_picture
from datasets.storage.arrays import ArrayForm
from datasets.storage.block_cache import configure_block_cache
from datasets.storage.blocks import ArrayBlocks, ArrayPlace
from datasets.storage.planes import plan_plane, read_plane
from datasets.storage.roots import Root
from datasets.volumes.planes import PixelGrid, facing
from deploy.demo.sample import unpack_array
from tests.benchmarks.options import Options, Report
from tests.benchmarks.portals import publish, served, settings_of, timed
from tests.benchmarks.processes import peak_mb
from tests.ports import free_port
from tests.samples import write_image

SHAPE, CHUNK, SIDE = (256, 1024, 1024), 64, 1024
VOXEL_NM = 10.0
TILTED = (0.2, 0.1, 1.0)
SAMPLES = 7
CACHE_BYTES = 2**28


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sample_plainly(block: Any, first: Any, across: Any, down: Any, picture: Any) -> None:
    """Linear interpolation as one would write it down; pixels outside the outermost centres are left 0."""
    one = np.float32(1)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            z = first[0] + row * down[0] + column * across[0]
            y = first[1] + row * down[1] + column * across[1]
            x = first[2] + row * down[2] + column * across[2]
            if 0 <= z < block.shape[0] - 1 and 0 <= y < block.shape[1] - 1 and 0 <= x < block.shape[2] - 1:
                i, j, k = int(z), int(y), int(x)
                a, b, c = np.float32(z - i), np.float32(y - j), np.float32(x - k)
                near = (block[i, j, k] * (one - c) + block[i, j, k + 1] * c) * (one - b) + (
                    block[i, j + 1, k] * (one - c) + block[i, j + 1, k + 1] * c
                ) * b
                far = (block[i + 1, j, k] * (one - c) + block[i + 1, j, k + 1] * c) * (one - b) + (
                    block[i + 1, j + 1, k] * (one - c) + block[i + 1, j + 1, k + 1] * c
                ) * b
                picture[row, column] = near * (one - a) + far * a


def run(options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-slices-") as name:
        home = Path(name)
        image = np.pad(
            unpack_array("em"),
            [(0, wanted - size) for wanted, size in zip(SHAPE, (250, 250, 250), strict=True)],
            mode="symmetric",
        )
        write_image(home / "cell.zarr" / "em", [image], voxel_nm=(VOXEL_NM,) * 3, chunk=CHUNK)
        _compare(home, image, options, report)
        _serve(home, options, report)


def _compare(home: Path, image: NDArray[np.uint8], options: Options, report: Report) -> None:
    """In this process: the values of a plane, from chunks in memory and from packed ones, and their picture."""
    configure_block_cache(CACHE_BYTES)
    # As in the portal's own root, where nothing is asked of files that cannot change.
    form = ArrayForm(SHAPE, (CHUNK,) * 3, "uint8")
    place = ArrayPlace(Root(name="own", url=home.as_uri()), "cell.zarr/em/0", 3, ("z", "y", "x"), form)
    middle = tuple(VOXEL_NM * (size - 1) / 2 for size in SHAPE[::-1])
    plane = facing(TILTED, None, centre_nm=middle, nm_per_pixel=VOXEL_NM, width=SIDE, height=SIDE)
    pixels = plane.pixels(dict.fromkeys("xyz", VOXEL_NM), dict.fromkeys("xyz", 0.0))
    values = _cut(place, pixels)
    picture = np.rint(values).astype(np.uint8)
    plain = np.zeros((SIDE, SIDE), np.float32)
    vectors = [np.array(vector) for vector in (pixels.first, pixels.across, pixels.down)]

    def reference() -> None:
        sample_plainly(image, *vectors, plain)

    def cold() -> None:
        configure_block_cache(CACHE_BYTES)
        _cut(place, pixels)

    reference()
    assert np.abs(plain - values)[plain > 0].max() < 0.01, "the two must do the same work"
    blocks = ArrayBlocks(place)
    plan = plan_plane(blocks.grid, 1, pixels, linear=True)
    assert plan is not None
    report.heading(
        f"An oblique plane of {SIDE}² pixels through {plan.chunks} chunks of {CHUNK}³ uint8, in one thread but for "
        f"decoding; samples: {SAMPLES * options.rounds}"
    )
    report.columns("work                                   ", "   ms", "ratio")
    works: dict[str, Callable[[], object]] = {
        "a plain compiled loop over the volume": reference,
        "values, chunks decoded before": lambda: _cut(place, pixels),
        "values, chunks packed (files in memory)": cold,
        "the picture as PNG": lambda: encode_picture(picture, "png"),
        "the picture as WebP": lambda: encode_picture(picture, "webp"),
    }
    samples: dict[str, list[float]] = {work: [] for work in works}
    for _ in range(SAMPLES * options.rounds):
        for work, do in works.items():
            if work == "values, chunks decoded before":
                do()  # whoever came before left other things in the caches
            with timed(samples[work]):
                do()
    first = samples["a plain compiled loop over the volume"]
    for work, own in samples.items():
        ratio = statistics.median(mine / plain_s for mine, plain_s in zip(own, first, strict=True))
        report.row(work, f"{statistics.median(own) * 1e3:.1f}", f"{ratio:.2f}")


def _cut(place: ArrayPlace, pixels: PixelGrid) -> NDArray[np.generic]:
    blocks = ArrayBlocks(place)
    plan = plan_plane(blocks.grid, blocks.dtype.itemsize, pixels, linear=True)
    assert plan is not None
    return read_plane(blocks, plan)


def _serve(home: Path, options: Options, report: Report) -> None:
    """Through a server: slices of 512² as a page asks for them, each another plane, its chunks decoded before."""
    port = free_port()
    settings = settings_of(home / "home", port, CISTERNA_ROOT_DATA=home.as_uri())
    publish(home, settings)
    where = "/api/v1/datasets/cell@1/volumes/em/slice?center=5120,5120,"
    with served(settings, home / "server.log") as pid:
        report.heading("Slices of 512² pixels over HTTP, each another plane, chunks decoded before")
        report.columns("slice                              ", "req/s", "p50 ms", "peak MB")
        queries = {
            "xy, one connection": (1, "{}&resolution=10"),
            "xy, 4 connections": (4, "{}&resolution=10"),
            "xy WebP, 4 connections": (4, "{}&resolution=10&format=webp"),
            "tilted, 4 connections": (4, "{}&resolution=10&normal=0.2,0.1,1"),
        }
        for name, (connections, query) in queries.items():
            rate, median_s = _load(port, where + query, connections, options.seconds * options.rounds)
            report.row(name, f"{rate:.0f}", f"{median_s * 1e3:.0f}", f"{peak_mb([pid]):.0f}")


def _load(port: int, query: str, connections: int, seconds: float) -> tuple[float, float]:
    """Requests a second, and the median of what one takes."""
    import http.client
    from concurrent.futures import ThreadPoolExecutor

    planes = [query.format(f"{1000 + step * 7}") for step in range(40)]

    def ask(number: int, until_s: float) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        took: list[float] = []
        for turn in range(10**9):
            if time.perf_counter() > until_s:
                break
            with timed(took):
                connection.request("GET", planes[(turn * connections + number) % len(planes)])
                answer = connection.getresponse()
                body = answer.read()
            assert answer.status == 200, body
        connection.close()
        return took

    with ThreadPoolExecutor(connections) as clients:
        list(clients.map(lambda number: ask(number, time.perf_counter() + 2), range(connections)))  # decodes
        started_s = time.perf_counter()
        took = [one for some in clients.map(lambda n: ask(n, started_s + seconds), range(connections)) for one in some]
        elapsed_s = time.perf_counter() - started_s
    return len(took) / elapsed_s, statistics.median(took)
