"""The folder that the data plane of these tests serves, and the ways to ask for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.plane import data_plane
from tests.serving.transports import Ask, Server, granian_over, in_process, over_socket

LARGE = bytes(range(256)) * 12_000  # 3 MB: larger than what is read in one piece, no multiple of a block
SMALL = b"0123456789A"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two roots (see plane.py) and, outside of them, what nobody may read."""
    folder = tmp_path_factory.mktemp("plane")
    contents = {
        "own/cells/1/small": SMALL,
        "own/cells/1/large": LARGE,
        "own/cells/1/empty": b"",
        "own/cells/1/zarr.json": b'{"zarr_format": 3}',
        "own/cells/1/c/0/0/1": b"chunk",
        "own/cells/1/page.html": b"<script>alert(1)</script>",
        "own/cells/1/odd/a b#c?d%é.txt": b"odd",
        "own/cells/1/odd/x:y/z": b"colon",
        "own/cells/1/odd/back\\slash": b"cannot be asked for",
        "own/cells/draft/small": b"draft",
        "own/derived/s1/zarr.json": b"{}",
        "own/derived/s1/c/0": b"derived",
        "own/overlays/zarr.json": b'{"corrected": true}',
        "own/overlays/table.csv": b"a,b\n",
        "foreign/cells/em/zarr.json": b'{"given": true}',
        "foreign/cells/em/s0/c/0": b"given",
        "foreign/cells/em/s1/c/0": b"hidden by the mount",
        "foreign/cells/em/s1.old": b"a dot sorts before a slash",
        "foreign/cells/bucket": b"an object where a folder is mounted",
        "foreign/cells/notes.txt": b"notes",
        "outside/secret": b"outside",
    }
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    links = folder / "own/cells/1/links"
    links.mkdir()
    (links / "inside").symlink_to("../small")
    (links / "absolute").symlink_to(folder / "own/cells/1/small")
    (links / "out").symlink_to("../../../../outside")
    (links / "out-absolute").symlink_to(folder / "outside/secret")
    (links / "circle").symlink_to("circle")
    (links / "dangling").symlink_to("nowhere")
    os.mkfifo(links / "fifo")
    many = folder / "own/cells/1/many"
    many.mkdir()
    for number in range(5003):
        (many / f"{number:05}").touch()
    return folder


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Server]:
    with granian_over(folder) as server:
        yield server


@pytest.fixture(scope="session", params=["in process", "granian"])
def ask(request: pytest.FixtureRequest, folder: Path) -> Iterator[Ask]:
    """Every arrangement that must give the same answers."""
    if request.param == "granian":
        with over_socket(request.getfixturevalue("server").port) as ask:
            yield ask
    else:
        yield in_process(data_plane(folder))
