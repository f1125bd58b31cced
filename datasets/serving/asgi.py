"""The data plane as an ASGI application in front of another one."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

from datasets.serving import core, s3
from datasets.serving.answers import Answer, FileSlice
from datasets.serving.bounds import MOST_WAITING, BoundedThreads, Places
from datasets.serving.core import ACCESS_PREFIX, PREFIX, READS, Credentials, ListingWait, NetworkWait, know_nobody
from datasets.serving.delivery import WHOLE_BYTES
from datasets.serving.fetching import Fetch, fetch_object
from datasets.serving.kept import KeptObjects
from datasets.serving.requests import Request, read_headers
from datasets.serving.s3_answers import S3Error, translated
from datasets.serving.server import end_with_supervisor
from datasets.serving.sigv4 import Signature
from datasets.serving.snapshot import Snapshot, Snapshots
from datasets.serving.traffic import DATA_KINDS, NOWHERE, Caller, Entry, Send, Sent, Traffic, page_kind
from datasets.storage.streams import OpenObject
from datasets.volumes.errors import CisternaError

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]
type Identify = Callable[[Credentials], Awaitable[frozenset[str]]]
type FindKey = Callable[[str], Awaitable[s3.KeyHolder | None]]

BLOCK_BYTES = 256 * 1024
LISTING_THREADS = 4
_EMPTY = Snapshot()
logger = logging.getLogger("cisterna.data")


class DataPlane:
    """Answers ``/data/`` and ``/s3/`` itself; everything else goes to ``application``. All of it is counted.

    Args:
        application: what stands behind.
        snapshots: what exists and who may see it.
        identify: which datasets the caller may see although they are not public. Raises CredentialsRefused. Asked only
            when credentials came along and what was asked for is not public.
        find_key: whoever has an access key, by its id. Asked where a request of S3 is signed.
        traffic: where answers are counted.
        reading_threads: how many reads may wait for a disk at once, and as many listings for another machine.
        most_waiting: how many requests may wait for each of these, threads included; the next is told to come again.
    """

    def __init__(
        self,
        application: Application,
        snapshots: Snapshots,
        identify: Identify = know_nobody,
        find_key: FindKey = s3.know_no_key,
        *,
        traffic: Traffic | None = None,
        reading_threads: int = 32,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._application = application
        self._snapshots = snapshots
        self._identify = identify
        self._find_key = find_key
        self._threads = BoundedThreads(reading_threads, most_waiting, name="data-plane")
        self._listing_threads = BoundedThreads(LISTING_THREADS, most_waiting, name="data-plane-listings")
        self._network_threads = BoundedThreads(reading_threads, most_waiting, name="data-plane-network")
        self._fetches = Places(most_waiting)
        self._kept = KeptObjects()
        self._streams = 0
        self._traffic = traffic or Traffic()
        self._traffic.gauges = self._gauges
        # Unique among processes and cheap: a random beginning and a count.
        self._process = os.urandom(8).hex().encode()
        self._count = itertools.count()

    def answer_at_once(self, request: Request, caller: Caller = NOWHERE) -> tuple[Answer, bytes] | None:
        """The answer with the request's id where neither disk, database nor caller has to be asked; else None.

        Its body may be a :class:`FileSlice`, which is in memory: send and close it.

        Args:
            caller: the connection's other end.
        """
        started_s = time.perf_counter()
        request.in_place = True
        if request.method not in READS or (snapshot := self._snapshots.current()) is None:
            return None
        try:
            result = self._ask_at_once(request, snapshot)
        except BlockingIOError:
            return None
        if result is None:
            return None
        assert not isinstance(result.body, OpenObject)
        size_bytes = result.body.length if isinstance(result.body, FileSlice) else len(result.body)
        request_id = self._new_id()
        _log(result, request.method, request_id)
        kind = "s3" if s3.is_s3(request.raw_path) else result.kind
        self._tell(request, kind, result.status, size_bytes, started_s, caller, request_id)
        return result, request_id

    def _ask_at_once(self, request: Request, snapshot: Snapshot) -> Answer | None:
        if s3.is_s3(request.raw_path):
            return _at_once(s3.answer(request, snapshot, time.time(), may_block=False))
        kept = self._kept.find(request.raw_path, snapshot) if request.method == "GET" else None
        if kept is not None and (known := kept.answer(request.headers)) is not None:
            request.dataset = kept.dataset
            return known
        result = _at_once(core.answer(request, snapshot, time.time(), may_block=False))
        if result is not None and result.keepable is not None and kept is None and request.method == "GET":
            self._kept.keep(request.raw_path, result.keepable)
        return result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        started_s = time.perf_counter()
        sent = Sent(send)
        request = read_request(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])
        kind, request_id = "object", self._new_id()
        try:
            if is_data(request.raw_path):
                result = await self._answer_any(request, request_id)
                kind = "s3" if s3.is_s3(request.raw_path) else result.kind
                await self._send(result, request_id, receive, sent)
            else:
                await self._application(scope, receive, sent)
                kind, request.dataset = page_kind(request.method, request.raw_path, sent.status)
        finally:
            if sent.status:
                caller = Caller((scope.get("client") or NOWHERE)[0])
                self._tell(request, kind, sent.status, sent.size_bytes, started_s, caller, request_id)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Count from the server's start to its end."""
        while True:
            match (await receive())["type"]:
                case "lifespan.startup":
                    end_with_supervisor()
                    self._traffic.start()
                    await send({"type": "lifespan.startup.complete"})
                case "lifespan.shutdown":
                    await self._traffic.stop()
                    await send({"type": "lifespan.shutdown.complete"})
                    return

    async def _answer_any(self, request: Request, request_id: bytes) -> Answer:
        speaks_s3 = s3.is_s3(request.raw_path)
        try:
            snapshot = self._snapshots.current() if request.method in READS else _EMPTY
            if snapshot is None:
                snapshot = await self._snapshots.get()
            result = await (self._answer_s3 if speaks_s3 else self._answer)(request, snapshot)
        except (CisternaError, S3Error) as error:
            if isinstance(error, CisternaError) and request.raw_path.startswith(ACCESS_PREFIX):
                result = core.answer_access_error(error)
            else:
                result = (s3 if speaks_s3 else core).answer_error(error, head=request.method == "HEAD")
        _log(result, request.method, request_id)
        return result

    async def _send(self, result: Answer, request_id: bytes, receive: Receive, send: Send) -> None:
        start = {
            "type": "http.response.start",
            "status": result.status,
            "headers": [*result.headers, (b"x-request-id", request_id)],
        }
        await send(start)
        if isinstance(result.body, bytes):
            await send({"type": "http.response.body", "body": result.body})
            return
        self._streams += 1
        try:
            await _stream(self._blocks(result.body), result.body.length, receive, send)
        finally:
            self._streams -= 1

    def _tell(
        self,
        request: Request,
        kind: str,
        status: int,
        sent_bytes: int,
        started_s: float,
        caller: Caller,
        request_id: bytes,
    ) -> None:
        """Have an answer counted."""
        traffic, dataset, seconds = self._traffic, request.dataset, time.perf_counter() - started_s
        if forwarded := request.headers.get(b"x-forwarded-for"):
            caller = Caller(caller.peer, forwarded)
        traffic.count(kind, dataset, status, sent_bytes, seconds, caller)
        if traffic.keep_entries and kind in DATA_KINDS:
            asked = (request.method, request.raw_path, kind, dataset)
            traffic.note(Entry(time.time(), *asked, status, sent_bytes, seconds, request_id, caller))

    def _gauges(self) -> dict[str, float]:
        waiting = (self._threads, self._listing_threads, self._network_threads, self._fetches)
        return {
            "open_streams": self._streams,
            "waiting": sum(each.taken for each in waiting),
            "snapshot_confirmed_s": self._snapshots.confirmed_s,
        }

    def _new_id(self) -> bytes:
        return b"%b%08x" % (self._process, next(self._count))

    async def _answer(self, request: Request, snapshot: Snapshot) -> Answer:
        ask = partial(core.answer, request, snapshot, time.time())
        outcome = await self._ask(ask)
        if isinstance(outcome, Credentials):
            outcome = await self._ask(partial(ask, grants=await self._identify(outcome)))
        assert not isinstance(outcome, Credentials), "with grants, the core does not ask for them"
        if isinstance(outcome, Answer):
            return outcome
        try:
            return await self._fetch(outcome)
        except CisternaError as error:
            return core.answer_error(error, head=request.method == "HEAD", where=outcome.where)

    async def _answer_s3(self, request: Request, snapshot: Snapshot) -> Answer:
        ask = partial(s3.answer, request, snapshot, time.time())
        outcome = await self._ask(ask)
        if isinstance(outcome, Signature):
            holder = await self._find_key(outcome.access_key_id)
            if holder is None:
                raise s3.unknown_key()
            outcome = await self._ask(partial(ask, holder=holder))
        assert not isinstance(outcome, Signature), "with its holder, nobody asks whose key it is"
        if isinstance(outcome, Answer):
            return outcome
        return translated(await self._fetch(outcome), head=request.method == "HEAD")

    async def _fetch(self, fetch: Fetch) -> Answer:
        with self._fetches:
            return await fetch_object(fetch)

    async def _ask[Outcome](self, ask: Callable[..., Outcome]) -> Outcome:
        """The answer; where it would wait, from the start in a thread, in which waiting harms nobody."""
        try:
            return ask(may_block=False)
        except NetworkWait:
            threads = self._network_threads  # of their own: a dead server holds back no disk
        except ListingWait:
            threads = self._listing_threads  # few: one may take seconds, and objects must not wait for it
        except BlockingIOError:
            threads = self._threads
        return await asyncio.wrap_future(threads.submit(ask))

    async def _blocks(self, body: FileSlice | OpenObject) -> AsyncGenerator[bytes]:
        if isinstance(body, OpenObject):
            async for block in body.blocks(BLOCK_BYTES):
                yield block
            return
        with contextlib.closing(body):
            for position in range(body.start, body.stop, BLOCK_BYTES):
                length = min(BLOCK_BYTES, body.stop - position)
                try:
                    yield body.file.read_cached(position, length)
                except BlockingIOError:
                    read = partial(body.file.read, position, length)
                    yield await asyncio.wrap_future(self._threads.submit_anyway(read))


