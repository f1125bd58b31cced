"""What lies at a key: a Zarr group or array of either format, or something else that is known by name.

Only documents are read, a few for each call, and a folder is listed only to say what is there instead.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets.storage import objects
from datasets.storage.arrays import NotZarr, ZarrMetadataInvalid, read_document
from datasets.storage.errors import ObjectAbsent, StorageError
from datasets.storage.keys import join_key
from datasets.storage.roots import Root

SHOWN_NAMES = 8

METADATA_DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zmetadata", ".zarray"})


class ArrayNotImage(StorageError):
    """There is a Zarr array where an image's group is needed."""

    slug = "array-not-image"
    status = 422
    title = "A single array, not an image"


class N5NotSupported(StorageError):
    """There is N5 where Zarr is needed."""

    slug = "n5-not-supported"
    status = 422
    title = "N5 is not published"


class PrecomputedNotSupported(StorageError):
    """There is a volume in Neuroglancer's precomputed format where Zarr is needed."""

    slug = "precomputed-not-supported"
    status = 422
    title = "Neuroglancer precomputed is not published"


@dataclass(frozen=True)
class ZarrGroup:
    """One Zarr group as its documents say.

    ``digest`` is the SHA-256 of the document that holds the attributes. ``has_document`` is false for a folder with
    .zattrs alone, which few readers open. ``consolidated`` holds the attributes and the array metadata of the nodes
    below, by path, where the group repeats them; ``None`` where it does not.
    """

    zarr_format: int
    attributes: Mapping[str, Any]
    digest: str
    has_document: bool = True
    consolidated: Mapping[str, "ConsolidatedNode"] | None = None


@dataclass(frozen=True)
class ConsolidatedNode:
    """What consolidated metadata say of one node: its attributes, and its document where it is an array."""

    attributes: Mapping[str, Any]
    array: Mapping[str, Any] | None = None


def read_group(root: Root, key: str) -> ZarrGroup:
    """The group at ``key``: Zarr v3 where a ``zarr.json`` is, else v2.

    Raises:
        ArrayNotImage, N5NotSupported, PrecomputedNotSupported: something else that is known is there.
        NotZarr: nothing known is there.
        ZarrMetadataInvalid: a document is no JSON object, or contradicts itself.
        StorageError: it cannot be read.
    """
    return find_group(root, key) or _refuse(root, key)


def find_group(root: Root, key: str) -> ZarrGroup | None:
    """The group at ``key``, or ``None`` where there is none; else as :func:`read_group`."""
    return _read_v3(root, key) or _read_v2(root, key)


def metadata_digest(group: str, arrays: Mapping[str, str]) -> str:
    """SHA-256 over the digests of an image's metadata documents, each with its place.

    Args:
        group: of the document that holds the attributes.
        arrays: of each level's document, by its path.
    """
    lines = [f"{group}  .", *(f"{digest}  {path}" for path, digest in sorted(arrays.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read_v3(root: Root, key: str) -> ZarrGroup | None:
    found = read_document(root, join_key(key, "zarr.json"))
    if found is None:
        return None
    document, digest = found
    where = root.url_of(join_key(key, "zarr.json"))
    if document.get("zarr_format") != 3 or document.get("node_type") not in ("group", "array"):
        raise ZarrMetadataInvalid(
            "zarr.json states neither a group nor an array of Zarr v3",
            where=where,
            fix='Write "zarr_format": 3 and "node_type": "group" beside the attributes',
        )
    if document["node_type"] == "array":
        raise _array_not_image(root, key)
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict):
        raise ZarrMetadataInvalid("attributes is not an object", where=where, fix="Write an object")
    return ZarrGroup(3, attributes, digest, consolidated=_consolidated_v3(document.get("consolidated_metadata")))


def _read_v2(root: Root, key: str) -> ZarrGroup | None:
    group = read_document(root, join_key(key, ".zgroup"))
    attributes = read_document(root, join_key(key, ".zattrs"))
    if group is None:
        if read_document(root, join_key(key, ".zarray")) is not None:
            raise _array_not_image(root, key)
        if attributes is None:
            return None
    elif group[0].get("zarr_format") != 2:
        raise ZarrMetadataInvalid(
            ".zgroup does not state Zarr v2",
            where=root.url_of(join_key(key, ".zgroup")),
            fix='Write {"zarr_format": 2}',
        )
    consolidated = read_document(root, join_key(key, ".zmetadata"))
    content, digest = attributes or ({}, "")
    return ZarrGroup(
        2,
        content,
        digest,
        has_document=group is not None,
        consolidated=_consolidated_v2(consolidated[0].get("metadata")) if consolidated else None,
    )


def _refuse(root: Root, key: str) -> ZarrGroup:
    """Raise what names best what is there instead of a Zarr."""
    where = root.url_of(key)
    convert = "Convert it to OME-Zarr 0.5"
    if read_document(root, join_key(key, "attributes.json")) is not None:
        raise N5NotSupported("This is N5, which is not published here", where=where, fix=convert)
    info = read_document(root, join_key(key, "info"))
    if info is not None and {"scales", "data_type"} <= set(info[0]):
        raise PrecomputedNotSupported(
            "This is a volume in Neuroglancer's precomputed format, which is not published here",
            where=where,
            fix=convert,
        )
    try:
        names = objects.list_folder(root, key, limit=SHOWN_NAMES + 1)
    except ObjectAbsent:
        names = []
    if names:
        more = ", …" if len(names) > SHOWN_NAMES else ""
        raise NotZarr(
            f"There is neither a zarr.json nor a .zgroup; there are {', '.join(names[:SHOWN_NAMES])}{more}",
            where=where,
            fix="Give the address of the folder that holds zarr.json or .zgroup",
        )
    raise NotZarr(
        "There is no folder at this address",
        where=where,
        fix="Give the address of a folder that holds zarr.json or .zgroup; a single file (zip, HDF5, TIFF) is not read",
    )


def _array_not_image(root: Root, key: str) -> ArrayNotImage:
    return ArrayNotImage(
        "This is a single Zarr array; an image is a group that names its arrays and says how large a voxel is",
        where=root.url_of(key),
        fix="Give the address of the group above, or write one with OME-Zarr metadata",
    )


def _consolidated_v3(content: object) -> dict[str, ConsolidatedNode] | None:
    nodes = content.get("metadata") if isinstance(content, dict) else None
    if not isinstance(nodes, dict):
        return None
    return {
        path: ConsolidatedNode(_object(node.get("attributes")), node if node.get("node_type") == "array" else None)
        for path, node in nodes.items()
        if isinstance(node, dict)
    }


def _consolidated_v2(documents: object) -> dict[str, ConsolidatedNode] | None:
    if not isinstance(documents, dict):
        return None
    paths = {path.rpartition("/")[0] for path in documents if path.rpartition("/")[2] in METADATA_DOCUMENTS}
    return {
        path: ConsolidatedNode(
            _object(documents.get(join_key(path, ".zattrs"))), documents.get(join_key(path, ".zarray"))
        )
        for path in paths
    }


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
