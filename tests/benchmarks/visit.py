"""A visit, recorded by record_visit.py, and its replay in the same order, with as many connections as browsers have."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TRACE = Path(__file__).with_name("visit.json")
CONNECTIONS = 6
"""That browsers open to one host with HTTP/1.1."""


@dataclass(frozen=True)
class Asked:
    """One request of the visit.

    Args:
        path: below the dataset's address.
        headers: those on which the answer depends.
        after: how many of the visit's requests had ended when it was made.
        status: what it was answered.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    status: int = 200


def recorded() -> list[Asked]:
    return [Asked(**asked) for asked in json.loads(TRACE.read_text())]


@dataclass(frozen=True)
class Visited:
    """How long a replay took, and how many bytes of bodies it brought."""

    seconds: float
    size_bytes: int


class WrongAnswer(Exception):
    """A server answered another status than the one recorded."""


def replay(port: int, prefix: str, visit: Sequence[Asked]) -> Visited:
    """Ask as the browser did: in order, ``CONNECTIONS`` at a time, and nothing before as much had ended as had then.

    The browser's own pauses are left out: the time is the server's and the client's.
    """
    if sys.platform == "win32":
        return asyncio.run(_Replay(port, prefix, visit).run())
    import uvloop

    return uvloop.run(_Replay(port, prefix, visit).run())


class _Replay:
    def __init__(self, port: int, prefix: str, visit: Sequence[Asked]) -> None:
        self._port, self._visit = port, visit
        self._heads = [_head(prefix, asked) for asked in visit]
        self._next = self._ended = self._size_bytes = 0
        self._progress = asyncio.Condition()

    async def run(self) -> Visited:
        connections = [
            await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20) for _ in range(CONNECTIONS)
        ]
        start_s = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for reader, writer in connections:
                group.create_task(self._use(reader, writer))
        seconds = time.perf_counter() - start_s
        for _, writer in connections:
            writer.close()
        return Visited(seconds, self._size_bytes)

    async def _use(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self._next < len(self._visit):
            number, self._next = self._next, self._next + 1
            asked = self._visit[number]
            async with self._progress:
                await self._progress.wait_for(lambda after=asked.after: self._ended >= after)
            writer.write(self._heads[number])
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            if status != asked.status:
                raise WrongAnswer(f"{asked.path}: {status} in the place of {asked.status}")
            length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
            if asked.method != "HEAD":
                await reader.readexactly(length)
                self._size_bytes += length
            async with self._progress:
                self._ended += 1
                self._progress.notify_all()


def _head(prefix: str, asked: Asked) -> bytes:
    lines = [f"{asked.method} {prefix}{asked.path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in asked.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def replay_multiplexed(port: int, prefix: str, visit: Sequence[Asked]) -> Visited:
    """The same over one connection of HTTP/2 and TLS, by curl: all at once, as far as its 100 streams go."""
    transfers = []
    for asked in visit:
        transfer = [f'url = "https://127.0.0.1:{port}{prefix}{asked.path}"', 'output = "/dev/null"']
        transfer += [f'header = "{name}: {value}"' for name, value in asked.headers.items()]
        transfer += ['write-out = "%{http_code} %{size_download} %{http_version}\\n"', "insecure"]
        transfers.append("\n".join(transfer))
    settings = "no-progress-meter\n" + "\nnext\n".join(transfers)
    command = ["curl", "--disable", "--parallel", "--parallel-max", "100", "--config", "-"]
    start_s = time.perf_counter()
    done = subprocess.run(command, input=settings, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start_s
    answers = [line.split() for line in done.stdout.splitlines()]
    if sorted(int(status) for status, _, _ in answers) != sorted(asked.status for asked in visit):
        raise WrongAnswer(f"{done.stdout[:500]}{done.stderr[:500]}")
    if {version for _, _, version in answers} != {"2"}:
        raise WrongAnswer("not all of it came over HTTP/2")
    return Visited(seconds, sum(int(size) for _, size, _ in answers))
