"""Bounds on what waits: whoever comes when all places are taken is told to come again, instead of joining a queue."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from datasets.volumes.errors import CisternaError

MOST_WAITING = 512


class Overloaded(CisternaError):
    """More requests wait for the same thing than can be answered soon."""

    slug = "overloaded"
    status = 503
    title = "Too much is asked for at once"
    retry_after_s = 1


class Places:
    """So many at once: ``with places:`` takes one, or raises :class:`Overloaded`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self.taken = 0

    def __enter__(self) -> None:
        with self._lock:
            if is_free := self.taken < self._most:
                self.taken += 1
        if not is_free:  # raised outside: what an exception brings about may need the lock
            raise Overloaded("Too many requests wait for the same thing", fix="Try again in a moment")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with self._lock:
            self.taken -= 1


class BoundedThreads:
    """Threads for one kind of work that waits; ``most`` pieces of it may be done or wait at once."""

    def __init__(self, threads: int, most: int, *, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = Places(most)

    @property
    def taken(self) -> int:
        """How much is being done or waits."""
        return self._places.taken

    def submit[Result](self, work: Callable[[], Result]) -> Future[Result]:
        """Have ``work`` done.

        Raises:
            Overloaded: too much waits already.
        """
        self._places.__enter__()
        return self._begin(work)

    def submit_anyway[Result](self, work: Callable[[], Result]) -> Future[Result]:
        """Have the rest of something done that was begun: it has its place already."""
        return self._threads.submit(work)

    def _begin[Result](self, work: Callable[[], Result]) -> Future[Result]:
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._leave()
            raise
        # Also where nobody waits any more for work that has not begun.
        future.add_done_callback(lambda _: self._leave())
        return future

    def _leave(self) -> None:
        self._places.__exit__(None, None, None)
