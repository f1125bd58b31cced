"""Zarr arrays in a root, read-only: plain facts from metadata, and arrays to slice. v2 and v3 alike.

Everything is read through :mod:`datasets.storage.objects`, so absent, forbidden and unreadable stay apart here too
(zarr's own stores take some failures for absence).
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.errors import UnknownCodecError

from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent, ObjectChanged, StorageError, StorageUnavailable
from datasets.storage.keys import join_key
from datasets.storage.roots import Root
from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.grids import ChunkGrid, ChunkGridInvalid

MAX_METADATA_BYTES = 16 * 1024 * 1024

# Chunks of stores that can be read without waiting are read and decoded in one go, and not each in three steps of an
# event loop: twice as fast. Other stores are read as before.
zarr.config.set({"codec_pipeline.path": "zarr.core.codec_pipeline.FusedCodecPipeline"})

DECODERS = min(os.cpu_count() or 1, 8)
_decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")


class NotZarr(StorageError):
    """There is no Zarr group or array at the address."""

    slug = "not-zarr"
    status = 422
    title = "Not a Zarr"


class ZarrMetadataInvalid(StorageError):
    """Zarr metadata is there but cannot be understood."""

    slug = "zarr-metadata-invalid"
    status = 422
    title = "The Zarr metadata cannot be understood"


class CodecUnknown(StorageError):
    """An array is encoded with a codec that the portal's zarr does not have."""

    slug = "codec-unknown"
    status = 422
    title = "A codec that cannot be decoded"


class ChunkUndecodable(StorageError):
    """A chunk is there, but its bytes are not what the array's codecs write."""

    slug = "chunk-undecodable"
    status = 503
    title = "A part of the data is damaged"


@dataclass(frozen=True)
class StoredArray:
    """The facts of one array, with its metadata document and the SHA-256 of that."""

    facts: ArrayFacts
    document: Mapping[str, Any]
    digest: str


def metadata_name(zarr_format: int) -> str:
    """The name of an array's metadata document."""
    return "zarr.json" if zarr_format == 3 else ".zarray"


def read_array(root: Root, key: str, *, zarr_format: int) -> StoredArray:
    """The facts of the array at ``key``, from its metadata alone.

    Raises:
        ObjectAbsent: there is no array of that format.
        CodecUnknown: it is encoded in a way that zarr cannot decode here.
        ZarrMetadataInvalid: zarr cannot make an array of the metadata; the message is zarr's.
        StorageError: it cannot be read.
    """
    name = metadata_name(zarr_format)
    document = read_document(root, join_key(key, name))
    if document is None or (zarr_format == 3 and document[0].get("node_type") != "array"):
        raise ObjectAbsent(f"There is no Zarr v{zarr_format} array", where=root.url_of(key))
    data, digest = document
    try:
        facts = _facts_v3(data) if zarr_format == 3 else _facts_v2(data)
        ChunkGrid(facts.shape, facts.chunk_shape, facts.shard_shape)
    except UnknownCodecError as error:
        raise CodecUnknown(
            f"zarr has no such codec here: {error}",
            where=root.url_of(join_key(key, name)),
            fix="Write the array with zstd, gzip or blosc",
        ) from None
    except (ValueError, TypeError, LookupError, AttributeError, ChunkGridInvalid) as error:
        raise _invalid(root, join_key(key, name), f"zarr cannot read this array: {error}") from None
    return StoredArray(facts=facts, document=data, digest=digest)


@dataclass(frozen=True)
class ArrayForm:
    """How an array is cut and what its voxels are. Shapes in stored axis order; ``dtype`` as in :class:`ArrayFacts`."""

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        shape, chunk = (" × ".join(map(str, sizes)) for sizes in (self.shape, self.chunk_shape))
        return f"{shape} {self.dtype} in chunks of {chunk}"


