"""Where the bytes of a version's arrays are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.storage.arrays import ArrayForm, ReadableArray, open_array
from datasets.storage.keys import join_key
from datasets.storage.roots import Root, get_root


def place_of_key(version: DatasetVersion, path: str) -> tuple[Root, str] | None:
    """Root and key of what lies at ``path`` of a version: what is mounted there by itself, else below the longest mount
    that covers it; None where none does.

    Raises:
        RootUnknown: the root is not configured any more.
    """
    mounts = version.mounts.all()
    alone = next((mount for mount in mounts if mount.single and mount.path == path), None)
    if alone is not None:
        return get_root(alone.root), alone.key
    covering = [
        mount for mount in mounts if not mount.single and (mount.path == "" or f"{path}/".startswith(f"{mount.path}/"))
    ]
    if not covering:
        return None
    mount = max(covering, key=lambda mount: len(mount.path))
    return get_root(mount.root), join_key(mount.key, path[len(mount.path) :].lstrip("/"))


def place_of_level(version: DatasetVersion, volume: Volume, level: dict[str, Any]) -> tuple[Root, str]:
    """Root and key of a level's array.

    Raises:
        RootUnknown: the root is not configured any more.
    """
    place = place_of_key(version, join_key(volume.path, level["path"]))
    assert place is not None, "a volume that is here is mounted"
    return place


def form_of_level(volume: Volume, level: dict[str, Any]) -> ArrayForm:
    """What a level's array is, as it was published."""
    return ArrayForm(tuple(level["shape"]), tuple(level["chunk_shape"]), volume.dtype)


def elements_on(volume: Volume, level: dict[str, Any], elements: Mapping[str, int]) -> dict[str, int] | None:
    """Where a level has what lies at ``elements`` of the finest; None where it ends before.

    A coarser level may have one moment for several.

    Args:
        elements: the index along axes other than x, y and z, by name.
    """
    found, finest = {}, volume.levels[0]
    for name, element in elements.items():
        axis = volume.axes.index(name)
        at = finest["translation"][axis] + element * finest["scale"][axis]
        index = math.floor((at - level["translation"][axis]) / level["scale"][axis] + 0.5)
        if not 0 <= index < level["shape"][axis]:
            return None
        found[name] = index
    return found


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
