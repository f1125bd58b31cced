"""``manage.py serve`` has a worker beside it, which ends with it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.processing.portal_home import PREPARE, PortalHome, write_cell


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> PortalHome:
    folder = tmp_path_factory.mktemp("beside")
    write_cell(folder / "lab" / "cell.zarr", (72, 70, 71), chunk=32)
    portal = PortalHome(folder / "home", folder / "lab", CISTERNA_WORKERS="1", PORT=str(free_port()))
    portal.run(PREPARE)
    return portal


def workers_of(server: int) -> list[int]:
    """The processes that the server has started as workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server and b"worker" in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def eventually(found: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_jobs_are_done_beside_the_server_however_often_its_worker_dies(portal: PortalHome) -> None:
    server = portal.start("serve")
    try:
        eventually(lambda: workers_of(server.pid))
        os.kill(first := workers_of(server.pid)[0], signal.SIGKILL)
        portal.await_state("done")
        eventually(lambda: (found := workers_of(server.pid)) and found != [first])
        (last,) = workers_of(server.pid)
    finally:
        server.kill()
        server.wait()
    eventually(lambda: not Path(f"/proc/{last}").exists(), 30)


def test_it_ends_with_the_server(portal: PortalHome) -> None:
    server = portal.start("serve")
    eventually(lambda: workers_of(server.pid))
    (worker,) = workers_of(server.pid)
    server.terminate()
    assert server.wait(timeout=60) in (0, -signal.SIGTERM)
    eventually(lambda: not Path(f"/proc/{worker}").exists(), 30)
