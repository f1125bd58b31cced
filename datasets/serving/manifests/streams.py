"""Sending what is written in blocks: one at a time, each made in a thread while the client takes the one before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from functools import partial

from datasets.serving.bounds import MOST_WAITING, BoundedThreads, Places
from datasets.volumes.errors import CisternaError

THREADS = 4
MOST_STREAMS = 128
"""Each holds a row group of an inventory, or a page of a listing: a few MB."""

_threads = BoundedThreads(THREADS, MOST_WAITING, name="manifests")
_places = Places(MOST_STREAMS)
logger = logging.getLogger("cisterna.data")


class BlockStream:
    """An asynchronous iterator over ``blocks``. The first is made at once: what cannot be read at all is an error yet,
    not a broken answer.

    Raises:
        Overloaded: too many are on their way.
        Exception: whatever the first block raises.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks: Iterator[bytes] | None = None
        _places.__enter__()
        self._blocks = blocks
        try:
            self._first: bytes | None = _threads.submit(partial(next, blocks, b"")).result()
        except BaseException:
            self.close()
            raise

    def __aiter__(self) -> BlockStream:
        return self

    async def __anext__(self) -> bytes:
        if self._first is not None:
            block, self._first = self._first, None
        elif self._blocks is None:
            raise StopAsyncIteration
        else:
            block = await self._make(self._blocks)
        if not block:
            self.close()
            raise StopAsyncIteration
        return block

    async def _make(self, blocks: Iterator[bytes]) -> bytes:
        try:
            return await asyncio.wrap_future(_threads.submit_anyway(partial(next, blocks, b"")))
        except BaseException as error:
            self.close()
            if isinstance(error, CisternaError):
                # Whoever sends this cuts the connection: a body that ends here would look complete.
                logger.error("a manifest was cut off: %s", error)
            raise

    def close(self) -> None:
        """Give its place back. A block that is being made is let go of by its thread."""
        if self._blocks is not None:
            self._blocks = None
            _places.__exit__(None, None, None)

    def __del__(self) -> None:
        self.close()
