"""Objects of a root: read, read a range, look at, list a folder, write whole. Local folders and buckets alike.

Reading keeps *absent*, *forbidden* and *unavailable* apart, as every error of this package does.
"""

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Protocol
from uuid import uuid4

from datasets.storage.buckets import bucket_of
from datasets.storage.errors import StorageUnavailable
from datasets.storage.files import OpenFile, local_folder
from datasets.storage.roots import Root, get_root

DRAFTS = ".drafts"
"""The folder of the portal's own root for what is in the making; on the file system of all of it."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is known of an object without reading it."""

    size_bytes: int


class Backend(Protocol):
    """What a kind of root can do. Keys are canonical."""

    def read(self, key: str) -> bytes: ...
    def read_range(self, key: str, start: int, end: int | None) -> bytes: ...
    def read_suffix(self, key: str, size_bytes: int) -> bytes: ...
    def stat(self, key: str) -> int: ...
    def list_names(self, key: str, *, after: str = "", limit: int, within: str = "") -> list[str]: ...
    def write(self, key: str, content: bytes) -> None: ...
    def put_file(self, key: str, file: Path) -> None: ...
    def check(self, key: str) -> None: ...


def read(root: Root, key: str) -> bytes:
    """The whole object.

    Raises:
        ObjectAbsent, InvalidKey, StorageForbidden, StorageUnavailable: as for every call here.
        CredentialsRefusedByStorage, BucketMissing: S3 roots only.
    """
    return _backend(root).read(key)


def read_range(root: Root, key: str, start: int, end: int | None) -> bytes:
    """The bytes from ``start`` to before ``end`` (``None``: to the end), or as many of them as there are."""
    return _backend(root).read_range(key, start, end)


def read_suffix(root: Root, key: str, size_bytes: int) -> bytes:
    """The last ``size_bytes`` bytes, or the whole where it is shorter."""
    return _backend(root).read_suffix(key, size_bytes)


def stat(root: Root, key: str) -> ObjectFacts:
    """What is known of the object without reading it."""
    return ObjectFacts(size_bytes=_backend(root).stat(key))


def list_folder(root: Root, prefix: str, *, after: str = "", limit: int = 1000) -> list[str]:
    """The first ``limit`` names right below ``prefix`` behind ``after``, sorted by bytes; folders end in ``/``."""
    return _backend(root).list_names(prefix, after=after, limit=limit)


def write(root: Root, key: str, content: bytes) -> None:
    """Write the object whole: it appears, or takes the former one's place, in one step.

    Only the portal's own root is ever written to.

    Raises:
        StorageUnavailable: it was refused, with the reason (a full disk, say); nothing is left behind.
    """
    _require_own(root)
    _backend(root).write(key, content)


def put_file(root: Root, key: str, file: Path) -> None:
    """As :func:`write`, of what a file holds, without holding it in memory."""
    _require_own(root)
    _backend(root).put_file(key, file)


def _require_own(root: Root) -> None:
    if not root.is_own:
        raise ValueError(f"The root {root.name} holds given data, which is never modified")


def check_root(name: str) -> None:
    """Whether the root answers, and tells what is absent; the portal's own folder is made at first use.

    Raises:
        AbsenceHidden: a bucket answers 403 for objects that do not exist.
        StorageError, RootUnknown: whatever else is wrong, by name.
    """
    check(get_root(name))


def check(root: Root, key: str = "") -> None:
    """As :func:`check_root`, below ``key``: a bucket may give other rights there. One request."""
    _backend(root).check(key)


@cache
def _backend(root: Root) -> Backend:
    return FileBackend(root) if root.path is not None else bucket_of(root)


class FileBackend:
    """The objects of one local root."""

    def __init__(self, root: Root) -> None:
        assert root.path is not None, "a local root has a path"
        self._root = root
        self._path: Path = root.path
        self._folder = local_folder(root.path)

    def read(self, key: str) -> bytes:
        with self._opened(key) as file:
            return file.read(0, file.size_bytes)

    def read_range(self, key: str, start: int, end: int | None) -> bytes:
        with self._opened(key) as file:
            stop = file.size_bytes if end is None else min(end, file.size_bytes)
            return file.read(start, max(stop - start, 0)) if start < stop else b""

    def read_suffix(self, key: str, size_bytes: int) -> bytes:
        with self._opened(key) as file:
            start = max(file.size_bytes - size_bytes, 0)
            return file.read(start, file.size_bytes - start)

    def stat(self, key: str) -> int:
        with self._opened(key) as file:
            return file.size_bytes

    def list_names(self, key: str, *, after: str = "", limit: int, within: str = "") -> list[str]:
        return self._folder.list_names(key, after=after, limit=limit, within=within)

    def write(self, key: str, content: bytes) -> None:
        self._put(key, io.BytesIO(content))

    def put_file(self, key: str, file: Path) -> None:
        with file.open("rb") as content:
            self._put(key, content)

    def _put(self, key: str, content: IO[bytes]) -> None:
        """To a temporary place, to the disk, then into its own.

        The former is apart from all objects: what a killed process leaves there is nobody's, and listed nowhere.
        """
        path = self._path / key
        draft = self._path / DRAFTS / uuid4().hex
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            _make_folder(path.parent)
            try:
                with draft.open("wb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
                sync_path(path.parent)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(
                f"Writing failed: {error.strerror}",
                where=self._root.url_of(key),
                fix="Look at the disk's space and rights",
            ) from error

    def check(self, key: str) -> None:
        """That the root is there; ``key`` may be absent."""
        if self._root.is_own:
            with contextlib.suppress(OSError):  # listing it names the trouble
                self._path.mkdir(parents=True, exist_ok=True)
        self._folder.list_names("", limit=1)
        if not self._path.is_dir():  # the folder opened before can still be listed
            raise StorageUnavailable(
                "The root's folder is gone", where=self._root.url, fix="Mount it again, or say where it is now"
            )

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[OpenFile]:
        file = self._folder.open_file(key)
        try:
            yield file
        finally:
            file.close()


def _make_folder(folder: Path) -> None:
    """Make a folder that is there after a loss of power, too."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_path(each.parent)


def sync_path(path: Path) -> None:
    """Have a file's bytes, or the names in a folder, on the disk: what counts as written outlasts a loss of power with
    both."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
