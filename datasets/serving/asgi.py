"""The data plane as an ASGI application in front of another one."""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from datasets.serving.answers import Answer, FileSlice
from datasets.serving.core import (
    PREFIX,
    READS,
    Credentials,
    Request,
    answer,
    answer_error,
    know_nobody,
    read_headers,
)
from datasets.serving.snapshot import Snapshot, Snapshots
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
        reading_threads: how many reads may wait for a disk at once.
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
        # Unique among processes and cheap: a random beginning and a count.
        self._process = os.urandom(8).hex().encode()
        self._count = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["raw_path"].startswith(PREFIX):
            await self._application(scope, receive, send)
            return
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], read_headers(scope["headers"]))
        request_id = b"%b%08x" % (self._process, next(self._count))
        try:
            snapshot = self._snapshots.current() if request.method in READS else _EMPTY
            if snapshot is None:
                snapshot = await self._snapshots.get()
            try:
                result: Answer | Credentials = answer(request, snapshot, time.time(), may_block=False)
            except BlockingIOError:
                result = await self._answer_in_thread(request, snapshot)
            if isinstance(result, Credentials):
                result = await self._answer_in_thread(request, snapshot, await self._identify(result))
            assert isinstance(result, Answer), "with grants, the core answers"
        except CisternaError as error:
            result = answer_error(error, head=request.method == "HEAD")
        if result.status >= 500:
            # Not the path, which may hold a share token: the error names the key.
            logger.error("%d %s %s", result.status, request.method, request_id.decode(), exc_info=result.error)
        start = {
            "type": "http.response.start",
            "status": result.status,
            "headers": [*result.headers, (b"x-request-id", request_id)],
        }
        if isinstance(result.body, FileSlice):
            with contextlib.closing(result.body):
                await send(start)
                await self._stream(result.body, receive, send)
        else:
            await send(start)
            await send({"type": "http.response.body", "body": result.body})

    async def _answer_in_thread(
        self, request: Request, snapshot: Snapshot, grants: frozenset[str] | None = None
    ) -> Answer | Credentials:
        """From the start, where waiting for a disk harms nobody."""
        ask = partial(answer, request, snapshot, time.time(), grants=grants)
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def _stream(self, body: FileSlice, receive: Receive, send: Send) -> None:
        """Send a large body in blocks, each when the one before has gone. A read that fails cuts the connection: with
        fewer bytes than announced, no client takes the answer for complete."""
        loop = asyncio.get_running_loop()
        gone = loop.create_task(_wait_for_disconnect(receive))
        try:
            position = body.start
            while position < body.stop and not gone.done():
                length = min(BLOCK_BYTES, body.stop - position)
                try:
                    block = body.file.read_cached(position, length)
                except BlockingIOError:
                    block = await loop.run_in_executor(self._threads, body.file.read, position, length)
                position += length
                await send({"type": "http.response.body", "body": block, "more_body": position < body.stop})
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
