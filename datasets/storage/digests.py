"""The SHA-256 of objects: streamed, several at a time, each the digest of the very object that was listed."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256

from datasets.storage import objects
from datasets.storage.buckets import Bucket
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectAbsent, ObjectChanged, StorageError
from datasets.storage.files import LocalFolder
from datasets.storage.mounts import Mounts
from datasets.storage.roots import Root
from datasets.storage.streams import RangeOutside

READERS = 8
"""Objects that are read at a time."""

_AHEAD = 16 * READERS
"""Objects begun or done behind the oldest that is not: a large one shall not hold the small ones behind it up."""

_BLOCK_BYTES = 1 << 20
PART_BYTES = 16 << 20
"""What is read of one object at a time, where it is not streamed."""


def hash_objects(mounts: Mounts, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes]]:
    """Each entry with the digest of its object, in their order.

    Args:
        mounts: where the keys of ``entries`` are.
        entries: objects as a listing has them; their tags and sizes are those that are expected.

    Raises:
        ObjectChanged: an object has another tag or size than was listed, or got one while it was read.
        StorageError: one cannot be read; ``where`` is its key.
    """
    with ThreadPoolExecutor(READERS, thread_name_prefix="hash") as threads:
        begun: deque[tuple[Entry, Future[bytes]]] = deque()
        try:
            for entry in entries:
                begun.append((entry, threads.submit(_hash_object, mounts, entry)))
                if len(begun) == _AHEAD:
                    done, digest = begun.popleft()
                    yield done, digest.result()
            while begun:
                done, digest = begun.popleft()
                yield done, digest.result()
        finally:
            for _, digest in begun:
                digest.cancel()


def hash_of_object(root: Root, key: str) -> tuple[bytes, int]:
    """The SHA-256 of an object as it is now, and its size; read a part at a time.

    Raises:
        ObjectAbsent, StorageError: it is not there, or cannot be read.
    """
    digest, size_bytes = sha256(), 0
    while part := objects.read_range(root, key, size_bytes, size_bytes + PART_BYTES):
        digest.update(part)
        size_bytes += len(part)
        if len(part) < PART_BYTES:
            break
    return digest.digest(), size_bytes


def _hash_object(mounts: Mounts, entry: Entry) -> bytes:
    mount = mounts.find_mount(entry.key)
    try:
        if mount is None:
            raise _changed(entry, "is mounted nowhere")
        source, key = mount.reach(), mount.storage_key(entry.key)
        if isinstance(source, Bucket):
            return asyncio.run(_hash_stream(source, key, entry, mount.key))
        return _hash_file(source, key, entry, mount.key)
    except (ObjectAbsent, RangeOutside) as error:
        raise _changed(entry, "is gone since it was listed") from error
    except StorageError as error:
        error.where = entry.key
        raise


def _hash_file(folder: LocalFolder, key: str, entry: Entry, within: str) -> bytes:
    file = folder.open_file(key, within=within)
    try:
        before = os.fstat(file.descriptor)
        if file.etag.decode() != entry.etag:
            raise _changed(entry, "was written since it was listed")
        digest = sha256()
        for start in range(0, file.size_bytes, _BLOCK_BYTES):
            digest.update(file.read(start, min(_BLOCK_BYTES, file.size_bytes - start)))
        after = os.fstat(file.descriptor)
        # The tag has whole seconds; the file system knows better.
        if (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size):
            raise _changed(entry, "was written while it was read")
        return digest.digest()
    finally:
        file.close()


async def _hash_stream(bucket: Bucket, key: str, entry: Entry, within: str) -> bytes:
    """Parts after the first are asked for under the tag of the first: the bucket sends no others."""
    digest = sha256()
    if not entry.size_bytes:
        facts = await bucket.streams.look(key, within=within)
    else:
        opened = await bucket.streams.open(key, within=within)
        facts = opened.facts
    if (facts.etag.decode(), facts.size_bytes) != (entry.etag, entry.size_bytes):
        raise _changed(entry, "was written since it was listed")
    if entry.size_bytes:
        async for block in opened.blocks(_BLOCK_BYTES):
            digest.update(block)
    return digest.digest()


def _changed(entry: Entry, how: str) -> ObjectChanged:
    return ObjectChanged(f"The object {how}", where=entry.key, fix="Run it again when nobody writes there")
