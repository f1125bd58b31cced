"""What was answered, counted: on the event loop in a few dictionaries, which a thread hands on every few seconds."""

import asyncio
import logging
import re
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

BOUNDS_S = (0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
"""Upper ends of the classes of durations; one more takes the rest."""

DATA_KINDS = frozenset({"object", "listing", "access", "s3"})
FLUSH_S = 5.0
MOST_ENTRIES = 10_000

type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_view_of = re.compile(rb"/datasets/([a-z0-9][a-z0-9_-]{1,56})(?:@[a-z0-9]+)?/(?:view/)?").fullmatch
logger = logging.getLogger("cisterna.traffic")


class Caller(NamedTuple):
    """Where a request came from: the connection's other end, and whom that says it asks for (``X-Forwarded-For``).

    Addresses of people: kept until the next flush, for counting different ones, and never written anywhere else unless
    the operator wants them in the access log.
    """

    peer: str
    forwarded: bytes = b""


NOWHERE = Caller("")


class Entry(NamedTuple):
    """One answer, for the access log. ``target`` as it was sent: it may hold a share token."""

    at_s: float
    method: str
    target: bytes
    kind: str
    dataset: str
    status: int
    sent_bytes: int
    seconds: float
    request_id: bytes
    caller: Caller


@dataclass(slots=True)
class Tally:
    """The answers of one kind, dataset and status."""

    answers: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0
    by_duration: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))


@dataclass(slots=True)
class Batch:
    """What was counted between two flushes.

    Args:
        tallies: by kind, dataset (empty where the caller could know of none, or it does not matter) and status.
        callers: who was answered from a dataset.
        entries: every answer, where an access log wants them.
        gauges: how things stand at its end.
    """

    tallies: dict[tuple[str, str, int], Tally] = field(default_factory=dict)
    callers: dict[str, set[Caller]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    gauges: Mapping[str, float] = field(default_factory=dict)
    ended_s: float = 0.0


type Sink = Callable[[Batch], None]


class Traffic:
    """Counts on the event loop and hands what was counted to ``sinks``, in a thread of its own.

    Args:
        keep_entries: whether a sink wants every single answer.
        gauges: asked at each flush, on the loop.
    """

    def __init__(self, *sinks: Sink, keep_entries: bool = False, interval_s: float = FLUSH_S) -> None:
        self._sinks = sinks
        self._interval_s = interval_s
        self.keep_entries = keep_entries
        self.gauges: Callable[[], Mapping[str, float]] = dict
        self._batch = Batch()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="traffic")

    def count(self, kind: str, dataset: str, status: int, sent_bytes: int, seconds: float, caller: Caller) -> None:
        """Count one answer; call it on the loop. ``sent_bytes``: the body's, as far as it was written."""
        batch = self._batch
        key = (kind, dataset, status)
        tally = batch.tallies.get(key)
        if tally is None:
            tally = batch.tallies[key] = Tally()
        tally.answers += 1
        tally.sent_bytes += sent_bytes
        tally.seconds += seconds
        tally.by_duration[bisect_left(BOUNDS_S, seconds)] += 1
        if dataset and status < 400:
            callers = batch.callers.get(dataset)
            if callers is None:
                callers = batch.callers[dataset] = set()
            callers.add(caller)

    def note(self, entry: Entry) -> None:
        """Keep one answer for the access log; only where :attr:`keep_entries`."""
        entries = self._batch.entries
        entries.append(entry)
        if len(entries) >= MOST_ENTRIES:
            self.flush()

    def start(self) -> None:
        """Flush from now on, every ``interval_s``; call it on the loop."""
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._tick)

    async def stop(self) -> None:
        """Hand on what is left, and flush no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.wrap_future(self.flush())

    def flush(self) -> Future[None]:
        """Hand on what was counted so far; call it on the loop."""
        batch, self._batch = self._batch, Batch()
        batch.gauges, batch.ended_s = self.gauges(), time.time()
        return self._thread.submit(self._hand_on, batch)

    def _tick(self) -> None:
        self.start()
        self.flush()

    def _hand_on(self, batch: Batch) -> None:
        for sink in self._sinks:
            try:
                sink(batch)
            except Exception:  # counting must never be why something is not answered, nor one sink why another has none
                logger.exception("What was answered could not be handed to %s", sink)


class Sent:
    """ASGI's ``send``, remembering the status and how many bytes of the body went."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size_bytes = 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        await self._send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.size_bytes += len(message.get("body", b""))


def page_kind(method: str, raw_path: bytes, status: int) -> tuple[str, str]:
    """What was asked of the site behind the data plane, and the dataset whose page or viewer was opened thereby."""
    if raw_path.startswith(b"/api/"):
        return "api", ""
    if raw_path.startswith(b"/static/"):
        return "static", ""
    view = _view_of(raw_path) if status == 200 and method == "GET" else None
    return "page", view[1].decode() if view else ""
