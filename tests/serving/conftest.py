"""The places that the data plane of these tests serves, a folder and a bucket, and the ways to ask for it."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import zarr

from datasets.serving.snapshot import Snapshot
from datasets.storage.buckets import Bucket
from datasets.storage.files import LocalFolder
from datasets.storage.published_tree import Access, Entry, PublishedTree, TreeMount, leads_out
from tests.nginx import nginx_in_front
from tests.s3_server import S3Server
from tests.serving.plane import data_plane, snapshot_of
from tests.serving.transports import Ask, Server, in_process, over_socket, served_over

IMAGE = np.random.default_rng(7).integers(0, 255, (40, 50, 60), dtype="uint8")


def image_files() -> dict[str, bytes]:
    """``IMAGE`` as a Zarr array, by key."""
    store = zarr.storage.MemoryStore()
    zarr.create_array(store, data=IMAGE, chunks=(16, 16, 16), shards=(32, 32, 32), overwrite=True)
    return {key: buffer.to_bytes() for key, buffer in store._store_dict.items()}


LARGE = bytes(range(256)) * 12_000  # 3 MB: larger than what is read in one piece, no multiple of a block
SMALL = b"0123456789A"
CONTENTS = {
    "own/cells/1/small": SMALL,
    "own/cells/1/large": LARGE,
    "own/cells/1/empty": b"",
    "own/cells/1/zarr.json": b'{"zarr_format": 3}',
    "own/cells/1/c/0/0/1": b"chunk",
    "own/cells/1/page.html": b"<script>alert(1)</script>",
    "own/cells/1/odd/a b#c?d%é.txt": b"odd",
    "own/cells/1/odd/x:y/z": b"colon",
    "own/cells/1/odd/back\\slash": b"cannot be asked for",
    "own/cells/1/odd/z\\": b"cannot be asked for and is the last",
    **{f"own/cells/1/image/{key}": content for key, content in image_files().items()},
    "own/cells/draft/small": b"draft",
    "own/derived/s1/zarr.json": b"{}",
    "own/derived/s1/c/0": b"derived",
    "own/overlays/zarr.json": b'{"corrected": true}',
    "own/overlays/table.csv": b"a,b\n",
    "foreign/cells/em/zarr.json": b'{"given": true}',
    "foreign/cells/em/s0/c/0": b"given",
    "foreign/cells/em/s1/c/0": b"hidden by the mount",
    "foreign/cells/em/s1.old": b"a dot sorts before a slash",
    "foreign/cells/unknown": b"an object where a folder is mounted",
    "foreign/cells/notes.txt": b"notes",
    "outside/secret": b"outside",
    **{f"own/cells/1/many/{number:05}": b"" for number in range(5003)},
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two roots (see plane.py) and, outside of them, what nobody may read."""
    folder = tmp_path_factory.mktemp("plane")
    for name, content in CONTENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    links = folder / "foreign/linked"
    links.mkdir()
    (links / "small").write_bytes(SMALL)
    (links / "inside").symlink_to("small")
    (links / "absolute").symlink_to(links / "small")
    (links / "out").symlink_to("../../outside")
    (links / "out-absolute").symlink_to(folder / "outside/secret")
    (links / "circle").symlink_to("circle")
    (links / "dangling").symlink_to("nowhere")
    os.mkfifo(links / "fifo")
    return folder


@pytest.fixture(scope="session")
def filled_bucket(s3: Any, s3_server: S3Server) -> str:
    """The same in a bucket, as far as buckets have it."""
    s3.create_bucket(Bucket="plane")
    plain = {key: content for key, content in CONTENTS.items() if "/odd/" not in key}
    s3_server.put_many("plane", plain)
    for key in CONTENTS.keys() - plain.keys():
        s3.put_object(Bucket="plane", Key=key, Body=CONTENTS[key])
    return f"{s3.meta.endpoint_url}/plane"


@pytest.fixture(scope="session", params=["folder", pytest.param("bucket", marks=pytest.mark.s3_server)])
def place(request: pytest.FixtureRequest) -> str:
    """Where the data lie: the answers are the same."""
    return str(request.getfixturevalue("folder" if request.param == "folder" else "filled_bucket"))


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Server]]:
    """The servers that run, by place; filled by whoever needs one."""
    with ExitStack() as running:

        class Servers(dict[str, Server]):
            def __missing__(self, place: str) -> Server:
                self[place] = running.enter_context(served_over(place))
                return self[place]

        yield Servers()


@pytest.fixture(scope="session", params=["in process", "server", pytest.param("nginx", marks=pytest.mark.nginx)])
def arrangement(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def fronts(servers: dict[str, Server]) -> Iterator[dict[str, int]]:
    """The ports of nginx in front of the servers, by place."""
    with ExitStack() as running:

        class Fronts(dict[str, int]):
            def __missing__(self, place: str) -> int:
                home = Path(running.enter_context(TemporaryDirectory()))
                home.chmod(0o755)
                place_published(snapshot_of(place), PublishedTree(home / "published"))
                folder = home / "nginx"
                folder.mkdir()
                front = nginx_in_front(folder, home=home, application_port=servers[place].port)
                self[place] = running.enter_context(front).port
                return self[place]

        yield Fronts()


def place_published(snapshot: Snapshot, tree: PublishedTree) -> None:
    """What the catalogue places in the tree, for datasets that are in none."""
    for address in snapshot.addresses.values():
        version, dataset = address.version, address.dataset
        if version.number is None or version.retired or not address.pinned:
            continue
        name, is_open = f"{dataset.name}@{version.number}", dataset.is_public(time.time())
        sources = [mount.source for mount in version.mounts]
        if all(isinstance(source, Bucket) for source in sources) and is_open:
            tree.place(name, Entry("proxied"))
        if not all(isinstance(source, LocalFolder) for source in sources):
            continue
        mounts = tuple(TreeMount(m.path, m.source.path / m.key, m.single) for m in version.mounts if m.source)
        if all(m.target.exists() and not leads_out(m.target, s.path) for m, s in zip(mounts, sources, strict=True)):
            immutable = all(mount.immutable for mount in version.mounts)
            access: Access = ("immutable" if immutable else "open") if is_open else "guarded"
            tree.place(name, Entry(access, mounts, mounts[0].target))
    for name in {address.dataset.name for address in snapshot.addresses.values()}:
        version = snapshot.addresses[name].version if name in snapshot.addresses else None
        tree.lead(name, f"{name}@{version.number}" if version else None)


@pytest.fixture(scope="session")
def ask(arrangement: str, place: str, servers: dict[str, Server], fronts: dict[str, int]) -> Iterator[Ask]:
    """Every arrangement that must give the same answers, over every place."""
    yield from _asking(arrangement, place, servers, fronts)


@pytest.fixture(scope="session")
def ask_folder(arrangement: str, folder: Path, servers: dict[str, Server], fronts: dict[str, int]) -> Iterator[Ask]:
    """Every arrangement, over the folder alone: for what buckets do not have."""
    yield from _asking(arrangement, str(folder), servers, fronts)


def _asking(arrangement: str, place: str, servers: dict[str, Server], fronts: dict[str, int]) -> Iterator[Ask]:
    if arrangement in ("server", "nginx"):
        with over_socket(servers[place].port if arrangement == "server" else fronts[place]) as ask:
            yield ask
    else:
        yield in_process(data_plane(place))
