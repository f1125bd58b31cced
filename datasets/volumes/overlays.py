"""Metadata documents that say more than the given ones: an image with further levels. Pure: dictionaries in and out."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from datasets.volumes.transforms import ScaleTranslation

type Document = Mapping[str, Any]


def finer_voxels(scale_nm: Mapping[str, float]) -> tuple[str, ...]:
    """The space axes to halve next: those whose voxels are less than twice as long as the shortest, so that an
    anisotropic volume becomes isotropic first."""
    shortest = min(scale_nm.values())
    return tuple(axis for axis, size in scale_nm.items() if size < 2 * shortest)


def with_levels(attributes: Document, levels: Sequence[tuple[str, Sequence[int]]]) -> dict[str, Any]:
    """The attributes of an image (NGFF 0.4 or 0.5), its first multiscale with coarser levels behind those it has.

    Args:
        levels: for each its path, and by how many voxels of the level before one of its own is made, in stored axis
            order. Its voxel 0 lies in the middle of those of the level before.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(attributes))
    body = changed["ome"] if isinstance(changed.get("ome"), dict) else changed
    datasets = body["multiscales"][0]["datasets"]
    for path, factors in levels:
        before = _transform(datasets[-1]["coordinateTransformations"], len(factors))
        scale = [size * factor for size, factor in zip(before.scale, factors, strict=True)]
        translation = [
            place + (factor - 1) / 2 * size
            for place, size, factor in zip(before.translation, before.scale, factors, strict=True)
        ]
        datasets.append(
            {
                "path": path,
                "coordinateTransformations": [
                    {"type": "scale", "scale": scale},
                    {"type": "translation", "translation": translation},
                ],
            }
        )
    return changed


def overlaid_documents(
    documents: Mapping[str, Document], group: str, attributes: Document, arrays: Mapping[str, Document]
) -> dict[str, dict[str, Any]]:
    """Those metadata documents that have to say something else, by path, where the group at ``group`` has other
    attributes and further arrays: its own, and whatever repeats them (consolidated metadata, there and above).

    Args:
        documents: by path, the documents of the group and of the groups above it, as far as there are any.
        arrays: the metadata of the new arrays, by their path below the group.
    """
    changed: dict[str, dict[str, Any]] = {}
    for path, document in documents.items():
        folder, _, name = path.rpartition("/")
        inside = group[len(folder) :].lstrip("/") if folder else group
        if name == "zarr.json":
            new = _overlaid_v3(document, inside, attributes, arrays)
        elif name == ".zmetadata":
            new = _overlaid_v2(document, inside, attributes, arrays)
        else:
            new = dict(attributes) if name == ".zattrs" and not inside else dict(document)
        if new != document:
            changed[path] = new
    return changed


def _overlaid_v3(
    document: Document, inside: str, attributes: Document, arrays: Mapping[str, Document]
) -> dict[str, Any]:
    new: dict[str, Any] = copy.deepcopy(dict(document))
    if not inside:
        new["attributes"] = dict(attributes)
    consolidated = new.get("consolidated_metadata")
    nodes = consolidated.get("metadata") if isinstance(consolidated, dict) else None
    if isinstance(nodes, dict) and (not inside or inside in nodes):
        if inside:
            nodes[inside] = {**nodes[inside], "attributes": dict(attributes)}
        nodes.update({_below(inside, path): dict(array) for path, array in arrays.items()})
    return new


def _overlaid_v2(
    document: Document, inside: str, attributes: Document, arrays: Mapping[str, Document]
) -> dict[str, Any]:
    new: dict[str, Any] = copy.deepcopy(dict(document))
    nodes = new.get("metadata")
    if isinstance(nodes, dict) and _below(inside, ".zgroup") in nodes:
        nodes[_below(inside, ".zattrs")] = dict(attributes)
        nodes.update({_below(inside, f"{path}/.zarray"): dict(array) for path, array in arrays.items()})
    return new


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _transform(transforms: Any, axis_count: int) -> ScaleTranslation:
    scale, translation = (1.0,) * axis_count, (0.0,) * axis_count
    for transform in transforms:
        if transform["type"] == "scale":
            scale = tuple(map(float, transform["scale"]))
        elif transform["type"] == "translation":
            translation = tuple(map(float, transform["translation"]))
    return ScaleTranslation(scale, translation)
