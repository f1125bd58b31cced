"""Files beneath a local root: opened so that no link leads out, read without blocking where the system can.

On Linux one ``openat2`` call does the whole walk in the kernel (``RESOLVE_BENEATH``), so nothing swapped for a link
between a check and the opening can lead out. Elsewhere, and for links that are absolute but stay inside, the resolved
path is walked again folder by folder without following any link.
"""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from datasets.storage import linux
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectAbsent, StorageForbidden, StorageUnavailable
from datasets.storage.folder_names import FolderNames
from datasets.storage.keys import InvalidKey, is_segment

_READ = (
    os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
)  # O_NONBLOCK: a FIFO in the data must not hang the server
_FOLDER = _READ | os.O_DIRECTORY
_LOCATE = (os.O_PATH if hasattr(os, "O_PATH") else os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ENXIO})
_NOT_OFFERED = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_TO_RESOLVE = frozenset({errno.EXDEV, errno.EAGAIN})
"""What the kernel answers of an absolute link, and of one with ``..`` while anything on the machine is renamed."""
_LEADS_OUT = frozenset({errno.EXDEV, errno.ELOOP})

_names = FolderNames()
"""Of all roots: one bound for the process."""


def stat_etag(mtime_s: int, size_bytes: int) -> bytes:
    """The strong ETag of a file: nginx's own form, so that every server of one folder answers the same.

    It has whole seconds. Two contents of one size written within one second share it; revisions in the portal's own
    root are written once, so this can only meet a foreign root whose files are replaced in place.
    """
    return b'"%x-%x"' % (mtime_s, size_bytes)


class OpenFile:
    """An object opened for reading: a descriptor and what was known of it at that moment. Close it."""

    __slots__ = ("_fd", "mtime_s", "size_bytes")

    def __init__(self, fd: int, size_bytes: int, mtime_s: int) -> None:
        self._fd = fd
        self.size_bytes = size_bytes
        self.mtime_s = mtime_s

    @property
    def etag(self) -> bytes:
        return stat_etag(self.mtime_s, self.size_bytes)

    @property
    def descriptor(self) -> int:
        """For the kernel to send from; not to be closed."""
        return self._fd

    def is_cached(self, start: int, length: int) -> bool:
        """Whether ``length`` bytes from ``start`` are known to be in memory, so that sending them waits for no disk."""
        return linux.is_in_memory(self._fd, start, length)

    def read_cached(self, start: int, length: int) -> bytes:
        """``length`` bytes from ``start`` when all of them are in memory already; never waits for a disk.

        Raises:
            BlockingIOError: they are not, or this system cannot tell: use :meth:`read` in a thread.
        """
        try:
            return linux.read_cached(self._fd, start, length)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno in _NOT_OFFERED:
                raise BlockingIOError(errno.EAGAIN, "this file system cannot read without waiting") from error
            raise StorageUnavailable("Reading failed") from error

    def read(self, start: int, length: int) -> bytes:
        """``length`` bytes from ``start``; may wait for a disk.

        Raises:
            StorageUnavailable: reading failed, or the file has become shorter than it was when opened.
        """
        parts: list[bytes] = []
        while length:
            try:
                part = os.pread(self._fd, length, start)
            except OSError as error:
                raise StorageUnavailable("Reading failed") from error
            if not part:
                raise StorageUnavailable("The file became shorter while it was read")
            parts.append(part)
            start += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)


class _Directory:
    """A root's descriptor, closed when the last caller has let go of it (a thread may still be walking from it)."""

    def __init__(self, path: Path) -> None:
        self.fd = -1
        self.fd = os.open(path, _FOLDER)
        status = os.fstat(self.fd)
        self.identity = (status.st_dev, status.st_ino)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # bound: modules are empty at exit
        if self.fd >= 0:
            close(self.fd)


