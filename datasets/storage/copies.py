"""Copying objects into the portal's own root: written once, read back, and equal to the byte."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.storage import objects
from datasets.storage.derived_arrays import write_once
from datasets.storage.digests import PART_BYTES, hash_of_object
from datasets.storage.errors import ObjectAbsent, ObjectChanged
from datasets.storage.roots import OWN_ROOT, Root, get_root
from datasets.storage.uploads import UploadDiffers

SMALL_BYTES = 64 * 1024**2
"""So much is copied in memory; what is larger goes through a file, a part at a time."""


@dataclass(frozen=True)
class ObjectCopy:
    """An object to be copied: where it is, where it goes in the portal's own root, and how long it was when listed."""

    source_root: str
    source: str
    target: str
    size_bytes: int


def copy_object(copied: ObjectCopy) -> None:
    """Copy one object, unless it is there.

    Raises:
        ObjectChanged: it has another size than was listed.
        UploadDiffers: what is there afterwards is not what was read.
        StorageError: it cannot be read or written.
    """
    source, own = get_root(copied.source_root), get_root(OWN_ROOT)
    if copied.size_bytes <= SMALL_BYTES:
        content = objects.read(source, copied.source)
        _require_size(source, copied, len(content))
        write_once(own, copied.target, content)
        return
    with tempfile.NamedTemporaryFile(prefix="cisterna-copy-") as file:
        digest, size_bytes = hashlib.sha256(), 0
        for part in _parts(source, copied.source, copied.size_bytes):
            file.write(part)
            digest.update(part)
            size_bytes += len(part)
        file.flush()
        _require_size(source, copied, size_bytes)
        if not _is_there(own, copied.target):
            objects.put_file(own, copied.target, Path(file.name))
    if hash_of_object(own, copied.target) != (digest.digest(), size_bytes):
        raise UploadDiffers(
            "Reading back gave other bytes", where=own.url_of(copied.target), fix="Check the storage, then try again"
        )


def _parts(root: Root, key: str, size_bytes: int) -> Iterator[bytes]:
    """One more byte is asked for than there should be, so that a longer object is noticed."""
    for start in range(0, size_bytes + 1, PART_BYTES):
        yield objects.read_range(root, key, start, min(start + PART_BYTES, size_bytes + 1))


def _is_there(root: Root, key: str) -> bool:
    try:
        objects.stat(root, key)
    except ObjectAbsent:
        return False
    return True


def _require_size(root: Root, copied: ObjectCopy, size_bytes: int) -> None:
    if size_bytes != copied.size_bytes:
        raise ObjectChanged(
            f"It has {size_bytes} bytes, and had {copied.size_bytes} when it was listed",
            where=root.url_of(copied.source),
            fix="Run it again when nobody writes there",
        )
