"""Removing what a job has made and nobody refers to: the only removal there is, and below one folder alone."""

import contextlib
import shutil
import time

from datasets.storage.buckets import bucket_of
from datasets.storage.errors import ObjectAbsent, StorageUnavailable
from datasets.storage.keys import is_segment
from datasets.storage.objects import DRAFTS, list_folder
from datasets.storage.roots import Root

DERIVED = "derived"
"""The folder of the portal's own root that holds what recipes made: ``derived/<recipe>/<revision>``."""


def list_revisions(root: Root) -> list[str]:
    """The prefixes of all outputs in the portal's own root.

    Raises:
        StorageError: they cannot be listed.
    """
    return [
        f"{DERIVED}/{recipe.rstrip('/')}/{revision.rstrip('/')}"
        for recipe in _folders(root, DERIVED)
        for revision in _folders(root, f"{DERIVED}/{recipe.rstrip('/')}")
    ]


def _folders(root: Root, key: str) -> list[str]:
    found: list[str] = []
    try:
        while page := list_folder(root, key, after=found[-1] if found else ""):
            found += page
    except ObjectAbsent:
        pass
    return [name for name in found if name.endswith("/")]


def remove_drafts(root: Root, *, older_than_s: float) -> int:
    """Remove what killed processes have left behind in the making of objects. Returns of how many."""
    removed = 0
    folder = root.path / DRAFTS if root.path is not None and root.is_own else None
    for draft in folder.iterdir() if folder is not None and folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if draft.stat().st_mtime < time.time() - older_than_s:
                draft.unlink()
                removed += 1
    return removed


def remove_revision(root: Root, prefix: str) -> None:
    """Remove everything below the prefix of an output. The caller knows that nothing refers to it.

    Raises:
        StorageUnavailable: some of it is still there; what is left can be removed again.
    """
    parts = prefix.split("/")
    if not root.is_own or len(parts) != 3 or parts[0] != DERIVED or not all(map(is_segment, parts)):
        raise ValueError(f"{root.name}:{prefix} is no output of a job")
    if root.path is None:
        bucket_of(root).remove_below(prefix)
        return
    try:
        shutil.rmtree(root.path / prefix)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageUnavailable(
            f"Removing failed: {error.strerror}", where=root.url_of(prefix), fix="Look at the disk's rights"
        ) from error
