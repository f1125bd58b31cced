"""Room on the disk for what is put together there: files without a name, of a bounded size in all."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.serving.bounds import Overloaded
from datasets.storage.errors import StorageUnavailable

RESERVE_BYTES, RESERVE_SHARE = 1 << 30, 20
"""So much of the disk stays free, or a twentieth of a small one: the database lies there, too."""


class Scratch:
    """Files in ``folder``, of which a process has no more than ``most_bytes`` at once."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._lock = threading.Lock()
        self.taken_bytes = 0

    @contextmanager
    def memory(self, size_bytes: int) -> Iterator[mmap.mmap]:
        """A new file as memory; its room is reserved before anything is written.

        Raises:
            Overloaded: the files of others leave too little of what all may take.
            StorageUnavailable: the disk has no room for it.
        """
        with self._lock:
            if is_free := self.taken_bytes + size_bytes <= self._most_bytes:
                self.taken_bytes += size_bytes
        if not is_free:
            raise Overloaded("Too many large boxes are put together at once", fix="Try again later, or a smaller box")
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                self._reserve(file.fileno(), size_bytes)
                yield mmap.mmap(file.fileno(), size_bytes)
        finally:
            with self._lock:
                self.taken_bytes -= size_bytes

    def _reserve(self, fd: int, size_bytes: int) -> None:
        disk = os.fstatvfs(fd)
        kept_bytes = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
        reason = "" if disk.f_bavail * disk.f_frsize - size_bytes >= kept_bytes else "the disk is nearly full"
        if not reason:
            try:  # a full disk says so here, and not by killing the process when it writes to memory
                os.posix_fallocate(fd, 0, size_bytes)
            except OSError as error:
                reason = str(error.strerror)
        if reason:
            raise StorageUnavailable(
                f"There is no room to put the box together: {reason}",
                fix="Take a smaller box, or a coarser level; the operator can make room in CISTERNA_HOME",
            )
