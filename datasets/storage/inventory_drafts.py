"""An inventory in the making: what was listed and what is hashed already, in a folder that outlives being killed.

``listing`` has a line for each object. ``digests`` has a record for each of the first of them, in the same order, made
of the digest and of a checksum of line and digest: what was torn by a fall of the machine, or belongs to another
listing, is seen and hashed again.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO
from zlib import crc32

from datasets.storage import objects
from datasets.storage.digests import hash_objects
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectChanged, StorageError
from datasets.storage.inventory import Extent, Inventory, Row, list_objects, write_inventory
from datasets.storage.mounts import Mounts
from datasets.storage.roots import Root
from datasets.storage.uploads import UploadDiffers
from datasets.volumes.errors import CisternaError

_DIGEST_BYTES = 32
_RECORD_BYTES = _DIGEST_BYTES + 4

type Show = Callable[["Progress"], None]


class InventoryBusy(CisternaError):
    """Another process makes this very inventory."""

    slug = "inventory-busy"
    status = 409
    title = "The inventory is being made already"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. ``before``, a part of ``done``, is an earlier run's; ``total`` is None while listing."""

    before: Extent
    done: Extent
    total: Extent | None


@dataclass(frozen=True, slots=True)
class Made:
    """An inventory: its root digest and how much it holds."""

    root_digest: str
    extent: Extent


def make_inventory(
    mounts: Mounts, folder: Path, *, version: str, root: Root, place: Callable[[str], str], show: Show
) -> Made:
    """List and hash all objects of ``mounts``, and put their inventory into the portal's own root.

    Cut off anywhere it goes on, the next time, behind what is hashed. Before it is put in its place, everything is
    listed once more and found unchanged; afterwards it is read back. Memory does not grow with the number of objects.

    Args:
        folder: for what is in the making; it is gone when the inventory is there.
        version: whose it is.
        root: the portal's own root.
        place: its key there, by its root digest.
        show: is told how far it is, after each object.

    Raises:
        InventoryBusy: another process is at it.
        ObjectChanged, StorageError: an object changed meanwhile, or cannot be read. What is hashed is kept.
    """
    with _only_one_in(folder, version):
        listing, digests, file = folder / "listing", folder / "digests", folder / "inventory.parquet"
        try:
            if not listing.exists():
                _write_listing(listing, mounts, show)
            extent = _hash_listed(listing, digests, mounts, show)
            root_digest = write_inventory(file, _unchanged(listing, digests, mounts), version=version)
        except StorageError as error:
            if isinstance(error, ObjectChanged):
                listing.unlink(missing_ok=True)
            error.fix = f"{error.fix or 'See that it can be read'}. What is hashed is kept: the next run goes on there"
            raise
        key = place(root_digest)
        objects.put_file(root, key, file)
        if Inventory(root, key).compute_root_digest() != root_digest:
            raise UploadDiffers(
                "Reading back gave another inventory", where=root.url_of(key), fix="Check the storage, then try again"
            )
        shutil.rmtree(folder, ignore_errors=True)
    return Made(root_digest, extent)


@contextmanager
def _only_one_in(folder: Path, version: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # let go of when the process ends, however it does
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InventoryBusy("Another process makes this inventory", where=version, fix="Wait for it") from None
        yield


def _write_listing(listing: Path, mounts: Mounts, show: Show) -> None:
    draft = listing.with_suffix(".part")
    nothing, count, size_bytes = Extent(0, 0), 0, 0
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        for entry in list_objects(mounts):
            file.write(_line_of(entry))
            count, size_bytes = count + 1, size_bytes + entry.size_bytes
            show(Progress(nothing, Extent(count, size_bytes), None))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(listing)


def _line_of(entry: Entry) -> str:
    """Neither key nor tag has a control character."""
    return f"{entry.size_bytes}\t{entry.key}\t{entry.etag}\n"


def _read_listing(listing: Path) -> Iterator[tuple[str, Entry]]:
    with listing.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            size_bytes, key, etag = line[:-1].split("\t")
            yield line, Entry(key, int(size_bytes), etag=etag)


def _hash_listed(listing: Path, digests: Path, mounts: Mounts, show: Show) -> Extent:
    """Hash what has no record yet. Returns how much is listed."""
    total = _extent_of(entry for _, entry in _read_listing(listing))
    digests.touch()
    with digests.open("rb") as file:
        before = _extent_of(_recorded(listing, file))
    with digests.open("ab", buffering=0) as file:  # each record outlives the process
        file.truncate(before.objects * _RECORD_BYTES)
        count, size_bytes = before
        waiting = (entry for number, (_, entry) in enumerate(_read_listing(listing)) if number >= before.objects)
        show(Progress(before, before, total))
        for entry, digest in hash_objects(mounts, waiting):
            file.write(_record_of(_line_of(entry), digest))
            count, size_bytes = count + 1, size_bytes + entry.size_bytes
            show(Progress(before, Extent(count, size_bytes), total))
    return total


def _extent_of(entries: Iterator[Entry]) -> Extent:
    count = size_bytes = 0
    for entry in entries:
        count, size_bytes = count + 1, size_bytes + entry.size_bytes
    return Extent(count, size_bytes)


def _record_of(line: str, digest: bytes) -> bytes:
    return digest + crc32(digest, crc32(line.encode())).to_bytes(4, "big")


def _recorded(listing: Path, digests: IO[bytes]) -> Iterator[Entry]:
    """The entries whose digests are there, up to the first that is not."""
    for line, entry in _read_listing(listing):
        record = digests.read(_RECORD_BYTES)
        if record != _record_of(line, record[:_DIGEST_BYTES]):
            return
        yield entry


def _unchanged(listing: Path, digests: Path, mounts: Mounts) -> Iterator[Row]:
    """What is listed, with its digests; found as it is listed once more.

    Raises:
        ObjectChanged: it is not.
    """
    with digests.open("rb") as file:
        for listed, now in zip_longest(_read_listing(listing), list_objects(mounts)):
            if listed is None or now is None or listed[0] != _line_of(now):
                keys = [entry.key for entry in (listed and listed[1], now) if entry]
                raise ObjectChanged(
                    "The objects are not those any more that were listed", where=min(keys),
                    fix="Run it again when nobody writes there",
                )  # fmt: skip
            entry = listed[1]
            digest = file.read(_RECORD_BYTES)[:_DIGEST_BYTES].hex()
            yield Row(entry.key, entry.size_bytes, entry.etag.strip('"'), digest)
