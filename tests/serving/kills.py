"""Parts of the portal that can be killed while clients download, and the clients.

What is read is never 0: an absent chunk would be, and so would one that was taken for absent.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fsspec
import numpy as np
import tensorstore
import zarr

from datasets.storage.published_tree import PublishedTree
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.s3_proxy import Proxy, proxy_before
from tests.s3_server import S3Server
from tests.serving.conftest import place_published
from tests.serving.plane import snapshot_of
from tests.serving.test_streaming import eventually
from tests.serving.transports import CHECKOUT, over_socket

MIB = 1 << 20
HUGE = np.random.default_rng(5).bytes(64 * MIB)
ARRAY = np.random.default_rng(6).integers(1, 255, (16, 1024, 1024), dtype=np.uint8)
PUBLIC, DRAFT, SECRET = "frozen@1", "~open-sesame/cells@draft", "~open-sesame/secret@1"
CUT_OFF = (18, 52, 56, 92)
"""curl: partial file, empty reply, failure in receiving, a stream of HTTP/2 broken off."""


def write_objects(folder: Path) -> None:
    """The huge object and the array, in the place ``folder`` (see plane.py), published and as a draft."""
    for version in ("own/cells/1", "own/cells/draft"):
        (folder / version).mkdir(parents=True)
        (folder / version / "huge").write_bytes(HUGE)
        zarr.create_array(folder / version / "array", data=ARRAY, chunks=(1, 1024, 1024), compressors=None)
    (folder / "foreign").mkdir()


class Process:
    """A portal's server, on one port however often its operator starts it."""

    def __init__(self, place: str, *, processes: int = 1) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "tests.serving.plane", str(self.port), str(processes)]
        self._environment = {**os.environ, "CISTERNA_TEST_PLANE": place}
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        self._running = subprocess.Popen(self._command, cwd=CHECKOUT, env=self._environment)
        assert eventually(lambda: answers(self.port, "/", 418), 30), "the server does not answer"

    def kill(self) -> None:
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.wait(20)


@dataclass
class Arrangement:
    """What clients ask, and what of it is killed.

    Args:
        port: where clients ask.
        dataset: what they ask for.
        kill: with -9, while answers are on their way.
        revive: what somebody else does about it: another's storage comes back, or an operator starts the portal. Where
            nobody does anything it recovers by itself.
        kill_all: where ``kill`` leaves others that serve, these too.
    """

    port: int
    dataset: str
    kill: Callable[[], None]
    revive: Callable[[], None] = lambda: None
    kill_all: Callable[[], None] = lambda: None

    def url(self, key: str, port: int | None = None) -> str:
        return f"http://127.0.0.1:{port or self.port}/data/{self.dataset}/{key}"

    def answers_again(self) -> bool:
        return eventually(lambda: answers(self.port, f"/data/{self.dataset}/array/zarr.json", 200), 30)


def answers(port: int, path: str, status: int) -> bool:
    try:
        with over_socket(port) as ask:
            return ask(path).status == status
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The processes that a process has started, but for the one in which Python keeps count of shared memory."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return [child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]


def has_open(pid: int, name: str) -> bool:
    """Whether a process reads a file of this name just now."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if link.readlink().name == name:
                return True
    return False


def kill_child(pid: int, chance: random.Random) -> None:
    """One of those that a process has started: whoever is sending the huge object, if anybody is."""
    assert eventually(lambda: children(pid), 30), "what died was not replaced"
    found = children(pid)
    sending = [child for child in found if has_open(child, "huge")]
    os.kill(chance.choice(sending or found), signal.SIGKILL)


def kill_children(pid: int) -> None:
    for child in children(pid):
        os.kill(child, signal.SIGKILL)


@contextmanager
def process_of_two(place: str, chance: random.Random) -> Iterator[Arrangement]:
    server = Process(place, processes=2)
    server.start()
    try:
        yield Arrangement(
            server.port, PUBLIC, lambda: kill_child(server.pid, chance), kill_all=lambda: kill_children(server.pid)
        )
    finally:
        server.stop()


@contextmanager
def only_process(place: str) -> Iterator[Arrangement]:
    server = Process(place)
    server.start()
    try:
        yield Arrangement(server.port, PUBLIC, server.kill, server.start)
    finally:
        server.stop()


@contextmanager
def front(place: str, application_port: int) -> Iterator[Any]:
    """nginx before a portal over ``place``."""
    with TemporaryDirectory() as name, ExitStack() as running:
        home = Path(name)
        home.chmod(0o755)
        place_published(snapshot_of(place), PublishedTree(home / "published"))
        (home / "nginx").mkdir()
        nginx = nginx_in_front(home / "nginx", home=home, application_port=application_port, workers=2)
        yield running.enter_context(nginx)


@contextmanager
def nginx_worker(place: str) -> Iterator[Arrangement]:
    with only_process(place) as behind, front(place, behind.port) as nginx:
        yield Arrangement(nginx.port, PUBLIC, lambda: kill_children(nginx.process.pid))


@contextmanager
def portal_behind_nginx(place: str) -> Iterator[Arrangement]:
    """A draft: what the portal sends itself."""
    with only_process(place) as behind, front(place, behind.port) as nginx:
        yield Arrangement(nginx.port, DRAFT, behind.kill, behind.revive)


@contextmanager
def bucket(server: S3Server, proxy: Proxy, name: str, *, behind_nginx: bool = False) -> Iterator[Arrangement]:
    """The S3 server is killed; the portal reads from it through ``proxy``."""
    place = f"{proxy.endpoint}/{name}"
    with ExitStack() as running:
        port = running.enter_context(only_process(place)).port
        if behind_nginx:
            port = running.enter_context(front(place, port)).port
        yield Arrangement(port, PUBLIC, lambda: server.stop_gateway(signal.SIGKILL), server.start_gateway)


# Clients


@dataclass
class Seen:
    """What clients made of it: how often what came of each, for whoever wants to know."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1