class LocalFolder:
    """A local root. Keys are canonical (:func:`datasets.storage.keys.canonical_key`), relative to it.

    Args:
        names: where the names of its large folders are kept.
    """

    def __init__(self, path: Path, *, names: FolderNames | None = None) -> None:
        self.path = path
        self._names = names or _names
        self._directory: _Directory | None = None
        self._opening = threading.Lock()

    def __repr__(self) -> str:
        return f"LocalFolder({str(self.path)!r})"

    def open_file(self, key: str, *, within: str = "", may_block: bool = True) -> OpenFile:
        """Open the object ``key``.

        Args:
            key: a canonical key.
            within: a folder of this root that must exist for an answer "absent" to be believed (a mount's target).
            may_block: when false, fail with ``BlockingIOError`` where a disk would have to be asked.

        Raises:
            ObjectAbsent: no regular file has this key, and ``within`` does exist.
            InvalidKey: a link leads out of the root, or in a circle.
            StorageForbidden: permissions stand in the way.
            StorageUnavailable: the root or ``within`` is missing, or the system failed otherwise.
            BlockingIOError: only with ``may_block=False``.
        """
        fd = self._open(key, _READ, within, may_block)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise ObjectAbsent("There is no object at this key", where=key)
        return OpenFile(fd, status.st_size, status.st_mtime_ns // 1_000_000_000)

    def list_names(self, key: str, *, after: str = "", limit: int, within: str = "") -> list[str]:
        """The first ``limit`` names in the folder ``key`` that sort behind ``after``; those of folders end in ``/``.

        Names sort by their UTF-8 bytes with that slash, as keys do. What cannot be asked for is left out: names that
        are no segment of a key, links that dangle or lead out, devices. Reads this one folder, unless it is a large
        one that is as it was (folder_names.py).

        Raises:
            ObjectAbsent, InvalidKey, StorageForbidden, StorageUnavailable: as :meth:`open_file`.
        """
        with self._folder(key, within) as folder:
            return self._page(folder, key, "", after, limit)

    def list_entries(
        self, key: str, *, prefix: str = "", after: str = "", limit: int, within: str = ""
    ) -> tuple[list[Entry], str]:
        """As :meth:`list_names`, of names that begin with ``prefix``: their facts, and the last name looked at where
        more may follow. What goes meanwhile is left out."""
        with self._folder(key, within) as folder:
            names = self._page(folder, key, prefix, after, limit)
            entries = [entry for name in names if (entry := self._entry(folder, key, name)) is not None]
        return entries, names[-1] if len(names) == limit else ""

    def each_entry(self, key: str) -> Iterator[Entry]:
        """What :meth:`list_names` would name, without facts, in any order, as it is found."""
        with self._folder(key) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if name := self._listed_name(key, entry):
                    yield Entry(name, is_link=entry.is_symlink())

    def is_same_folder(self, key: str, other: str) -> bool:
        """Whether two keys lead, through links, to one folder."""
        found, expected = self._stat_beneath(key), self._stat_beneath(other)
        return bool(found and expected and os.path.samestat(found, expected))

    def state_of(self, key: str) -> tuple[int, ...] | None:
        """What changes when the file at ``key`` does: inode, size, and both its times in ns, the modification's last.

        None where there is no file that may be read.
        """
        status = self._stat_beneath(key)
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        return (status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns, status.st_mtime_ns)

    def _page(self, folder: int, key: str, prefix: str, after: str, limit: int) -> list[str]:
        return self._names.page(
            folder, lambda entry: self._listed_name(key, entry), prefix=prefix, after=after, limit=limit
        )

    @contextmanager
    def _folder(self, key: str, within: str = "") -> Iterator[int]:
        """A folder's descriptor, to list it."""
        fd = self._open(key, _FOLDER, within, True)
        try:
            yield fd
        except OSError as error:
            raise StorageUnavailable("The folder could not be listed", where=key) from error
        finally:
            os.close(fd)

    def _listed_name(self, folder: str, entry: os.DirEntry[str]) -> str:
        """The name as listed, or an empty one."""
        if not is_segment(entry.name):
            return ""
        if entry.is_file(follow_symlinks=False):  # nearly all are: the rest is not asked
            return entry.name
        if entry.is_dir(follow_symlinks=False):
            return entry.name + "/"
        if not entry.is_symlink():
            return ""
        status = self._stat_beneath(f"{folder}/{entry.name}" if folder else entry.name)
        mode = status.st_mode if status else 0
        if stat.S_ISDIR(mode):
            return entry.name + "/"
        return entry.name if stat.S_ISREG(mode) else ""

    def _entry(self, folder: int, key: str, name: str) -> Entry | None:
        """The facts of a listed name, as they are now."""
        try:
            found = os.stat(name.removesuffix("/"), dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        is_link = stat.S_ISLNK(found.st_mode)
        if name.endswith("/"):
            return Entry(name, is_link=is_link)
        status = self._stat_beneath(f"{key}/{name}" if key else name) if is_link else found
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        mtime_s = status.st_mtime_ns // 1_000_000_000
        return Entry(name, status.st_size, mtime_s, stat_etag(mtime_s, status.st_size).decode(), is_link)

    def _stat_beneath(self, key: str) -> os.stat_result | None:
        """What the key leads to; None where that is nothing, or nothing that may be read."""
        try:
            fd = self._open(key, _LOCATE, "", True)
        except (ObjectAbsent, InvalidKey, StorageForbidden):
            return None
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def _open(self, key: str, flags: int, within: str, may_block: bool) -> int:
        directory = self._directory or self._root()
        try:
            return self._open_below(directory, key, flags, may_block)
        except OSError as error:
            if not may_block and isinstance(error, BlockingIOError):
                raise
            failure = error
        if failure.errno in _ABSENT:
            if self._is_current(directory):
                if within and within != key:
                    self._require(directory, within, may_block)
                elif within:
                    raise StorageUnavailable("What the catalogue mounts here is missing", where=key) from failure
                raise ObjectAbsent("There is no object at this key", where=key)
            # The root was replaced (mounted, renamed) behind the descriptor: what it says no longer counts.
            self._directory = None
            return self._open(key, flags, within, may_block)
        raise _as_storage_error(failure, key) from failure

    def _open_below(self, directory: _Directory, key: str, flags: int, may_block: bool) -> int:
        try:
            if not may_block:
                return linux.open_beneath_cached(directory.fd, key.encode(), flags)
            if linux.HAS_BENEATH:
                return linux.open_beneath(directory.fd, key.encode(), flags)
        except OSError as error:
            if error.errno not in _TO_RESOLVE:
                raise
        # Another system, or a link that may still end inside.
        if not may_block:
            raise BlockingIOError(errno.EAGAIN, "the path has to be resolved step by step")
        return _open_resolved(directory.fd, self.path, key, flags)

    def _require(self, directory: _Directory, within: str, may_block: bool) -> None:
        try:
            os.close(self._open_below(directory, within, _LOCATE, may_block))
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno in _ABSENT:
                raise StorageUnavailable("What the catalogue mounts here is missing", where=within) from error
            raise _as_storage_error(error, within) from error

    def _root(self) -> _Directory:
        directory = self._directory
        if directory is None:
            with self._opening:
                directory = self._directory
                if directory is None:
                    try:
                        directory = self._directory = _Directory(self.path)
                    except OSError as error:
                        raise StorageUnavailable("The storage root cannot be opened") from error
        return directory

    def _is_current(self, directory: _Directory) -> bool:
        try:
            status = self.path.stat()
        except OSError as error:
            self._directory = None
            raise StorageUnavailable("The storage root is missing") from error
        return (status.st_dev, status.st_ino) == directory.identity


@cache
def local_folder(path: Path) -> LocalFolder:
    """The one :class:`LocalFolder` of ``path`` in this process."""
    return LocalFolder(path)


def _open_resolved(root_fd: int, root: Path, key: str, flags: int) -> int:
    """Open ``key`` by resolving its links first and then walking the result without following any."""
    top = os.path.realpath(os.fsencode(root))
    resolved = os.path.realpath(os.path.join(top, key.encode()), strict=True)  # noqa: PTH118 (bytes: names need not be UTF-8)
    if resolved != top and not resolved.startswith(top.rstrip(b"/") + b"/"):
        raise OSError(errno.EXDEV, "a link leads out of the root")
    return _walk(root_fd, resolved[len(top) :].strip(b"/"), flags)


def _walk(root_fd: int, path: bytes, flags: int) -> int:
    """Open ``path`` folder by folder, following no link."""
    *folders, name = path.split(b"/")
    fd = os.dup(root_fd)
    try:
        for folder in folders:
            fd, above = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=fd), fd
            os.close(above)
        return os.open(name or b".", flags | os.O_NOFOLLOW, dir_fd=fd)
    finally:
        os.close(fd)


def _as_storage_error(error: OSError, key: str) -> Exception:
    if error.errno in _LEADS_OUT:
        return InvalidKey("A link in this path leads out of the storage root or in a circle", where=key)
    if error.errno in _FORBIDDEN:
        return StorageForbidden("The portal may not read this object", where=key)
    return StorageUnavailable("The storage failed", where=key)
