"""Listings with facts, of one folder or of all that lies below it, in the order of keys: by their bytes.

Folders of a file system do not sort as keys do: ``a.b`` comes before ``a/x``, which comes before ``a0``. A folder is
therefore sorted with its slash, and entered when its turn comes.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from datasets.storage.buckets import Bucket
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectAbsent, StorageForbidden
from datasets.storage.files import LocalFolder
from datasets.storage.keys import is_segment, join_key

type Folders = tuple[str, ...]


def list_entries(
    source: LocalFolder | Bucket,
    key: str,
    *,
    prefix: str = "",
    after: str = "",
    limit: int,
    deep: bool,
    within: str = "",
) -> tuple[list[Entry], bool]:
    """The first ``limit`` entries below the folder ``key``, by bytes, their keys relative to it.

    Reads the folders that these entries lie in, on the way to them, and no others. Folders that hold no object are no
    entries; there are none in S3.

    Args:
        prefix: what the first segment of their keys begins with.
        after: a key; entries are those that sort behind it.
        deep: all objects, however deep; else objects right below, and folders.
        within: a folder that must exist for a listing to be believed (a mount's target).

    Returns:
        the entries, and whether more follow. None where there is no such folder.

    Raises:
        StorageForbidden, StorageUnavailable: something on the way cannot be read.
        InvalidKey: a link leads out of the root.
    """
    if isinstance(source, Bucket):
        return source.list_entries(key, prefix=prefix, after=after, limit=limit, deep=deep, within=within)
    walk = _Walk(source, limit + 1, deep)
    try:
        entries = list(islice(walk.below(key, prefix=prefix, after=after, within=within), limit + 1))
    except ObjectAbsent:
        return [], False
    return entries[:limit], len(entries) > limit


class _Walk:
    """A walk through a local root that gives at most ``limit`` entries."""

    def __init__(self, folder: LocalFolder, limit: int, deep: bool) -> None:
        self._folder = folder
        self._limit = limit
        self._deep = deep

    def below(
        self, key: str, shown: str = "", *, prefix: str = "", after: str = "", within: str = "", above: Folders = ()
    ) -> Iterator[Entry]:
        """The entries below ``key`` as they are found.

        Args:
            shown: what their keys begin with.
            above: the folders on the way to ``key``.
        """
        above = (*above, key)
        first, slash, rest = after.partition("/")
        if self._deep and slash and is_segment(first) and f"{first}/".startswith(prefix):
            # The one folder that sorts before ``after`` and may hold what sorts behind it.
            yield from self._inside(Entry(f"{first}/", is_link=True), key, shown, above, after=rest)
        while True:
            found, after = self._folder.list_entries(key, prefix=prefix, after=after, limit=self._limit, within=within)
            for entry in found:
                if not entry.is_folder:
                    yield replace(entry, key=shown + entry.key) if shown else entry
                elif self._deep:
                    yield from self._inside(entry, key, shown, above)
                elif self._holds_object(entry, key, above):
                    yield replace(entry, key=shown + entry.key)
            if not after:
                return

    def _inside(self, entry: Entry, key: str, shown: str, above: Folders, *, after: str = "") -> Iterator[Entry]:
        """What lies below a folder in ``key``; nothing where it went meanwhile."""
        inside = join_key(key, entry.key[:-1])
        if entry.is_link and self._leads_up(inside, above):
            return
        with suppress(ObjectAbsent):
            yield from self.below(inside, shown + entry.key, after=after, above=above)

    def _holds_object(self, entry: Entry, key: str, above: Folders) -> bool:
        """Whether any object lies below a folder in ``key``: the first is enough. What may not be read may."""
        inside = join_key(key, entry.key[:-1])
        if entry.is_link and self._leads_up(inside, above):
            return False
        try:
            return any(
                not deeper.is_folder or self._holds_object(deeper, inside, (*above, inside))
                for deeper in self._folder.each_entry(inside)
            )
        except ObjectAbsent:
            return False
        except StorageForbidden:
            return True

    def _leads_up(self, key: str, above: Folders) -> bool:
        """Whether a folder is, by a link, one of those above it: its keys would have no end."""
        return any(self._folder.is_same_folder(key, folder) for folder in above)
