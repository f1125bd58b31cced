"""The published tree: each version as a folder that a front server can read files from, without asking the portal.

- ``open/<name>@<v>`` is served to everyone, and so is ``immutable/<name>@<v>``, to be kept for ever.
- ``guarded/<name>@<v>`` is served after the portal has been asked.
- ``proxied/<name>@<v>`` is an empty folder: public, but in a bucket.
- ``newest/<name>`` and ``proxied/<name>`` lead to the version that the address without one stands for.
- ``present/<name>@<v>`` leads to the folder in which the version's data lie: while it is missing, that a file is absent
  says nothing.

A version's folder is made of links, one for each mount and more where mounts lie within others. It is built beside its
place and renamed into it, so that a server sees it whole or not at all. The catalogue decides what belongs where; the
tree can be removed and made anew at any time.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from datasets.storage.errors import StorageUnavailable

type Access = Literal["immutable", "open", "guarded", "proxied"]
ACCESSES: tuple[Access, ...] = ("immutable", "open", "guarded", "proxied")
_LEADING = ("newest", "proxied")


@dataclass(frozen=True, slots=True)
class TreeMount:
    """A path of a version, prefix or single object, and the folder or file it stands for."""

    path: str
    target: Path
    single: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """How one version stands in the tree. ``mounts`` is empty where it is proxied.

    ``present`` is the folder without which nothing is known to be absent; None: the front server never says so itself.
    """

    access: Access
    mounts: tuple[TreeMount, ...] = ()
    present: Path | None = None


class PublishedTree:
    """The tree at ``folder``. Each change is one renaming, and one process changes it at a time.

    One object is for one thread. Every method raises StorageUnavailable where the file system refuses; what was there
    then stays.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._depth = 0

    def place(self, version: str, entry: Entry) -> None:
        """Have ``version`` (``name@1``) served as ``entry`` says, and in no other way.

        One that is there already is only moved: what it shows does not change, and no moment passes without it.
        """
        with self.changing():
            before = self._access_of(version)
            if before == entry.access:
                return
            place = self._place_of(entry.access, version)
            if before is not None and "proxied" not in (before, entry.access):
                self._place_of(before, version).rename(place)
                return
            self._take_away(version)
            draft = self._draft(version)
            try:
                if entry.present is not None:
                    draft.symlink_to(entry.present)
                    draft.replace(self._place_of("present", version))
                if entry.access == "proxied":
                    draft.mkdir()
                else:
                    _build(draft, list(entry.mounts))
                draft.rename(place)
            finally:
                _remove(draft)

    def remove(self, version: str) -> None:
        """Have ``version`` served no more; nothing happens where it was not."""
        with self.changing():
            self._take_away(version)

    def lead(self, name: str, version: str | None) -> bool:
        """Have the address ``name``, without a version, lead to ``version`` where that is open to all, else nowhere.

        Returns:
            Whether it led somewhere else before.
        """
        changed = False
        with self.changing():
            access = self._access_of(version) if version else None
            for kind in _LEADING:
                place = self._place_of(kind, name)
                leads_here = access == "proxied" if kind == "proxied" else access in ("open", "immutable")
                if not leads_here:
                    changed = changed or place.is_symlink()
                    place.unlink(missing_ok=True)
                    continue
                target = Path("..", str(access), str(version))
                if not (place.is_symlink() and place.readlink() == target):
                    draft = self._draft(name)
                    draft.symlink_to(target)
                    draft.replace(place)
                    changed = True
            present = self._place_of("present", name)
            present.unlink(missing_ok=True)
            if access in ("open", "immutable") and self._place_of("present", str(version)).is_symlink():
                present.symlink_to(str(version))
        return changed

    def versions(self) -> dict[str, Access]:
        """The versions in the tree, and how each is served."""
        found: dict[str, Access] = {}
        for access in ACCESSES:
            found.update({name: access for name in _names(self.folder / access) if "@" in name})
        return found

    def names(self) -> set[str]:
        """The addresses without a version that lead somewhere."""
        found: set[str] = set()
        for kind in _LEADING:
            found.update(name for name in _names(self.folder / kind) if "@" not in name)
        return found

    def _access_of(self, version: str) -> Access | None:
        return next((access for access in ACCESSES if os.path.lexists(self.folder / access / version)), None)

    def _place_of(self, access: str, name: str) -> Path:
        place = self.folder / access / name
        place.parent.mkdir(exist_ok=True)
        return place

    def _draft(self, name: str) -> Path:
        return self.folder / f".{name}.{uuid4().hex[:8]}"

    def _take_away(self, version: str) -> None:
        """Out of sight in one step, then removed. ``present`` goes first: what is taken away does not seem absent."""
        for access in ("present", *ACCESSES):
            gone = self._draft(version)
            with contextlib.suppress(FileNotFoundError):
                (self.folder / access / version).rename(gone)
                _remove(gone)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Have the tree for oneself. Whoever decides by the catalogue what to change asks it within."""
        if self._depth:
            yield
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise self._refused(error) from error
        with lock:
            _lock(lock.fileno())
            self._depth += 1
            try:
                for half_done in self.folder.glob(".*@*"):  # by a process that was killed
                    _remove(half_done)
                yield
            except OSError as error:
                raise self._refused(error) from error
            finally:
                self._depth -= 1

    def _refused(self, error: OSError) -> StorageUnavailable:
        return StorageUnavailable(
            f"The published tree cannot be changed: {error.strerror}",
            where=str(self.folder),
            fix="Look at the folder's rights and the disk's space, then run manage.py reconcile",
        )


def leads_out(target: Path, root: Path) -> bool:
    """Whether ``target``, or a link below it, leads out of ``root``: a front server would follow it.

    Looks at every name below ``target``.
    """
    top = os.path.realpath(root).rstrip("/") + "/"
    paths = [target, *(Path(parent, name) for parent, dirs, files in os.walk(target) for name in (*dirs, *files))]
    return any(
        not f"{os.path.realpath(path)}/".startswith(top) for path in paths if path is target or path.is_symlink()
    )


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []


def _lock(descriptor: int) -> None:
    import fcntl  # not on every system that can import this module

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _build(place: Path, mounts: list[TreeMount], inherited: Path | None = None) -> None:
    """Make ``place`` show ``mounts``, paths relative to it; ``inherited`` is what a mount further up has here."""
    here = next((mount for mount in mounts if not mount.path), None)
    below = [mount for mount in mounts if mount.path]
    base = here.target if here else inherited
    if not below:
        if base is not None:
            place.symlink_to(base)
        return
    place.mkdir()
    nested: dict[str, list[TreeMount]] = {}
    for mount in below:
        name, _, rest = mount.path.partition("/")
        nested.setdefault(name, []).append(TreeMount(rest, mount.target, mount.single))
    if base is not None and base.is_dir():
        for name in _names(base):
            if name not in nested:
                (place / name).symlink_to(base / name)
    for name, inner in nested.items():
        under = base / name if base is not None and _is_folder(base / name) else None
        _build(place / name, inner, under)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _remove(place: Path) -> None:
    """A version's folder of links, never what they lead to."""
    if place.is_symlink():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)  # removes links as links