@dataclass(frozen=True)
class ReadableArray:
    """An array to be sliced. Whatever goes wrong at a slice is a :class:`StorageError`."""

    array: zarr.Array[Any]
    store: "KeyStore"

    @property
    def where(self) -> str:
        """The array's address."""
        return str(self.store)

    def __getitem__(self, selection: Any) -> npt.NDArray[Any]:
        with self._named_errors():
            return np.asarray(self.array[selection])

    def require_form(self, form: ArrayForm) -> None:
        """That the array is what the catalogue says.

        Raises:
            ObjectChanged: it is not, so another one has taken its place.
        """
        found = ArrayForm(self.array.shape, self.array.chunks, _dtype_name(self.array.dtype))
        if found != form:
            raise ObjectChanged(
                f"The array has {found}, and was published with {form}",
                where=self.where,
                fix="Tell the dataset's contact",
            )

    def read_together(self, selections: Sequence[Any]) -> list[npt.NDArray[Any]]:
        """Several slices at once, in a few threads: zarr by itself reads everything of a process in one."""
        shares = [selections[first::DECODERS] for first in range(min(DECODERS, len(selections)))]
        with self._named_errors():
            read = [_decoders.submit(asyncio.run, self._read_share(share)) for share in shares]
            parts: list[Any] = [None] * len(selections)
            for first, future in enumerate(read):
                parts[first::DECODERS] = future.result()
        return parts

    async def _read_share(self, selections: Sequence[Any]) -> list[npt.NDArray[Any]]:
        array = self.array.async_array
        parts = await asyncio.gather(*(array.getitem(selection) for selection in selections))
        return [np.asarray(part) for part in parts]

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        absence = self.store.last_absence
        try:
            yield
            if self.store.last_absence is not absence:
                self.store.require_metadata()
        except StorageError:
            raise
        except Exception as error:  # each codec fails in a way of its own
            raise ChunkUndecodable(
                f"A chunk cannot be decoded: {error}", where=self.where, fix="Write the array again from its source"
            ) from error


def open_array(root: Root, key: str, *, zarr_format: int) -> ReadableArray:
    """The array at ``key``, which has been looked at before, to be sliced; reading only.

    Raises:
        StorageError: at once when its metadata, and at a slice when a chunk, cannot be read. An absent chunk is empty
            space only where the array itself is still there.
        StorageUnavailable: the array is missing.
        ObjectChanged: its metadata cannot be understood any more.
    """
    # A bucket answers slowly, so many of its chunks are asked for at once, which only the event loop does.
    metadata = metadata_name(zarr_format)
    store = (KeyStore if root.path is None else FolderStore)(root, key, metadata=metadata)
    try:
        array = zarr.open_array(store, mode="r", zarr_format=3 if zarr_format == 3 else 2)
    except FileNotFoundError:
        raise _missing(store) from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ObjectChanged(
            f"The array's metadata cannot be understood any more: {error}",
            where=root.url_of(join_key(key, metadata)),
            fix="Tell the dataset's contact",
        ) from error
    return ReadableArray(array, store)


class KeyStore(Store):
    """A read-only zarr store over the keys below ``prefix`` of a root; its errors are those of this package.

    ``last_absence`` is another object after each key that was asked for and is not there. ``metadata`` names the key
    that must be there for such an absence to be believed.
    """

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, root: Root, prefix: str, *, metadata: str) -> None:
        super().__init__(read_only=True)
        self.root = root
        self.prefix = prefix
        self.metadata = metadata
        self.last_absence = object()

    def require_metadata(self) -> None:
        """That the array is there, as a folder that is not mounted holds no chunk, either.

        Raises:
            StorageUnavailable: it is not.
            StorageError: nobody can tell.
        """
        try:
            objects.stat(self.root, join_key(self.prefix, self.metadata))
        except ObjectAbsent:
            raise _missing(self) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyStore) and (self.root, self.prefix) == (other.root, other.prefix)

    def __hash__(self) -> int:
        return hash((self.root.name, self.prefix))

    def __str__(self) -> str:
        return self.root.url_of(self.prefix)

    def with_read_only(self, read_only: bool = False) -> Store:
        if not read_only:
            raise ValueError("Given data is never modified")
        return self

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        try:
            data = await asyncio.to_thread(self._read, join_key(self.prefix, key), byte_range)
        except ObjectAbsent:
            self.last_absence = object()
            return None
        return prototype.buffer.from_bytes(data)

    def _read(self, key: str, byte_range: ByteRequest | None) -> bytes:
        match byte_range:
            case None:
                return objects.read(self.root, key)
            case RangeByteRequest(start, end):
                return objects.read_range(self.root, key, start, end)
            case OffsetByteRequest(offset):
                return objects.read_range(self.root, key, offset, None)
            case SuffixByteRequest(suffix):
                return objects.read_suffix(self.root, key, suffix)
        raise TypeError(f"Unknown byte range {byte_range!r}")

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return await asyncio.gather(*(self.get(key, prototype, byte_range) for key, byte_range in key_ranges))

    async def exists(self, key: str) -> bool:
        try:
            await asyncio.to_thread(objects.stat, self.root, join_key(self.prefix, key))
        except ObjectAbsent:
            return False
        return True

    async def set(self, key: str, value: Buffer) -> None:
        raise ValueError("Given data is never modified")

    async def delete(self, key: str) -> None:
        raise ValueError("Given data is never modified")

    def list(self) -> AsyncIterator[str]:
        raise ValueError("Listing a whole store is never needed")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise ValueError("Listing a whole store is never needed")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise ValueError("Listing a whole store is never needed")


