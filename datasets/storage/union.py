"""The keys of a version as one sorted list, although several mounts hold them.

The order of keys falls into *stretches*, each of which one mount covers: the longest wins, and what it covers is hidden
in the others. A page is read from the stretches it meets, in order, until it is full.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from datasets.storage.entries import Entry
from datasets.storage.errors import StorageUnavailable
from datasets.storage.keys import MAX_KEY_BYTES, is_segment
from datasets.storage.mounts import Mount, Mounts
from datasets.storage.walks import list_entries

LAST = "\U0010ffff"
"""Sorts behind every character of a key (Unicode has none there)."""

type Steps = Iterator[Entry | None]
"""Entries in ascending order. None: more are known to follow, and have not been asked for."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Objects and folders (common prefixes) in ascending order; ``is_truncated``: more may follow."""

    entries: list[Entry]
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """The keys behind ``after`` and before ``before`` (None: no end), which ``mount`` covers."""

    after: str
    before: str | None
    mount: Mount


def list_keys(version: Mounts, *, prefix: str = "", delimiter: str = "", after: str = "", limit: int) -> KeyPage:
    """The first ``limit`` keys with ``prefix``, those with ``delimiter`` behind it rolled up to it, behind ``after``.

    Raises:
        StorageBackendNotServed, StorageError: a mount on the way cannot be read.
    """
    if delimiter == "/":
        steps = _level(version, prefix, after, limit)
    elif delimiter:
        steps = _rolled_up(version, prefix, delimiter, after, limit)
    else:
        steps = _deep(version, prefix, after, limit)
    entries: list[Entry] = []
    for entry in steps:
        if len(entries) == limit:
            return KeyPage(entries, is_truncated=True)
        if entry is not None:
            entries.append(entry)
    return KeyPage(entries, is_truncated=False)


def _deep(version: Mounts, prefix: str, after: str, limit: int) -> Steps:
    """All objects."""
    nearest: dict[int, str] = {}  # by mount: the first key that is known to follow what was listed of it
    for stretch in _stretches(version):
        behind = max(after, stretch.after)
        if stretch.after > prefix + LAST:
            return
        if stretch.before is not None and (stretch.before <= behind or stretch.before <= prefix):
            continue
        if stretch.before is None or stretch.before > nearest.get(id(stretch.mount), ""):
            nearest[id(stretch.mount)] = yield from _covered(version, stretch, prefix, behind, limit)


def _covered(
    version: Mounts, stretch: Stretch, prefix: str, after: str, limit: int
) -> Generator[Entry | None, None, str]:
    """The objects of one stretch; and then the first key that its mount has behind it."""
    mount = stretch.mount
    if mount.single:
        if mount.path.startswith(prefix) and mount.path > after:
            yield _single(mount)
        return LAST
    top = f"{mount.path}/" if mount.path else ""
    start, folder, name = _parted(max(prefix, top, key=len))
    if not (prefix.startswith(top) or top.startswith(prefix)) or folder is None:
        return LAST
    behind = after[len(start) :] if after.startswith(start) else ""
    if after > start and not behind:
        return LAST
    while True:
        entries, more_follow = list_entries(
            mount.reach(),
            mount.storage_key(folder),
            prefix=name,
            after=behind,
            limit=limit,
            deep=True,
            within=mount.key,
        )
        for entry in entries:
            key = start + entry.key
            if stretch.before is not None and key >= stretch.before:
                return key
            if _can_be_asked_for(key) and version.find_mount(key) is mount:
                yield _as(entry, key)
        if not more_follow:
            return LAST
        yield None
        behind = entries[-1].key


