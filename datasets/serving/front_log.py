"""What a front server has answered by itself, counted from the log that it writes for this (deploy/nginx).

A line: seconds since the epoch, the client's address, the version, the status, the bytes of the body and the seconds it
took, with tabs between them. Several processes look at one log, and each line is counted by one of them.
"""

import datetime as dt
import fcntl
import json
import logging
import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from datasets.serving.traffic import BOUNDS_S, Batch, Caller, Sink, Tally

MOST_BYTES = 32 << 20
"""So much of a log is read at a time; the rest the next time."""

logger = logging.getLogger("cisterna.traffic")


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
    """The lines by days (UTC)."""
    days: dict[dt.date, Batch] = {}
    for line in lines:
        try:
            at, address, version, status, size_bytes, taken_s = line.decode("ascii").split("\t")
            at_s, seconds = float(at), float(taken_s)
            key = ("front", version.partition("@")[0], int(status))
            day = dt.datetime.fromtimestamp(at_s, dt.UTC).date()
            size = int(size_bytes)
        except (ValueError, OverflowError, OSError):
            logger.warning("A line of the front server's log is none: %r", line[:200])
            continue
        batch = days.setdefault(day, Batch())
        batch.ended_s = max(batch.ended_s, at_s)
        tally = batch.tallies.setdefault(key, Tally())
        tally.answers += 1
        tally.sent_bytes += size
        tally.seconds += seconds
        tally.by_duration[bisect_left(BOUNDS_S, seconds)] += 1
        if key[2] < 400:
            batch.callers.setdefault(key[1], set()).add(Caller(address))
    return [days[day] for day in sorted(days)]
