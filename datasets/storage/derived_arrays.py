"""Zarr arrays in the portal's own root that are written once, region by region, by any number of processes.

An object that is there stays as it is: it is complete, since it appeared in one step, and whoever computes it again
computes the same. So a process that was paused, and goes on after its work was given to another, changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy.typing as npt
import zarr
from zarr.abc.store import Store
from zarr.core.buffer import Buffer

from datasets.storage import objects
from datasets.storage.arrays import FolderStore, KeyStore, metadata_name
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import join_key
from datasets.storage.roots import Root
from datasets.storage.uploads import UploadDiffers


def write_once(root: Root, key: str, content: bytes) -> None:
    """Write an object of the portal's own root, unless it is there, and read it back to compare.

    Raises:
        UploadDiffers: it is there with other bytes, or reads back differently.
        StorageError: it cannot be written.
    """
    try:
        size_bytes = objects.stat(root, key).size_bytes
    except ObjectAbsent:
        objects.write(root, key, content)
        size_bytes = len(content)
    if size_bytes != len(content) or objects.read(root, key) != content:
        raise UploadDiffers(
            "Reading back gave other bytes", where=root.url_of(key), fix="Check the storage, then try again"
        )


def leave_out(root: Root, key: str) -> None:
    """Leave a chunk out that holds nothing but the fill value: zarr removes it then, and nothing is ever removed here.

    Raises:
        UploadDiffers: it is there, with something in it.
        StorageError: nobody can tell.
    """
    try:
        objects.stat(root, key)
    except ObjectAbsent:
        return
    raise UploadDiffers("It is there, and should be empty", where=root.url_of(key), fix="Run it again from the start")


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """A JSON document as it is written."""
    return json.dumps(document, indent=2).encode()


def write_document(root: Root, key: str, document: Mapping[str, Any]) -> str:
    """Write a JSON document once. Returns its SHA-256."""
    content = document_bytes(document)
    write_once(root, key, content)
    return hashlib.sha256(content).hexdigest()


def with_shape(document: Mapping[str, Any], shape: Sequence[int]) -> dict[str, Any]:
    """The metadata of an array that is like another in all but its shape and its attributes."""
    return {name: value for name, value in document.items() if name != "attributes"} | {"shape": list(shape)}


def write_region(root: Root, key: str, *, zarr_format: int, start: Sequence[int], voxels: npt.NDArray[Any]) -> None:
    """Write whole chunks (or shards) of the array at ``key``, whose metadata is there, from ``start`` on.

    Chunks of nothing but the fill value are left out, as readers expect.

    Raises:
        UploadDiffers, StorageError: a chunk could not be written.
    """
    array = _opened(root, key, zarr_format)
    array[tuple(slice(first, first + size) for first, size in zip(start, voxels.shape, strict=True))] = voxels


@lru_cache(maxsize=64)
def _opened(root: Root, key: str, zarr_format: int) -> zarr.Array[Any]:
    kind = OwnKeyStore if root.path is None else OwnFolderStore
    store = kind(root, key, metadata=metadata_name(zarr_format))
    return zarr.open_array(store, mode="r+", zarr_format=3 if zarr_format == 3 else 2)


class OwnKeyStore(KeyStore):
    """As :class:`~datasets.storage.arrays.KeyStore`, of the portal's own root: absent keys can be written."""

    supports_writes = True

    def __init__(self, root: Root, prefix: str, *, metadata: str) -> None:
        super().__init__(root, prefix, metadata=metadata)
        self._read_only = False

    def with_read_only(self, read_only: bool = False) -> Store:
        return super().with_read_only(True) if read_only else self

    async def set(self, key: str, value: Buffer) -> None:
        await asyncio.to_thread(write_once, self.root, join_key(self.prefix, key), value.to_bytes())

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(leave_out, self.root, join_key(self.prefix, key))


class OwnFolderStore(OwnKeyStore, FolderStore):
    """The same in a local folder."""

    def set_sync(self, key: str, value: Buffer) -> None:
        write_once(self.root, join_key(self.prefix, key), value.to_bytes())

    def delete_sync(self, key: str) -> None:
        leave_out(self.root, join_key(self.prefix, key))
