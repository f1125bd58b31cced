"""Where the bytes of a version's arrays are."""

from __future__ import annotations

from typing import Any

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.storage.arrays import ArrayForm, ReadableArray, open_array
from datasets.storage.keys import join_key
from datasets.storage.roots import Root, get_root


def place_of_level(version: DatasetVersion, volume: Volume, level: dict[str, Any]) -> tuple[Root, str]:
    """Root and key of a level's array: below the longest mount that covers it.

    Raises:
        RootUnknown: the root is not configured any more.
    """
    path = join_key(volume.path, level["path"])
    mounts = [
        mount
        for mount in version.mounts.all()
        if not mount.single and (mount.path == "" or f"{path}/".startswith(f"{mount.path}/"))
    ]
    mount = max(mounts, key=lambda mount: len(mount.path))
    return get_root(mount.root), join_key(mount.key, path[len(mount.path) :].lstrip("/"))


def form_of_level(volume: Volume, level: dict[str, Any]) -> ArrayForm:
    """What a level's array is, as it was published."""
    return ArrayForm(tuple(level["shape"]), tuple(level["chunk_shape"]), volume.dtype)


def open_level(version: DatasetVersion, volume: Volume, level: dict[str, Any]) -> ReadableArray:
    """A level's array, to be sliced.

    Raises:
        RootUnknown: the root is not configured any more.
        StorageError: it cannot be read.
        ObjectChanged: another array has taken its place.
    """
    array = open_array(*place_of_level(version, volume, level), zarr_format=volume.zarr_format)
    array.require_form(form_of_level(volume, level))
    return array