def _level(version: Mounts, prefix: str, after: str, limit: int) -> Steps:
    """The objects and folders of one folder, with facts."""
    start, folder, name = _parted(prefix)
    if folder is None or after > prefix + LAST:
        return
    behind = after[len(start) :] if after.startswith(start) else ""
    mounted = _mounted(version, folder)
    waiting = sorted(key for key in mounted if key.startswith(start + name) and key > after)
    base = version.find_prefix(folder)
    more_follow = base is not None
    while more_follow and base is not None:
        entries, more_follow = list_entries(
            base.reach(), base.storage_key(folder), prefix=name, after=behind, limit=limit, deep=False, within=base.key
        )
        for entry in entries:
            key = start + entry.key
            while waiting and waiting[0] < key:
                yield _mounted_entry(mounted, waiting.pop(0))
            if key in mounted or not _can_be_asked_for(key):
                continue
            if entry.is_folder or version.find_mount(key) is base:
                yield _as(entry, key)
        if more_follow:
            yield None
            behind = entries[-1].key
    for key in waiting:
        yield _mounted_entry(mounted, key)


def _rolled_up(version: Mounts, prefix: str, delimiter: str, after: str, limit: int) -> Steps:
    """All objects, rolled up to any delimiter. What has been rolled up is skipped where a page ends within it."""

    def rolled(key: str) -> str:
        found = key.find(delimiter, len(prefix)) if key.startswith(prefix) else -1
        return key[: found + len(delimiter)] if found >= 0 else ""

    current = rolled(after)
    behind = current + LAST if current else after
    while True:
        for entry in _deep(version, prefix, behind, limit):
            if entry is None:
                yield None
                if current:
                    break  # further on, behind what is rolled up already
            elif not (current and entry.key.startswith(current)):
                current = rolled(entry.key)
                yield Entry(current) if current else entry
        else:
            return
        behind = current + LAST


def _mounted(version: Mounts, folder: str) -> dict[str, Mount | None]:
    """What mounts bring into a folder: objects, each with its mount, and folders."""
    found: dict[str, Mount | None] = {}
    start = f"{folder}/" if folder else ""
    for mount in version.mounts_below(folder):
        name, slash, _ = mount.path[len(start) :].partition("/")
        if mount.single and not slash:
            found[start + name] = mount
        else:
            found[f"{start}{name}/"] = None
    return found


def _mounted_entry(mounted: dict[str, Mount | None], key: str) -> Entry:
    mount = mounted[key]
    return _single(mount) if mount is not None else Entry(key)


def _single(mount: Mount) -> Entry:
    """The object of a single mount.

    Raises:
        StorageUnavailable: it is missing.
    """
    folder, _, name = mount.key.rpartition("/")
    entries, _ = list_entries(mount.reach(), folder, prefix=name, limit=1, deep=False)
    if not entries or entries[0].key != name:
        raise StorageUnavailable("What the catalogue mounts here is missing", where=mount.path)
    return _as(entries[0], mount.path)


def _stretches(version: Mounts) -> list[Stretch]:
    """The whole order of keys. Bounds are where the mount that covers a key may change."""
    bounds = {("", "")}  # the first key of a stretch, and the last possible one before it
    for mount in version.mounts:
        if mount.path:
            bounds.add((mount.path, mount.path[:-1] + chr(ord(mount.path[-1]) - 1) + LAST))
            bounds.add((f"{mount.path}\0", mount.path))
            if not mount.single:
                bounds.add((f"{mount.path}/", f"{mount.path}." + LAST))
                bounds.add((f"{mount.path}0", f"{mount.path}/{LAST}"))
    ordered = sorted(bounds)
    stretches = []
    for number, (first, after) in enumerate(ordered):
        covering = version.find_mount(first)
        before = ordered[number + 1][0] if number + 1 < len(ordered) else None
        if covering is not None and (covering.single or not first or first != covering.path):
            stretches.append(Stretch(after, before, covering))
    return stretches


def _parted(prefix: str) -> tuple[str, str | None, str]:
    """What all keys with a prefix begin with, up to a slash; the folder that this is, if it is one; what follows."""
    folder, slash, name = prefix.rpartition("/")
    is_folder = all(map(is_segment, folder.split("/"))) if slash else True
    return folder + slash, folder if is_folder else None, name


def _can_be_asked_for(key: str) -> bool:
    return len(key) * 4 <= MAX_KEY_BYTES or len(key.encode()) <= MAX_KEY_BYTES


def _as(entry: Entry, key: str) -> Entry:
    return Entry(key, entry.size_bytes, entry.mtime_s, entry.etag)
