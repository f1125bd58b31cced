"""The published tree, kept in line with the catalogue: what a front server may read by itself, and for whom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from datasets.catalogue.actions.refusal import wait_until_refused_everywhere
from datasets.catalogue.models import Dataset, DatasetVersion, Mount, State
from datasets.catalogue.queries.visibility import visible_to
from datasets.storage.published_tree import Entry, PublishedTree, TreeMount, leads_out
from datasets.storage.roots import Root, RootUnknown, get_root


@dataclass(frozen=True)
class Reconciled:
    """What had to be changed."""

    placed: tuple[str, ...]
    removed: tuple[str, ...]


def published_tree() -> PublishedTree:
    """The tree of this portal."""
    return PublishedTree(settings.CONFIG.home / "published")


def reconcile_published_tree() -> Reconciled:
    """Make the tree what the catalogue says, from whatever it is now. Returns when front servers answer accordingly.

    Raises:
        StorageUnavailable: the file system refuses.
    """
    tree = published_tree()
    with tree.changing():
        wanted: dict[str, Entry] = {}
        leading: dict[str, str] = {}
        for dataset in Dataset.objects.all():
            if entries := _entries(dataset):
                wanted |= entries
                leading[dataset.name] = next(iter(entries))
        before = tree.versions()
        gone = sorted(before.keys() - wanted.keys())
        for version in gone:
            tree.remove(version)
        changed = sorted(version for version, entry in wanted.items() if before.get(version) != entry.access)
        for version in changed:
            tree.place(version, wanted[version])
        led = [tree.lead(name, leading.get(name)) for name in tree.names() | leading.keys()]
    if gone or changed or any(led):
        wait_until_refused_everywhere()
    return Reconciled(tuple(changed), tuple(gone))


def settle_published_tree(dataset: Dataset) -> None:
    """Make the tree what the catalogue says of one dataset, after it has come to say it.

    Raises:
        StorageUnavailable: the file system refuses.
    """
    tree = published_tree()
    with tree.changing():
        _settle(tree, dataset)


@contextmanager
def withdrawn_from_published_tree(dataset: Dataset) -> Iterator[None]:
    """Take ``dataset`` out, have the catalogue changed within, and put back what is still to be served.

    For each change that makes a dataset less open: no front server then answers what the catalogue no longer allows,
    not even when this process is killed in between.

    Raises:
        StorageUnavailable: the file system refuses; then nothing was changed.
    """
    tree = published_tree()
    try:
        with tree.changing():
            tree.lead(dataset.name, None)
            for version in _versions_in(tree, dataset):
                tree.remove(version)
            yield
    finally:
        # Not before the catalogue says so for good: what it takes back must not stay open here.
        transaction.on_commit(lambda: settle_published_tree(dataset))


def _settle(tree: PublishedTree, dataset: Dataset) -> None:
    entries = _entries(dataset)
    for version in _versions_in(tree, dataset):
        if version not in entries:
            tree.remove(version)
    for version, entry in entries.items():
        tree.place(version, entry)
    tree.lead(dataset.name, next(iter(entries), None))


def _versions_in(tree: PublishedTree, dataset: Dataset) -> list[str]:
    return [version for version in tree.versions() if version.partition("@")[0] == dataset.name]


def _entries(dataset: Dataset) -> dict[str, Entry]:
    """What belongs into the tree of ``dataset``, its newest version first."""
    is_open = visible_to(None).filter(pk=dataset.pk).exists()
    versions = dataset.versions.filter(state=State.PUBLISHED).prefetch_related("mounts").order_by("-number")
    entries = {str(version): _entry(version, is_open=is_open) for version in versions}
    return {version: entry for version, entry in entries.items() if entry is not None}


def _entry(version: DatasetVersion, *, is_open: bool) -> Entry | None:
    """None where only the portal itself can answer as it must."""
    mounts = list(version.mounts.all())
    try:
        roots = {mount.root: get_root(mount.root) for mount in mounts}
    except RootUnknown:
        return None
    if not mounts:
        return None
    if all(root.path is None for root in roots.values()):
        return Entry("proxied") if is_open else None
    if any(root.path is None for root in roots.values()):
        return None
    placed = tuple(TreeMount(m.path, _target(roots[m.root], m.key), m.single) for m in mounts)
    for mount, row in zip(placed, mounts, strict=True):
        root = roots[row.root].path
        # A link that leads out of the root is refused by the portal, and would be followed by a front server; what is
        # missing is known to the portal as trouble, and would be absent to a front server.
        if root is None or not mount.target.exists() or (not roots[row.root].is_own and leads_out(mount.target, root)):
            return None
    if not is_open:
        return Entry("guarded", placed, _present(mounts, roots))
    immutable = all(root.is_own for root in roots.values())
    return Entry("immutable" if immutable else "open", placed, _present(mounts, roots))


def _target(root: Root, key: str) -> Path:
    assert root.path is not None, "local roots only"
    return root.path / key if key else root.path


def _present(mounts: list[Mount], roots: dict[str, Root]) -> Path | None:
    """The folder that all given data of a version lie in: while it is there, what is absent in it is absent.

    The portal's own root counts only where nothing else does. None where the data lie in several roots.
    """
    given = [mount for mount in mounts if not roots[mount.root].is_own] or mounts
    if len({mount.root for mount in given}) != 1:
        return None
    folders = [_target(roots[m.root], m.key).parent if m.single else _target(roots[m.root], m.key) for m in given]
    return Path(os.path.commonpath(folders))
