"""Objects of a root: read, read a range, look at, list a folder, write whole. Local folders; S3 roots come next.

Reading keeps *absent*, *forbidden* and *unavailable* apart, as every error of this package does.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from datasets.storage.errors import StorageError, StorageUnavailable
from datasets.storage.files import LocalFolder, OpenFile, local_folder
from datasets.storage.roots import Root, get_root


class RootNotServed(StorageError):
    """The root is of a kind that cannot be read yet."""

    slug = "root-not-served"
    status = 503
    title = "This kind of storage root is not read yet"
    retry_after_s = 3600


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is known of an object without reading it."""

    size_bytes: int


def read(root: Root, key: str) -> bytes:
    """The whole object.

    Raises:
        ObjectAbsent, InvalidKey, StorageForbidden, StorageUnavailable: as for every call here.
    """
    with _opened(root, key) as file:
        return file.read(0, file.size_bytes)


def read_range(root: Root, key: str, start: int, end: int | None) -> bytes:
    """The bytes from ``start`` to before ``end`` (``None``: to the end), or as many of them as there are."""
    with _opened(root, key) as file:
        stop = file.size_bytes if end is None else min(end, file.size_bytes)
        return file.read(start, max(stop - start, 0)) if start < stop else b""


def read_suffix(root: Root, key: str, size_bytes: int) -> bytes:
    """The last ``size_bytes`` bytes, or the whole where it is shorter."""
    with _opened(root, key) as file:
        start = max(file.size_bytes - size_bytes, 0)
        return file.read(start, file.size_bytes - start)


def stat(root: Root, key: str) -> ObjectFacts:
    """What is known of the object without reading it."""
    with _opened(root, key) as file:
        return ObjectFacts(size_bytes=file.size_bytes)


def list_folder(root: Root, prefix: str, *, after: str = "", limit: int = 1000) -> list[str]:
    """The first ``limit`` names right below ``prefix`` behind ``after``, sorted by bytes; folders end in ``/``."""
    return _folder(root).list_names(prefix, after=after, limit=limit)


def write(root: Root, key: str, content: bytes) -> None:
    """Write the object whole: to a temporary name, to the disk, then into its place in one step.

    Only the portal's own root is ever written to.

    Raises:
        StorageUnavailable: the system refused, with its reason (a full disk, say); nothing is left behind.
    """
    if not root.is_own or root.path is None:
        raise ValueError(f"The root {root.name} holds given data, which is never modified")
    path = root.path / key
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            f"Writing failed: {error.strerror}", where=root.url_of(key), fix="Look at the disk's space and rights"
        ) from error


def check_root(name: str) -> None:
    """Whether the root answers; the portal's own folder is made at first use."""
    root = get_root(name)
    if root.is_own and root.path is not None:
        with contextlib.suppress(OSError):  # listing it names the trouble
            root.path.mkdir(parents=True, exist_ok=True)
    _folder(root).list_names("", limit=1)


def _folder(root: Root) -> LocalFolder:
    if root.path is None:
        raise RootNotServed(f"{root.url} is not a local folder", where=root.name, fix="Use a file:/// root for now")
    return local_folder(root.path)


@contextlib.contextmanager
def _opened(root: Root, key: str) -> Iterator[OpenFile]:
    file = _folder(root).open_file(key)
    try:
        yield file
    finally:
        file.close()
