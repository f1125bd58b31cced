"""The names in large folders, kept while the folder is as it was: who lists one page by page would read all of it for
each page.

A folder's times change with every name that comes or goes. They say so in steps, of two seconds at worst, and so a
folder counts as known only where it was quiet for longer than that when it was read. What a link leads to changes
without them: a folder with links in it is always read.
"""

import os
import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import accumulate

LEAST_NAMES = 1000
"""A smaller folder is read in a millisecond."""
MOST_NAMES = 1_000_000
"""Of all folders that are kept; each takes some 20 bytes."""
QUIET_S = 2.0
TRUSTED_S = 60.0
"""For no longer: there are file systems, of the kind that shows a bucket, whose folders' times never change."""


class SortedNames:
    """Names in the order of their UTF-8 bytes, in one piece of memory."""

    def __init__(self, names: Iterable[str]) -> None:
        encoded = sorted(name.encode() for name in names)
        self._bytes = b"".join(encoded)
        self._stops = array("I", accumulate(map(len, encoded)))

    def __len__(self) -> int:
        return len(self._stops)

    def __getitem__(self, index: int) -> bytes:
        return self._bytes[self._stops[index - 1] if index else 0 : self._stops[index]]

    def page(self, prefix: str, after: str, limit: int) -> list[str]:
        """The first ``limit`` names that begin with ``prefix`` and sort behind ``after``."""
        first = max(bisect_right(self, _encoded(after)), bisect_left(self, _encoded(prefix)))
        names = (self[index].decode() for index in range(first, min(first + limit, len(self))))
        return [name for name in names if name.startswith(prefix)]


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class _Kept:
    state: tuple[int, ...]
    read_s: float
    names: SortedNames


class FolderNames:
    """The names of the large folders that were asked for last.

    Args:
        least: smaller folders are not kept.
        most: how many names are kept, of all folders.
        quiet_s: for how long a folder must not have changed when it is read.
    """

    def __init__(self, *, least: int = LEAST_NAMES, most: int = MOST_NAMES, quiet_s: float = QUIET_S) -> None:
        self._least = least
        self._most = most
        self._quiet_ns = int(quiet_s * 1e9)
        self._kept: OrderedDict[tuple[int, int], _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self.readings = 0

    def page(
        self, folder: int, listed: Callable[[os.DirEntry[str]], str], *, prefix: str, after: str, limit: int
    ) -> list[str]:
        """The first ``limit`` names in a folder that begin with ``prefix`` and sort behind ``after``.

        Args:
            folder: its descriptor.
            listed: an entry's name as it is listed: with ``/`` for a folder, empty where it is left out.

        Raises:
            OSError: it cannot be read.
        """
        status = os.fstat(folder)
        known = self._find(status)
        if known is not None:
            return known.page(prefix, after, limit)
        began_ns = time.time_ns()
        self.readings += 1
        gathered: list[str] | None = []

        def names(entries: Iterator[os.DirEntry[str]]) -> Iterator[str]:
            nonlocal gathered
            for entry in entries:
                if gathered is not None and (entry.is_symlink() or len(gathered) == self._most):
                    gathered = None
                may_count = entry.name.startswith(prefix) and f"{entry.name}/" > after  # cheap
                if gathered is None and not may_count:
                    continue
                name = listed(entry)
                if name and gathered is not None:
                    gathered.append(name)
                if may_count and name > after:
                    yield name

        with os.scandir(folder) as entries:
            found = nsmallest(limit, names(entries))
        if gathered is not None and len(gathered) >= self._least:
            is_quiet = max(status.st_mtime_ns, status.st_ctime_ns) + self._quiet_ns < began_ns
            if is_quiet and _state(os.fstat(folder)) == _state(status):
                self._keep(status, SortedNames(gathered))
        return found

    def _find(self, status: os.stat_result) -> SortedNames | None:
        identity = (status.st_dev, status.st_ino)
        with self._lock:
            kept = self._kept.get(identity)
            if kept is None:
                return None
            if kept.state != _state(status) or time.monotonic() - kept.read_s > TRUSTED_S:
                del self._kept[identity]
                return None
            self._kept.move_to_end(identity)
            return kept.names

    def _keep(self, status: os.stat_result, names: SortedNames) -> None:
        with self._lock:
            self._kept.pop(identity := (status.st_dev, status.st_ino), None)
            self._kept[identity] = _Kept(_state(status), time.monotonic(), names)
            while sum(len(kept.names) for kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)


def _state(status: os.stat_result) -> tuple[int, ...]:
    """What changes with every name. The second time cannot be set by whoever copies a folder with its times."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size
