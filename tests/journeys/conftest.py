"""A portal as its operator starts it: the demo, in a home of its own, served by the real server."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import ConsoleMessage, Page

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Portal:
    """A running portal: its address without a trailing slash, its home, and the folder of the demo's data."""

    url: str
    home: Path

    @property
    def sample(self) -> Path:
        return self.home / "own" / "demo" / "fib25-ts2.zarr"


@pytest.fixture
def console(page: Page) -> Iterator[list[str]]:
    """What the page complains of; at the end there must be nothing."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} {said.location['url']}") if _is_complaint(said) else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield complaints
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    # A reader of Zarr v2 learns from the absence of a .zarray that it looks at a group; the browser logs each.
    is_probe = "404" in said.text and re.search(r"/data/[^?]*/\.z(array|attrs)$", said.location["url"])
    return said.type == "error" and not is_probe


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The demo, started as ``make demo`` starts it once everything is installed."""
    with started(tmp_path_factory.mktemp("demo"), [str(CHECKOUT / "deploy" / "demo" / "run.py")]) as portal:
        yield portal


def clean_environment(home: Path) -> dict[str, str]:
    """That of an operator who has configured a home and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    return kept | {"CISTERNA_HOME": str(home)}


@contextlib.contextmanager
def started(home: Path, command: list[str], **environment: str) -> Iterator[Portal]:
    """A portal whose server is ``python <command>``, on a port of its own, while the block runs."""
    port = free_port()
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env=clean_environment(home) | {"PORT": str(port)} | environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        portal = Portal(url=f"http://127.0.0.1:{port}", home=home)
        wait_until_ready(portal, process)
        yield portal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def wait_until_ready(portal: Portal, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{portal.url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError):
            time.sleep(0.3)
    pytest.fail(f"The demo did not start:\n{(portal.home / 'server.log').read_text()[-4000:]}")
