"""Objects of a root: read, read a range, look at, list a folder, write whole. Local folders; S3 roots come next.

Reading keeps *absent*, *forbidden* and *unavailable* apart, as every error of this package does.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datasets.storage.errors import ObjectAbsent, StorageError, StorageForbidden, StorageUnavailable
from datasets.storage.keys import InvalidKey
from datasets.storage.roots import OWN_ROOT, Root, get_root


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: str
    is_folder: bool


def read(root: Root, key: str) -> bytes:
    """The whole object. Raises :class:`ObjectAbsent`, :class:`StorageForbidden`, :class:`StorageUnavailable`."""
    with _opened(root, key) as file:
        return file.read()


def read_range(root: Root, key: str, start: int, end: int | None) -> bytes:
    """The bytes from ``start`` to before ``end`` (``None``: to the end). Raises as :func:`read`."""
    with _opened(root, key) as file:
        file.seek(start)
        return file.read(-1 if end is None else max(end - start, 0))


def read_suffix(root: Root, key: str, size_bytes: int) -> bytes:
    """The last ``size_bytes`` bytes, or the whole where it is shorter. Raises as :func:`read`."""
    with _opened(root, key) as file:
        length = os.fstat(file.fileno()).st_size
        file.seek(max(length - size_bytes, 0))
        return file.read()


def stat(root: Root, key: str) -> ObjectFacts:
    """What is known of the object without reading it. Raises as :func:`read`."""
    with _opened(root, key) as file:
        return ObjectFacts(size_bytes=os.fstat(file.fileno()).st_size)


def list_folder(root: Root, prefix: str) -> Iterator[Entry]:
    """The names right below ``prefix``, sorted; none where there is no such folder. Raises as :func:`read`."""
    folder = _folder(root)
    with _translated(root, prefix):
        path = _inside(folder, prefix)
        if not path.is_dir():
            return
        with os.scandir(path) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    for name, is_folder in found:
        yield Entry(name=name, is_folder=is_folder)


def write(root: Root, key: str, content: bytes) -> None:
    """Write the object whole: to a temporary name, to the disk, then into its place in one step.

    Only the portal's own root is ever written to.
    """
    if root.name != OWN_ROOT:
        raise ValueError(f"The root {root.name} holds given data, which is never modified")
    path = _folder(root) / key
    with _translated(root, key):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def check_root(name: str) -> None:
    """Whether the root answers. The portal's own folder is made at first use. Raises :class:`StorageError`."""
    root = get_root(name)
    folder = _folder(root)
    with _translated(root, ""):
        if root.is_own:
            folder.mkdir(parents=True, exist_ok=True)
        os.scandir(folder).close()


def _folder(root: Root) -> Path:
    if root.path is None:
        raise RootNotServed(f"{root.url} is not a local folder", where=root.name, fix="Use a file:/// root for now")
    return root.path


def _inside(folder: Path, key: str) -> Path:
    path = folder / key
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidKey("A symbolic link leads out of the root", where=key, fix="Keep links inside the root")
    return path


@contextlib.contextmanager
def _opened(root: Root, key: str) -> Iterator[BinaryIO]:
    folder = _folder(root)
    with _translated(root, key), _inside(folder, key).open("rb") as file:
        yield file


@contextlib.contextmanager
def _translated(root: Root, key: str) -> Iterator[None]:
    """The operating system's errors as ours; a root that is gone is never an absent object."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        folder = root.path
        if folder is None or not folder.is_dir():
            raise StorageUnavailable(
                f"The root's folder {folder} is not there", where=root.name, fix="Mount or restore it"
            ) from None
        raise ObjectAbsent("There is no such object", where=root.url_of(key)) from None
    except PermissionError:
        raise StorageForbidden(
            "The portal may not read this", where=root.url_of(key), fix="Let the portal's user read the file"
        ) from None
    except OSError as error:
        raise StorageUnavailable(f"{error.strerror}", where=root.url_of(key), fix="Look at the disk") from None
