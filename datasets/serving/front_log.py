"""What nginx has answered by itself, counted from its access log (deploy/nginx has the format).

A line tells the client's address, the time, the request, the status, the bytes of the body, the seconds it took, an id,
and what the portal answered: "-" where it was not asked. Several processes look at one log, and each line is counted by
one of them.
"""

import datetime as dt
import fcntl
import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from datasets.serving.traffic import BOUNDS_S, Batch, Caller, Sink, Tally

MOST_BYTES = 32 << 20
"""So much of a log is read at a time; the rest the next time."""

_own_answer = re.compile(
    rb'(?P<address>\S+) \[(?P<time>[^\]]+)\] "(?:GET|HEAD) /data/(?:~\*\*\*/)?'
    rb"(?P<dataset>[a-z0-9][a-z0-9_-]{1,56})(?:(?:@|%40)[a-z0-9]+)?/[^\" ]*\" "
    rb"(?P<status>200|206|304) (?P<bytes>\d{1,18}) (?P<seconds>\d{1,9}\.\d{3}) \S+ -"
).fullmatch


class FrontLog:
    """Hands on what the log at ``path`` says, each time it is called: a sink that takes the time from others' batches.

    Args:
        position: where it is kept how far the log has been read.
        sinks: what counts.
    """

    def __init__(self, path: Path, position: Path, *sinks: Sink) -> None:
        self._path = path
        self._position = position
        self._sinks = sinks

    def __call__(self, batch: Batch) -> None:
        """Count the lines that have been written since, whichever process asked last."""
        with self._alone() as state:
            if state is None:
                return
            try:
                place, read_bytes = json.loads(state.read() or b"[0, 0]")
            except ValueError:
                place, read_bytes = 0, 0
            lines: list[bytes] = []
            for path in (self._path.with_name(f"{self._path.name}.1"), self._path):  # what logrotate moves away
                with suppress(FileNotFoundError), path.open("rb") as log:
                    found = os.fstat(log.fileno())
                    if found.st_ino != place and path != self._path:
                        continue
                    start = read_bytes if found.st_ino == place and read_bytes <= found.st_size else 0
                    log.seek(start)
                    content = log.read(MOST_BYTES)
                    is_rest = len(content) < MOST_BYTES
                    content = content[: content.rfind(b"\n") + 1]
                    lines += content.splitlines()
                    place, read_bytes = found.st_ino, start + len(content)
                    if not is_rest:
                        break
            state.seek(0)
            state.truncate()
            # Before they are handed on: a process that is killed in between loses them, and counts none twice.
            state.write(json.dumps([place, read_bytes]).encode())
            state.flush()
        for counted in _batches(lines):
            counted.gauges = batch.gauges
            for sink in self._sinks:
                sink(counted)

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO | None]:
        """The file of the position, while no other process has it; None where one has."""
        with os.fdopen(os.open(self._position, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            yield file


def _batches(lines: list[bytes]) -> list[Batch]:
    """Those of the lines that nginx has answered by itself, by days (UTC)."""
    days: dict[dt.date, Batch] = {}
    for found in filter(None, map(_own_answer, lines)):
        try:
            at = dt.datetime.fromisoformat(found["time"].decode("ascii")).astimezone(dt.UTC)
        except ValueError:
            continue
        seconds, dataset = float(found["seconds"]), found["dataset"].decode()
        batch = days.setdefault(at.date(), Batch())
        batch.ended_s = max(batch.ended_s, at.timestamp())
        tally = batch.tallies.setdefault(("front", dataset, int(found["status"])), Tally())
        tally.answers += 1
        tally.sent_bytes += int(found["bytes"])
        tally.seconds += seconds
        tally.by_duration[bisect_left(BOUNDS_S, seconds)] += 1
        batch.callers.setdefault(dataset, set()).add(Caller(found["address"].decode("latin-1")))
    return [days[day] for day in sorted(days)]
