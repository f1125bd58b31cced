"""What nginx remembers of the published tree and of files, and for how long: never what an action had to wait for.

No portal runs behind it: what nginx hands over is answered 503.
"""

import itertools
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datasets.storage.published_tree import Access, Entry, PublishedTree, TreeMount
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.serving.transports import Reply, over_socket

pytestmark = pytest.mark.nginx

REMEMBERED_S = 1.25
"""nginx's second, and less of the actions' slack than is left of it beside what the portal remembers."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    for number in (1, 2):
        (tmp_path / f"data/{number}/c").mkdir(parents=True)
        (tmp_path / f"data/{number}/c/0").write_bytes(f"version {number}".encode())
    return tmp_path


@pytest.fixture
def tree(home: Path) -> PublishedTree:
    return PublishedTree(home / "published")


@pytest.fixture
def port(home: Path, tree: PublishedTree) -> Iterator[int]:
    tree.place("cell@1", entry(home))
    (home / "nginx").mkdir()
    with nginx_in_front(home / "nginx", home=home, application_port=free_port(), workers=2) as nginx:
        yield nginx.port


def entry(home: Path, access: Access = "immutable", number: int = 1) -> Entry:
    data = home / f"data/{number}"
    return Entry(access, (TreeMount("", data),), data)


@contextmanager
def read_meanwhile(port: int, *keys: str) -> Iterator[list[tuple[float, Reply]]]:
    """Four clients read the keys of cell@1, one after the other, all the time: when each request began, and its
    answer."""
    readings: list[tuple[float, Reply]] = []
    stop = threading.Event()
    turn = itertools.cycle(keys)

    def read() -> None:
        while not stop.is_set():
            with over_socket(port) as ask:  # a connection each time: of any worker
                began_s = time.monotonic()
                readings.append((began_s, ask(f"/data/cell@1/{next(turn)}")))
            time.sleep(0.002)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        yield readings
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def test_what_was_taken_away_or_put_back_is_seen_within_the_second(port: int, home: Path, tree: PublishedTree) -> None:
    """Each several times: where in nginx's second it happens is chance."""
    ends: list[tuple[float, float, int]] = []
    with read_meanwhile(port, "c/0") as readings:
        for _ in range(4):
            tree.remove("cell@1")
            ends.append((time.monotonic() + REMEMBERED_S, time.monotonic() + REMEMBERED_S + 0.3, 503))
            time.sleep(REMEMBERED_S + 0.37)
            tree.place("cell@1", entry(home))
            ends.append((time.monotonic() + REMEMBERED_S, time.monotonic() + REMEMBERED_S + 0.3, 200))
            time.sleep(REMEMBERED_S + 0.37)
    for settled_s, end_s, expected in ends:
        found = [reply.status for began_s, reply in readings if settled_s < began_s < end_s]
        assert found
        assert set(found) == {expected}


def test_nothing_is_absent_for_being_taken_away_moved_or_put_back(port: int, home: Path, tree: PublishedTree) -> None:
    """Absent data are painted as empty space: what nginx can no longer read is the portal's to answer."""
    keys = [f"c/{number}" for number in range(5000)]  # most of them asked for the first time
    for key in keys:
        (home / f"data/1/{key}").write_bytes(b"chunk")
    with read_meanwhile(port, *keys) as readings:
        for turn in range(60):
            match turn % 3:
                case 0:
                    tree.remove("cell@1")
                case 1:
                    tree.place("cell@1", entry(home))
                case _:
                    tree.place("cell@1", entry(home, "open"))
            time.sleep(0.05)
    assert {reply.status for _, reply in readings} == {200, 503}


def test_that_a_file_is_absent_is_not_remembered(port: int, home: Path) -> None:
    with over_socket(port) as ask:
        for number in range(1, 20):
            assert ask(f"/data/cell@1/c/{number}").status == 404
            (home / f"data/1/c/{number}").write_bytes(b"written")
            assert ask(f"/data/cell@1/c/{number}").body == b"written"


def test_a_file_that_another_takes_the_place_of_is_seen_within_the_second(port: int, home: Path) -> None:
    with read_meanwhile(port, "c/0") as readings:
        time.sleep(0.2)
        (home / "data/new").write_bytes(b"replaced")
        (home / "data/new").replace(home / "data/1/c/0")
        replaced_s = time.monotonic()
        time.sleep(REMEMBERED_S + 0.3)
    assert {reply.body for began_s, reply in readings if began_s > replaced_s + REMEMBERED_S} == {b"replaced"}
    assert {reply.body for _, reply in readings} == {b"version 1", b"replaced"}


def test_the_address_without_a_version_leads_to_the_next_at_once(port: int, home: Path, tree: PublishedTree) -> None:
    tree.place("cell@2", entry(home, number=2))
    tree.lead("cell", "cell@1")
    time.sleep(REMEMBERED_S)
    with over_socket(port) as ask:
        for turn in range(10):
            number = 2 - turn % 2
            tree.lead("cell", f"cell@{number}")
            assert ask("/data/cell/c/0").body == f"version {number}".encode()


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """As few as a program is usually started with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_worker_may_open_all_that_it_keeps(home: Path, few_descriptors: None) -> None:
    """One that may not answers no new connection."""
    for number in range(1500):
        (home / f"data/1/c/{number}").write_bytes(b"chunk")
    PublishedTree(home / "published").place("cell@1", entry(home))
    (home / "nginx").mkdir()
    with nginx_in_front(home / "nginx", home=home, application_port=free_port()) as nginx:
        with over_socket(nginx.port) as ask:
            assert {ask(f"/data/cell@1/c/{number}").status for number in range(1500)} == {200}
        assert nginx.open_descriptors() > 1500


@pytest.mark.parametrize("access", ["immutable", "guarded"])
def test_a_folder_is_the_portals_to_answer_and_the_tree_is_nobodys_to_read(
    home: Path, tree: PublishedTree, access: Access
) -> None:
    for key in ("info", ".zattrs", "a/b"):
        (home / "data/1/folder" / key).mkdir(parents=True)
    (home / "data/1/info").write_bytes(b"{}")
    tree.place("cell@1", entry(home, access))
    (home / "nginx").mkdir()
    with (
        nginx_in_front(home / "nginx", home=home, application_port=free_port()) as nginx,
        over_socket(nginx.port) as ask,
    ):
        for key in ("info", ".zattrs", "a", "a/b"):
            assert ask(f"/data/cell@1/folder/{key}").status == 503
        for key in ("info", "c/0"):
            assert ask(f"/data/cell@1/{key}").status == (200 if access == "immutable" else 503)
            assert ask(f"/published/{access}/cell@1/{key}").status == 404


def test_what_cannot_be_read_is_not_absent(home: Path, tree: PublishedTree) -> None:
    """No more descriptors, and a link in a circle: any reason but that there is nothing."""
    for number in range(100):
        (home / f"data/1/c/{number}").write_bytes(b"chunk")
    (home / "data/1/circle").symlink_to("circle")
    tree.place("cell@1", entry(home))
    (home / "nginx").mkdir()
    with (
        nginx_in_front(home / "nginx", home=home, application_port=free_port()) as nginx,
        over_socket(nginx.port) as ask,
    ):
        assert ask("/data/cell@1/circle").status == 503
        few = nginx.open_descriptors() + 50
        resource.prlimit(nginx.worker_pid, resource.RLIMIT_NOFILE, (few, few))
        found = [ask(f"/data/cell@1/c/{number}").status for number in range(100)]
    assert set(found) == {200, 500}
