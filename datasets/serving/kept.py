"""Objects kept at hand because they are asked for again and again.

Of a shard a viewer reads many ranges, and every visit begins with the same metadata and coarse levels. As long as
nothing of the catalogue has changed, neither their path nor their file has to be looked up anew. Only what everybody
may see and what is never written again is kept.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping

from datasets.serving.answers import Answer, Header, Keepable, header_lines
from datasets.serving.conditions import CONDITIONS
from datasets.serving.delivery import WHOLE_BYTES, deliver
from datasets.serving.snapshot import Snapshot
from datasets.storage.errors import StorageError
from datasets.storage.files import OpenFile

MOST_KEPT = 512
TRUSTED_S = 1.0
"""For so long nobody looks whether the object is still there: a root that goes away is noticed, at its next request."""

SMALL_BYTES = 16 * 1024
"""Of a small object the bytes are kept, of a shard (too large to be sent as a whole at once) the open file. What is
between, a chunk, is read once by each viewer and then stays in its cache."""


def is_worth_keeping(size_bytes: int) -> bool:
    return size_bytes <= SMALL_BYTES or size_bytes > WHOLE_BYTES


class KeptObject:
    """An object, its file open if it is large. Close it."""

    def __init__(self, keepable: Keepable) -> None:
        """
        Raises:
            StorageError, BlockingIOError: as opening and reading it without waiting do.
        """
        self.dataset = keepable.dataset
        self.trusted_until_s = time.monotonic() + TRUSTED_S
        self._shared_headers: tuple[Header, ...] = keepable.shared_headers
        self._file: OpenFile = keepable.folder.open_file(keepable.key, within=keepable.within, may_block=False)
        self._etag = self._file.etag
        # What all of its answers begin with, as it is sent.
        whole = deliver({}, self._file.size_bytes, self._etag, self._file.mtime_s, self._shared_headers)
        self._lines = header_lines(header for header in whole.headers if header[0] != b"content-length")
        self._whole: Answer | None = None
        if self._file.size_bytes <= SMALL_BYTES:
            try:
                body = self._file.read_cached(0, self._file.size_bytes) if self._file.size_bytes else b""
            finally:
                self._file.close()
            self._whole = Answer(whole.status, whole.headers, body, lines=header_lines(whole.headers))

    def answer(self, headers: Mapping[bytes, bytes]) -> Answer | None:
        """What a GET with ``headers`` is answered; None where the body is to be read while it is sent.

        Raises:
            BlockingIOError: it is not in memory.
        """
        whole, file = self._whole, self._file
        if whole is not None and b"range" not in headers and CONDITIONS.isdisjoint(headers):
            return whole
        delivery = deliver(headers, file.size_bytes, self._etag, file.mtime_s, self._shared_headers)
        if isinstance(delivery, Answer):
            return delivery
        if whole is not None:
            body = whole.body[delivery.start : delivery.stop]  # type: ignore[index]  # bytes, as made above
        elif delivery.length > WHOLE_BYTES:
            return None
        else:
            body = file.read_cached(delivery.start, delivery.length)
        lines = b"%bcontent-length: %d\r\n" % (self._lines, delivery.length)
        if delivery.status == 206:
            lines += b"content-range: %b\r\n" % delivery.headers[-1][1]
        return Answer(delivery.status, delivery.headers, body, lines=lines)

    def close(self) -> None:
        self._file.close()


class KeptObjects:
    """What one process keeps, by address; what was not asked for the longest leaves first. For one thread."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, KeptObject] = OrderedDict()
        self._snapshot: Snapshot | None = None

    def find(self, raw_path: bytes, snapshot: Snapshot) -> KeptObject | None:
        """The object at an address, if it is kept. With another ``snapshot`` than before, nothing is."""
        if snapshot is not self._snapshot:
            self.clear()
            self._snapshot = snapshot
        kept = self._kept.get(raw_path)
        if kept is None:
            return None
        if time.monotonic() > kept.trusted_until_s:
            self._kept.pop(raw_path).close()
            return None
        self._kept.move_to_end(raw_path)
        return kept

    def keep(self, raw_path: bytes, keepable: Keepable) -> None:
        """Keep what was just answered from the snapshot that was last shown to :meth:`find`."""
        try:
            self._kept[raw_path] = KeptObject(keepable)
        except (StorageError, BlockingIOError):
            return  # gone since, or no longer in memory: whoever asks next is told
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)[1].close()

    def clear(self) -> None:
        for kept in self._kept.values():
            kept.close()
        self._kept.clear()
