"""Cutouts from a portal that runs: the guide as it stands, and what is cut off, slow, broken or killed."""

import http.client
import io
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.journeys.conftest import CHECKOUT, Demo, begin_home
from tests.journeys.test_kills import SPECIFICATION, Server
from tests.nginx import nginx_in_front
from tests.serving.test_streaming import eventually

GUIDE = (CHECKOUT / "docs" / "guides" / "cutouts.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
PRINTED = [
    "(50, 100, 100) uint8\n",
    "(50, 100, 100) 10.0 nm\n",
    "(100, 100, 50) [0.01 0.01 0.01] micron\n",
    "(50, 100, 100) {'type': 'translation', 'translation': [500.0, 500.0, 500.0]}\n",
]
MIB = 1 << 20


def test_the_guide_over_a_folder_and_a_bucket(either_demo: Demo, tmp_path: Path) -> None:
    def run(*command: str) -> str:
        here = [part.replace("https://cells.example.org", either_demo.url) for part in command]
        done = subprocess.run(here, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("sh", "-ec", SHELL[0])
    assert '"shape_zyx":[50,100,100]' in run("sh", "-ec", SHELL[1])
    assert (tmp_path / "fib25-ts2-v1-em-0-50-50-50.tif").is_file()
    # One process: each would load NumPy and more anew.
    assert run(sys.executable, "-c", "\n".join(PYTHON)) == "".join(PRINTED)


@pytest.mark.nginx
def test_through_nginx(demo: Demo, tmp_path: Path) -> None:
    array = zarr.open_array(demo.sample / "labels" / "ffn" / "0", mode="r")
    port = int(demo.url.rpartition(":")[2])
    with nginx_in_front(tmp_path, home=demo.home, application_port=port) as front:
        for bbox, place in (("13,17,40,230,200,99", np.s_[40:99, 17:200, 13:230]), ("0,0,0,250,250,250", np.s_[...])):
            target = f"/api/v1/datasets/fib25-ts2/volumes/labels/ffn/cutout?unit=voxel&bbox={bbox}"
            with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)) as connection:
                connection.request("GET", target)
                body = connection.getresponse().read()
            np.testing.assert_array_equal(np.load(io.BytesIO(body)), array[place])


SHAPE = (4096, 256, 256)
WHOLE = f"unit=voxel&bbox=0,0,0,{SHAPE[2]},{SHAPE[1]},{SHAPE[0]}"
BROKEN_AT = 3000
"""In z. Everything else is empty, and costs nothing."""


FINE = """
[[volumes]]
path = "fine"
kind = "em"
title = "Of tiny chunks, a row of which takes seconds"
"""
ROW = "unit=voxel&bbox=0,0,0,1024,1024,64"


def write_sparse_image(
    folder: Path, shapes: Sequence[tuple[int, int, int]], chunks: tuple[int, int, int], fill: int
) -> Path:
    """An image of uint8 in which no chunk is stored.

    Args:
        shapes: of its levels, in voxels, z y x; a voxel of the first is 10 nm wide, all levels reach equally far.
        chunks: likewise, of every level.
        fill: the value of every voxel.
    """
    datasets = []
    for level, shape in enumerate(shapes):
        scale = [10.0 * finest / size for finest, size in zip(shapes[0], shape, strict=True)]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
        zarr.create_array(folder / str(level), shape=shape, dtype="uint8", chunks=chunks, fill_value=fill)
    axes = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"]
    attributes = {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}}
    zarr.create_group(folder, zarr_format=3, attributes=attributes)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that makes one cutout at a time, of a volume that is larger than what it may hold in memory."""
    home = tmp_path_factory.mktemp("mortal")
    own = home / "own" / "mortal"
    write_sparse_image(own / "fine", [(64, 1024, 1024)], (64, 16, 8), fill=0)
    image = write_sparse_image(own / "em", [SHAPE, (SHAPE[0] // 32, *SHAPE[1:])], (64, 64, 64), fill=7)
    broken = image / "0" / "c" / str(BROKEN_AT // 64) / "0" / "0"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not zstd")
    begin_home(home, tmp_path_factory)
    server = Server(home, {"CISTERNA_CUTS_AT_ONCE": "1"})
    server.publish(SPECIFICATION + FINE)
    server.start()
    yield server
    server.kill()


@contextmanager
def asked(server: Server, query: str, path: str = "em") -> Iterator[socket.socket]:
    """A client that has asked for a cutout and read nothing yet."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        client.settimeout(60)
        client.connect(("127.0.0.1", server.port))
        target = f"/api/v1/datasets/mortal@1/volumes/{path}/cutout?{query}"
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        yield client


@contextmanager
def answer_to(server: Server, query: str) -> Iterator[http.client.HTTPResponse]:
    with asked(server, query) as client, closing(http.client.HTTPResponse(client)) as answer:
        answer.begin()
        yield answer


def status(server: Server, query: str) -> tuple[int, str | None]:
    with answer_to(server, query) as answer:
        return answer.status, answer.headers["Retry-After"]


def memory_bytes(server: Server) -> int:
    assert server.process is not None
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.process.pid}/status").read_text())
    return int(kilobytes) * 1024


SMALL = "unit=voxel&bbox=0,0,0,9,9,9"


def test_a_slow_reader_costs_little_memory_and_one_place_until_it_leaves(server: Server) -> None:
    assert status(server, SMALL) == (200, None)
    before = memory_bytes(server)
    with asked(server, WHOLE) as client:
        assert client.recv(12) == b"HTTP/1.1 200"
        time.sleep(1)  # for what would be read ahead, if it were
        assert memory_bytes(server) - before < 64 * MIB < np.prod(SHAPE)
        assert status(server, SMALL) == (503, "1")
    assert eventually(lambda: status(server, SMALL) == (200, None), 20)


def test_whoever_leaves_before_the_first_byte_leaves_the_place(server: Server) -> None:
    def holds_the_place() -> bool:
        with asked(server, ROW, "fine") as client:
            if not eventually(lambda: status(server, SMALL) == (503, "1"), 2):
                return False  # the small one came first and had it
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)
            return True

    assert eventually(holds_the_place, 20)
    assert eventually(lambda: status(server, SMALL) == (200, None), 20)


def test_a_broken_chunk_cuts_the_connection_or_is_said_at_once(server: Server) -> None:
    for format_name in ("npy", "zarr"):
        with answer_to(server, f"{WHOLE}&format={format_name}") as answer:
            assert answer.status == 200
            with pytest.raises(http.client.IncompleteRead) as cut:
                answer.read()
        if format_name == "npy":
            assert len(cut.value.partial) > BROKEN_AT // 2 * SHAPE[1] * SHAPE[2]
        assert eventually(lambda: status(server, SMALL) == (200, None), 20)
    assert status(server, f"unit=voxel&bbox=0,0,{BROKEN_AT},9,9,{BROKEN_AT + 9}") == (503, None)


def test_a_killed_server_is_noticed(server: Server) -> None:
    with answer_to(server, WHOLE) as answer:
        assert len(answer.read(MIB)) == MIB
        server.kill()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()
    server.start()
    assert status(server, SMALL) == (200, None)
