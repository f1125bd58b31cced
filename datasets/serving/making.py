"""Sending what is made while it is sent: one block goes out, a thread makes the next, nobody makes it for nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor

from datasets.serving.bounds import Places

PIECE_BYTES = 64 * 1024
STALLED_S = 60
"""Whoever takes no piece for so long gives up his place to somebody else."""

type Block = bytes | memoryview


class Making:
    """Threads that make blocks, and places for streams.

    Args:
        most: places.
        threads: as many as there are places, if it is not said: who holds a place has a thread when he needs one.
        least_bytes_per_s: whoever has been waited for a minute and took less on average gives up his place.
    """

    def __init__(
        self, most: int, threads: int | None = None, *, name: str = "making", least_bytes_per_s: int = 0
    ) -> None:
        self.least_bytes_per_s = least_bytes_per_s
        self.places = Places(most)
        self.threads = ThreadPoolExecutor(threads or most, thread_name_prefix=name)


class MadeWhileSent:
    """An asynchronous iterator over the bytes of ``blocks``, and its end: however it ends, its place is given back.

    What goes wrong before the first block is raised by :meth:`begin`; later it is raised where the iterator is awaited,
    and the server cuts the connection.

    Args:
        making: where a place is taken, and whose threads make the blocks.
        make: begins the blocks, the first of which holds more than a header.
        stop: has ``blocks`` end soon with an exception, wherever it is.
    """

    def __init__(self, making: Making, make: Callable[[], Generator[Block]], stop: Callable[[], None]) -> None:
        self._making, self._make_blocks, self._stop = making, make, stop
        self._lock, self._is_closed = threading.Lock(), True
        self._blocks: Generator[Block] | None = None
        self._first: Block | None = None

    async def begin(self) -> None:
        """Take a place and have the first block made. Cancelled, since the client has left, it stops that.

        Raises:
            Overloaded: all places are taken.
        """
        self._making.places.__enter__()
        try:
            self._ahead = self._making.threads.submit(self._make)
        except BaseException:
            self._making.places.__exit__(None, None, None)
            raise
        self._is_closed = False
        try:
            self._first = await asyncio.wrap_future(self._ahead)
            self._ahead = self._making.threads.submit(self._make)
        except BaseException:
            self.close()
            raise
        # Nobody closes an answer whose client leaves between here and its first byte.
        self._unsent = asyncio.get_running_loop().call_later(STALLED_S, self.close)

    def __aiter__(self) -> AsyncIterator[Block]:
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[Block]:
        loop, sending = asyncio.get_running_loop(), asyncio.current_task()
        assert sending is not None
        self._unsent.cancel()
        if self._is_closed:
            raise asyncio.CancelledError
        block, self._first = self._first, None  # not held until the end
        sent_bytes, waited_s = 0, 0.0
        try:
            while block is not None:
                for start in range(0, len(block), PIECE_BYTES):
                    if waited_s > STALLED_S and sent_bytes < self._making.least_bytes_per_s * waited_s:
                        raise asyncio.CancelledError
                    stalled, handed_s = loop.call_later(STALLED_S, sending.cancel), loop.time()
                    try:
                        yield block[start : start + PIECE_BYTES]
                    finally:
                        stalled.cancel()
                    waited_s += loop.time() - handed_s
                    sent_bytes += len(block[start : start + PIECE_BYTES])
                block = await asyncio.wrap_future(self._ahead)
                if block is not None:
                    self._ahead = self._making.threads.submit(self._make)
        finally:
            self.close()

    def _make(self) -> Block | None:
        if self._blocks is None:
            self._blocks = self._make_blocks()
        return next(self._blocks, None)

    def close(self) -> None:
        """Nobody wants the rest."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._first = None
        self._stop()
        self._ahead.cancel()
        self._ahead.add_done_callback(self._leave)  # it still works for a moment: until then the place is taken

    def _leave(self, _: Future[Block | None]) -> None:
        try:
            if self._blocks is not None:
                self._blocks.close()
        finally:
            self._making.places.__exit__(None, None, None)