def _at_once(result: object) -> Answer | None:
    """The answer, if it is one and its body is in memory: as bytes, or in its file."""
    if not isinstance(result, Answer):
        return None
    body = result.body
    if isinstance(body, FileSlice) and body.length > WHOLE_BYTES:
        body.close()
        return None
    return None if isinstance(body, OpenObject) else result


def is_data(raw_path: bytes) -> bool:
    """Whether a path is the data plane's to answer."""
    return raw_path.startswith((PREFIX, ACCESS_PREFIX)) or s3.is_s3(raw_path)


def read_request(method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Request:
    """What is read of a request: path and query as they were sent."""
    return Request(method, path, query, read_headers(headers, all_of_them=s3.is_s3(path)))


async def _stream(blocks: AsyncGenerator[bytes], length: int, receive: Receive, send: Send) -> None:
    """Send a large body in blocks, each when the one before has gone. A read that fails cuts the connection: with fewer
    bytes than announced, no client takes the answer for complete."""
    gone = asyncio.get_running_loop().create_task(_wait_for_disconnect(receive))
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                await asyncio.sleep(0)  # where neither a read nor a send waits, that somebody has gone is heard here
                if gone.done():
                    break
                length -= len(block)
                await send({"type": "http.response.body", "body": block, "more_body": length > 0})
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


def _log(result: Answer, method: str, request_id: bytes) -> None:
    if result.status >= 500 and result.status != 501:  # which is no trouble, and strangers' to cause
        # Not the path, which may hold a share token: the error names the key.
        logger.error("%d %s %s", result.status, method, request_id.decode(), exc_info=result.error)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
