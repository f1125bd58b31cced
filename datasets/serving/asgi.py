"""The data plane as an ASGI application in front of another one."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from datasets.serving.answers import Answer, FileSlice
from datasets.serving.core import (
    ACCESS_PREFIX,
    PREFIX,
    READS,
    Credentials,
    NetworkWait,
    Request,
    answer,
    answer_error,
    know_nobody,
    read_headers,
)
from datasets.serving.fetching import Fetch, fetch_object
from datasets.serving.snapshot import Snapshot, Snapshots
from datasets.storage.streams import OpenObject
from datasets.volumes.errors import CisternaError

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]
type Identify = Callable[[Credentials], Awaitable[frozenset[str]]]

BLOCK_BYTES = 256 * 1024
_EMPTY = Snapshot()
logger = logging.getLogger("cisterna.data")


class DataPlane:
    """Answers ``/data/`` itself; everything else, lifespan too, goes to ``application``.

    Args:
        application: what stands behind.
        snapshots: what exists and who may see it.
        identify: which datasets the caller may see although they are not public. Raises CredentialsRefused. Asked only
            when credentials came along and what was asked for is not public.
        reading_threads: how many reads may wait for a disk at once, and as many listings for another machine.
    """

    def __init__(
        self,
        application: Application,
        snapshots: Snapshots,
        identify: Identify = know_nobody,
        *,
        reading_threads: int = 32,
    ) -> None:
        self._application = application
        self._snapshots = snapshots
        self._identify = identify
        self._threads = ThreadPoolExecutor(reading_threads, thread_name_prefix="data-plane")
        self._network_threads = ThreadPoolExecutor(reading_threads, thread_name_prefix="data-plane-network")
        # Unique among processes and cheap: a random beginning and a count.
        self._process = os.urandom(8).hex().encode()
        self._count = itertools.count()

    def answer_at_once(
        self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]
    ) -> tuple[Answer, bytes] | None:
        """The answer with the request's id where neither disk, database nor caller has to be asked; else None.

        Args:
            target: path and query as they were sent.
        """
        if method not in READS or (snapshot := self._snapshots.current()) is None:
            return None
        path, _, query = target.partition(b"?")
        try:
            result = answer(Request(method, path, query, read_headers(headers)), snapshot, time.time(), may_block=False)
        except BlockingIOError:
            return None
        if not isinstance(result, Answer):
            return None
        if isinstance(result.body, FileSlice):
            result.body.close()
        if not isinstance(result.body, bytes):
            return None
        request_id = self._new_id()
        _log(result, method, request_id)
        return result, request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["raw_path"].startswith((PREFIX, ACCESS_PREFIX)):
            await self._application(scope, receive, send)
            return
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], read_headers(scope["headers"]))
        request_id = self._new_id()
        try:
            snapshot = self._snapshots.current() if request.method in READS else _EMPTY
            if snapshot is None:
                snapshot = await self._snapshots.get()
            outcome = await self._ask(request, snapshot)
            if isinstance(outcome, Credentials):
                outcome = await self._ask(request, snapshot, await self._identify(outcome))
            assert not isinstance(outcome, Credentials), "with grants, the core does not ask for them"
            result = await self._fetch(outcome) if isinstance(outcome, Fetch) else outcome
        except CisternaError as error:
            result = answer_error(error, head=request.method == "HEAD")
        _log(result, request.method, request_id)
        start = {
            "type": "http.response.start",
            "status": result.status,
            "headers": [*result.headers, (b"x-request-id", request_id)],
        }
        await send(start)
        if isinstance(result.body, bytes):
            await send({"type": "http.response.body", "body": result.body})
        else:
            await _stream(self._blocks(result.body), result.body.length, receive, send)

    def _new_id(self) -> bytes:
        return b"%b%08x" % (self._process, next(self._count))

    async def _ask(
        self, request: Request, snapshot: Snapshot, grants: frozenset[str] | None = None
    ) -> Answer | Credentials | Fetch:
        """The core's answer; where it would wait, from the start in a thread, in which waiting harms nobody."""
        ask = partial(answer, request, snapshot, time.time(), grants=grants)
        try:
            return ask(may_block=False)
        except NetworkWait:
            threads = self._network_threads  # of their own: a dead server holds back no disk
        except BlockingIOError:
            threads = self._threads
        return await asyncio.get_running_loop().run_in_executor(threads, ask)

    async def _fetch(self, fetch: Fetch) -> Answer:
        try:
            return await fetch_object(fetch)
        except CisternaError as error:
            return answer_error(error, head=fetch.method == "HEAD", where=fetch.where)

    async def _blocks(self, body: FileSlice | OpenObject) -> AsyncGenerator[bytes]:
        if isinstance(body, OpenObject):
            async for block in body.blocks(BLOCK_BYTES):
                yield block
            return
        loop = asyncio.get_running_loop()
        with contextlib.closing(body):
            for position in range(body.start, body.stop, BLOCK_BYTES):
                length = min(BLOCK_BYTES, body.stop - position)
                try:
                    yield body.file.read_cached(position, length)
                except BlockingIOError:
                    yield await loop.run_in_executor(self._threads, body.file.read, position, length)


async def _stream(blocks: AsyncGenerator[bytes], length: int, receive: Receive, send: Send) -> None:
    """Send a large body in blocks, each when the one before has gone. A read that fails cuts the connection: with fewer
    bytes than announced, no client takes the answer for complete."""
    gone = asyncio.get_running_loop().create_task(_wait_for_disconnect(receive))
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                if gone.done():
                    break
                length -= len(block)
                await send({"type": "http.response.body", "body": block, "more_body": length > 0})
    finally:
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


def _log(result: Answer, method: str, request_id: bytes) -> None:
    if result.status >= 500:
        # Not the path, which may hold a share token: the error names the key.
        logger.error("%d %s %s", result.status, method, request_id.decode(), exc_info=result.error)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