def curl(url: str, place: Path, *options: str) -> "subprocess.Popen[bytes]":
    """At a pace at which there is time to interfere."""
    command = ["curl", "--silent", "--fail", "--limit-rate", "24M", "--output", str(place), *options, url]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


AGAIN = ("--continue-at", "-", "--retry", "60", "--retry-all-errors", "--retry-delay", "1")


def download_through_kills(
    arrangement: Arrangement, folder: Path, chance: random.Random, seen: Seen, *, most_bytes: int = 40 * MIB
) -> None:
    """By curl, killed in the middle; then taken up where it was, killed once more, and come whole."""
    place = folder / "huge"
    place.unlink(missing_ok=True)
    broken = curl(arrangement.url("huge"), place)
    kill_at(place, chance.randrange(most_bytes), arrangement.kill)
    code = broken.wait(60)
    seen.add(f"curl: exit {code}")
    assert code in CUT_OFF
    got = place.read_bytes()
    assert len(got) < len(HUGE)
    assert HUGE.startswith(got)
    taking_up = curl(arrangement.url("huge"), place, *AGAIN)
    arrangement.revive()
    kill_at(place, min(len(got) + chance.randrange(MIB, 8 * MIB), 50 * MIB), arrangement.kill)
    arrangement.revive()
    code = taking_up.wait(120)
    seen.add(f"curl that takes up: exit {code}")
    assert code == 0
    assert place.read_bytes() == HUGE
    assert arrangement.answers_again()


def kill_at(place: Path, size_bytes: int, kill: Callable[[], None]) -> None:
    """When so many bytes of the huge object have come."""
    assert eventually(lambda: place.exists() and place.stat().st_size > size_bytes, 60), "nothing came"
    assert place.stat().st_size < len(HUGE), "all came before anything was killed"
    kill()


def read_by_tensorstore(url: str) -> Any:
    store = {"driver": "http", "base_url": f"{url}/"}
    context = {"cache_pool": {"total_bytes_limit": 0}, "http_request_retries": {"max_retries": 4, "max_delay": "1s"}}
    opened = tensorstore.open({"driver": "zarr3", "kvstore": store, "context": context}, read=True).result(60)
    return opened.read().result(60)


def read_by_zarr(url: str) -> Any:
    # Sessions of its own, which end with it: fsspec keeps others for the life of the process.
    files = fsspec.filesystem("http", asynchronous=True, skip_instance_cache=True)
    store = zarr.storage.FsspecStore(files, path=url)
    try:
        return zarr.open_array(store, mode="r")[...]
    finally:
        zarr.core.sync.sync(_close(files))


async def _close(files: Any) -> None:
    await (await files.set_session()).close()


READERS = {"tensorstore": read_by_tensorstore, "zarr": read_by_zarr}


class Reading(threading.Thread):
    """The array, read while things happen."""

    def __init__(self, read: Callable[[str], Any], url: str) -> None:
        super().__init__(daemon=True)
        self._read, self._url = read, url
        self._values: Any = None
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            self._values = self._read(self._url)
        except Exception as error:  # whatever it is: it is an error and no value
            self._error = error

    def outcome(self) -> str:
        """How it ended. Values are those of the array."""
        self.join(120)
        assert not self.is_alive(), "it neither reads nor fails"
        if self._error is not None:
            return type(self._error).__name__
        np.testing.assert_array_equal(self._values, ARRAY)
        return "the array's values"


def read_through_a_kill(
    arrangement: Arrangement, read: str, chance: random.Random, seen: Seen, *, paced: Proxy | None = None
) -> None:
    """The array, killed while its chunks come: its values or an exception. And then once more, its values.

    Args:
        paced: what slows the bytes down; one of its own before the arrangement where there is none.
    """
    with ExitStack() as running:
        proxy = paced or running.enter_context(proxy_before(arrangement.port))
        url = arrangement.url("array", None if paced else proxy.port)
        reading = Reading(READERS[read], url)
        proxy.requests.clear()
        proxy.bytes_per_s = MIB
        wanted = chance.randrange(1, 12)
        reading.start()
        assert eventually(lambda: sum("/array/c" in line for line in proxy.requests) >= wanted, 60)
        time.sleep(chance.random() / 4)
        arrangement.kill()
        reading_dead = Reading(READERS[read], url)
        reading_dead.start()
        time.sleep(chance.random())
        arrangement.revive()
        proxy.bytes_per_s = None
        for each in (reading, reading_dead):
            seen.add(f"{read}: {each.outcome()}")
        assert arrangement.answers_again()
        np.testing.assert_array_equal(READERS[read](url), ARRAY)
