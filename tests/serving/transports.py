"""Two ways to ask a data plane: in process through ASGI, and over a real socket. A front server becomes a third."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from tests.ports import free_port

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def problem(reply: Reply, slug: str) -> dict[str, object]:
    """The problem document of an error, whose form and headers are the same for all."""
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"
    # Behind nginx a refused range has its object's: that its bytes end there lasts as long as they do.
    assert reply.headers["cache-control"] == "no-store" or reply.status == 416
    document: dict[str, object] = json.loads(reply.body)
    assert document["type"] == f"/problems/{slug}/"
    assert document["status"] == reply.status
    return document


class Ask(Protocol):
    """Sends a path exactly as written, percent-encoding and all."""

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Reply: ...


def _names(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name.replace("_", "-").lower(), value) for name, value in headers.items()]


def in_process(application: Any) -> Ask:
    """Ask an ASGI application without a server."""

    def ask(path: str, method: str = "GET", **headers: str) -> Reply:
        return asyncio.run(exchange(application, path, method, **headers))

    return ask


async def exchange(application: Any, path: str, method: str = "GET", **headers: str) -> Reply:
    """One request to an ASGI application, on the running loop."""
    raw_path, _, query = path.encode("latin-1").partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in _names(headers)],
    }
    sent: list[Mapping[str, Any]] = []
    silence = asyncio.Event()

    async def receive() -> Mapping[str, Any]:
        await silence.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    start, *parts = sent
    assert not parts[-1].get("more_body", False), "the answer was not completed"
    pairs: Iterable[tuple[bytes, bytes]] = start["headers"]
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a header stands twice: {names}"
    return Reply(
        start["status"],
        {name.decode(): value.decode("latin-1") for name, value in pairs},
        b"".join(part["body"] for part in parts),
    )


@contextmanager
def over_socket(port: int) -> Iterator[Ask]:
    """Ask a server on loopback, one connection for all."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(path: str, method: str = "GET", **headers: str) -> Reply:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in _names(headers):
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        given = [(name.lower(), value) for name, value in response.getheaders()]
        names = [name for name, _ in given if name != "set-cookie"]
        assert len(names) == len(set(names)), f"a header stands twice: {names}"
        return Reply(response.status, dict(given), response.read())

    with closing(connection):
        yield ask


@dataclass(frozen=True)
class Server:
    port: int
    worker_pid: int

    def resident_bytes(self) -> int:
        """The worker's memory."""
        pages = int(Path(f"/proc/{self.worker_pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def open_descriptors(self) -> int:
        return len(open_files(self.worker_pid))


def open_files(process: int | str) -> list[str]:
    """What each descriptor of a process (its id, or "self") leads to."""
    found = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(descriptor.readlink()))
    return found


@contextmanager
def served_over(place: str, *, processes: int = 1, home: Path | None = None) -> Iterator[Server]:
    """The real server over ``place``, as ``manage.py serve`` runs it, with ``tests/serving/plane.py`` behind.

    What it counts is in ``home`` once it has ended.
    """
    if home is None:
        with TemporaryDirectory() as own_home, served_over(place, processes=processes, home=Path(own_home)) as server:
            yield server
        return
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.serving.plane", str(port), str(processes)],
        cwd=CHECKOUT,
        env={**os.environ, "CISTERNA_TEST_PLANE": place, "CISTERNA_TEST_PLANE_HOME": str(home)},
    )
    try:
        _wait_until_it_answers(port, process)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait_until_it_answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + 30
    while True:
        try:
            with over_socket(port) as ask:
                assert ask("/").status == 418
                return
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline_s, "the server does not answer"
            time.sleep(0.05)