class FolderStore(KeyStore):
    """The same over a local folder, which zarr may also read without its event loop."""

    def get_sync(
        self, key: str, *, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        try:
            data = self._read(join_key(self.prefix, key), byte_range)
        except ObjectAbsent:
            self.last_absence = object()
            return None
        return (prototype or default_buffer_prototype()).buffer.from_bytes(data)

    def set_sync(self, key: str, value: Buffer) -> None:
        raise ValueError("Given data is never modified")

    def delete_sync(self, key: str) -> None:
        raise ValueError("Given data is never modified")


def read_document(root: Root, key: str) -> tuple[dict[str, Any], str] | None:
    """The JSON object at ``key`` and its SHA-256; ``None`` when there is no such object."""
    try:
        text = objects.read_range(root, key, 0, MAX_METADATA_BYTES + 1)  # one request, whatever is there
    except ObjectAbsent:
        return None
    if len(text) > MAX_METADATA_BYTES:
        raise _invalid(root, key, f"the document has more than {MAX_METADATA_BYTES} bytes")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid(root, key, "the document is not JSON") from None
    if not isinstance(data, dict):
        raise _invalid(root, key, "the document is not a JSON object")
    return data, hashlib.sha256(text).hexdigest()


def _facts_v3(data: dict[str, Any]) -> ArrayFacts:
    metadata = ArrayV3Metadata.from_dict(dict(data))
    chunk_shape, shard_shape = tuple(data["chunk_grid"]["configuration"]["chunk_shape"]), None
    codecs = data["codecs"]
    shard_codecs: tuple[str, ...] = ()
    for codec in codecs:
        if not isinstance(codec, str) and codec["name"] == "sharding_indexed":
            shard_codecs = tuple(_codec_name(outer) for outer in codecs if outer is not codec)
            shard_shape, chunk_shape = chunk_shape, tuple(codec["configuration"]["chunk_shape"])
            codecs = codec["configuration"]["codecs"]
            break
    encoding = data.get("chunk_key_encoding", {})
    names = metadata.dimension_names
    return ArrayFacts(
        shape=tuple(metadata.shape),
        dtype=_dtype_name(metadata.dtype.to_native_dtype()),
        chunk_shape=chunk_shape,
        shard_shape=shard_shape,
        zarr_format=3,
        codecs=tuple(_codec_name(codec) for codec in codecs),
        shard_codecs=shard_codecs,
        dimension_names=tuple(names) if names is not None else None,
        dimension_separator=encoding.get("configuration", {}).get("separator", "/"),
        fill_value=data.get("fill_value"),
    )


def _facts_v2(data: dict[str, Any]) -> ArrayFacts:
    metadata = ArrayV2Metadata.from_dict(dict(data))
    compressor, filters = data.get("compressor"), data.get("filters") or []
    return ArrayFacts(
        shape=tuple(metadata.shape),
        dtype=_dtype_name(metadata.dtype.to_native_dtype()),
        chunk_shape=tuple(metadata.chunks),
        zarr_format=2,
        codecs=(compressor["id"],) if compressor else (),
        filters=tuple(item["id"] for item in filters),
        dimension_separator=data.get("dimension_separator", "."),
        fill_value=data.get("fill_value"),
    )


def _codec_name(codec: Any) -> str:
    return codec if isinstance(codec, str) else str(codec["name"])


def _dtype_name(dtype: Any) -> str:
    return str(np.dtype(dtype).name)


def _missing(store: KeyStore) -> StorageUnavailable:
    return StorageUnavailable("What the catalogue mounts here is missing", where=str(store))


def _invalid(root: Root, key: str, what: str) -> ZarrMetadataInvalid:
    return ZarrMetadataInvalid(what, where=root.url_of(key), fix="Write the metadata again with a Zarr library")
