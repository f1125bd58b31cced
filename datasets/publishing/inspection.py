"""Inspection: what lies at an address, and whether it could be published. Reads metadata only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from datasets.publishing.contents import images_below
from datasets.storage import objects
from datasets.storage.arrays import StoredArray, read_array
from datasets.storage.errors import ObjectAbsent, StorageError
from datasets.storage.hierarchies import METADATA_DOCUMENTS, ZarrGroup, metadata_digest, read_group
from datasets.storage.keys import InvalidKey, canonical_key, join_key
from datasets.storage.roots import Root, locate
from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.channels import Channel, parse_channels
from datasets.volumes.conformance import (
    check_axes_viewable,
    check_channels,
    check_group,
    check_image,
    check_levels,
    check_viewable,
)
from datasets.volumes.errors import CisternaError
from datasets.volumes.groups import GroupKind, describe_group
from datasets.volumes.lengths import LengthUnitUnknown
from datasets.volumes.levels import describe_level
from datasets.volumes.multiscales import Level, Multiscale, NgffVersionUnsupported, parse_multiscales
from datasets.volumes.problems import Problem, Scope, errors_of

MAX_LEVELS: Final = 64
"""An image of more levels is refused: inspection takes a bounded number of requests, whatever the metadata say."""


@dataclass(frozen=True)
class InspectedLevel:
    """One resolution level: its metadata and its array."""

    level: Level
    facts: ArrayFacts

    def to_json(self) -> dict[str, Any]:
        """Raises LengthUnitUnknown where sizes in nm cannot be told."""
        return describe_level(self.level, self.facts)


@dataclass(frozen=True)
class Inspection:
    """What was found at an address.

    ``kind`` says what it is, ``version`` the OME-Zarr version as written; ``images`` are the keys of images below it.
    ``conformant`` says that an image follows its version, ``None`` that this was not judged: there is no image, or one
    of another version than 0.4 and 0.5. ``publishable`` says that the portal could publish and show it,
    ``downloadable`` that it could publish it for download.
    """

    address: str
    problems: tuple[Problem, ...]
    root: Root | None = None
    key: str = ""
    kind: GroupKind | None = None
    version: object = None
    zarr_format: int | None = None
    multiscale: Multiscale | None = None
    levels: tuple[InspectedLevel, ...] = ()
    channels: tuple[Channel, ...] = ()
    metadata_digest: str = ""
    images: tuple[str, ...] = ()

    @property
    def conformant(self) -> bool | None:
        if self.kind != GroupKind.IMAGE or any(problem.id == NgffVersionUnsupported.slug for problem in self.problems):
            return None
        return not errors_of(self.problems, "conformance")

    @property
    def downloadable(self) -> bool:
        return self.kind == GroupKind.IMAGE and not errors_of(self.problems, "conformance", "publishing")

    @property
    def publishable(self) -> bool:
        return self.downloadable and not errors_of(self.problems)

    @property
    def dtype(self) -> str:
        return self.levels[0].facts.dtype

    def to_json(self) -> dict[str, Any]:
        """The inspection as plain data: shapes in stored axis order, lengths in nm by axis name, sizes in bytes."""
        data: dict[str, Any] = {
            "address": self.address,
            "kind": self.kind,
            "publishable": self.publishable,
            "downloadable": self.downloadable,
            "conformant": self.conformant,
            "problems": [problem.to_json() for problem in self.problems],
        }
        if self.root is not None:
            data["images"] = [f"{self.root.name}:{key}" for key in self.images]
        if self.version is not None:
            data["ngff_version"] = self.version
        if self.multiscale is not None:
            data |= {
                "axes": list(self.multiscale.axes.names),
                "axis_types": [axis.type for axis in self.multiscale.axes],
                "axis_units": [axis.unit for axis in self.multiscale.axes],
                "channels": [channel.to_json() for channel in self.channels],
            }
        if self.levels and not any(problem.id == LengthUnitUnknown.slug for problem in self.problems):
            data |= {
                "zarr_format": self.zarr_format,
                "dtype": self.dtype,
                "voxel_size_nm": self.levels[0].level.scale_nm,
                "size_bytes": sum(level.facts.size_bytes for level in self.levels),
                "chunks": sum(_chunk_count(level.facts) for level in self.levels),
                "levels": [level.to_json() for level in self.levels],
            }
        return data


def inspect(address: str, *, base: Path | None = None) -> Inspection:
    """Inspect what is at ``address``, and name the images below it.

    Whatever is wrong becomes a problem of the result; nothing is raised.
    """
    try:
        root, key = locate(address, base=base)
        objects.check(root, key)
        group = read_group(root, key)
        return replace(_inspect_group(root, key, group, address), images=tuple(images_below(root, key, group)))
    except CisternaError as error:
        return Inspection(address=address, problems=(_as_problem(error, "publishing"),))


def inspect_key(root: Root, key: str) -> Inspection:
    """Inspect the image at ``key`` of ``root`` alone; see :func:`inspect`."""
    address = root.url_of(key)
    try:
        objects.check(root, key)
        return _inspect_group(root, key, read_group(root, key), address)
    except CisternaError as error:
        return Inspection(address=address, problems=(_as_problem(error, "publishing"),), root=root, key=key)


def _inspect_group(root: Root, key: str, group: ZarrGroup, address: str) -> Inspection:
    description = describe_group(group.attributes)
    seen = Inspection(
        address=address,
        problems=(),
        root=root,
        key=key,
        kind=description.kind,
        version=description.version,
        zarr_format=group.zarr_format,
    )
    if description.kind != GroupKind.IMAGE:
        return replace(seen, problems=tuple(check_group(description, group.attributes)))
    problems = check_image(group.attributes)
    if errors_of(problems):
        return replace(seen, problems=tuple(problems))
    multiscale, *others = parse_multiscales(group.attributes)
    problems += _check_document(group, others)
    if len(multiscale.levels) > MAX_LEVELS:
        problems.append(_too_many(multiscale))
        return replace(seen, problems=tuple(problems), multiscale=multiscale)
    arrays, trouble = _read_arrays(root, key, multiscale, group)
    problems += trouble.values()
    problems += [
        problem
        for problem in _check_arrays(root, key, multiscale, group, arrays)
        if not (problem.id == "level-missing" and problem.where in trouble)  # it is there, and something else is wrong
    ]
    channels = parse_channels(group.attributes)
    levels = tuple(
        InspectedLevel(level, arrays[level.path].facts) for level in multiscale.levels if level.path in arrays
    )
    if levels:
        problems += check_channels(multiscale, channels, levels[0].facts)
    problems += _check_units(multiscale)
    problems += check_axes_viewable(multiscale.axes)
    problems += [problem for level in levels for problem in check_viewable(level.facts, level.level.path)]
    return replace(
        seen,
        problems=tuple(problems),
        multiscale=multiscale,
        levels=levels,
        channels=channels,
        metadata_digest=metadata_digest(group.digest, {path: array.digest for path, array in arrays.items()}),
    )


def _check_document(group: ZarrGroup, others: list[Multiscale]) -> Iterator[Problem]:
    if others:
        message = f"There are {len(others) + 1} images in one group; the first is used"
        fix = "Write each image as a group of its own"
        yield Problem("several-multiscales", "warning", "/multiscales", message, fix, "publishing")
    if not group.has_document:
        message = "There is a .zattrs but no .zgroup, without which most readers do not open the group"
        yield Problem("zgroup-missing", "error", "/", message, 'Write .zgroup: {"zarr_format": 2}', "publishing")


def _too_many(multiscale: Multiscale) -> Problem:
    message = f"The image has {len(multiscale.levels)} levels; more than {MAX_LEVELS} are not read"
    return Problem("levels-too-many", "error", "/multiscales/0/datasets", message, "List fewer levels", "publishing")


def _read_arrays(
    root: Root, key: str, multiscale: Multiscale, group: ZarrGroup
) -> tuple[dict[str, StoredArray], dict[str, Problem]]:
    """The arrays that could be read, and what kept the others from it, by path; those that are absent in neither."""
    arrays, trouble = {}, {}
    for level in multiscale.levels:
        try:
            canonical_key(quote(level.path).encode())
            arrays[level.path] = read_array(root, join_key(key, level.path), zarr_format=group.zarr_format)
        except ObjectAbsent:
            continue  # check_levels names it
        except (StorageError, InvalidKey) as error:
            trouble[level.path] = _as_problem(error, "conformance")
    return arrays, trouble


def _check_arrays(
    root: Root, key: str, multiscale: Multiscale, group: ZarrGroup, arrays: dict[str, StoredArray]
) -> Iterator[Problem]:
    found = check_levels(multiscale, {path: array.facts for path, array in arrays.items()})
    if all(problem.id == "level-missing" for problem in found) and not arrays and _stands_alone(root, key):
        # A recorded or planned document: it can be judged as one, but there is nothing to publish.
        message = "The metadata stand alone: there is no array of any level"
        yield Problem("arrays-absent", "error", "/", message, "Write the arrays beside them", "publishing")
    else:
        yield from found
    for path, array in arrays.items():
        node = (group.consolidated or {}).get(path)
        if group.consolidated is not None and (node is None or not _same_array(node.array, array)):
            message = "The consolidated metadata of the group say otherwise; zarr-python reads those first"
            fix = "Consolidate the metadata again, or remove them (.zmetadata; consolidated_metadata in zarr.json)"
            yield Problem("consolidated-metadata-differ", "warning", path, message, fix, "publishing")


def _stands_alone(root: Root, key: str) -> bool:
    """Whether nothing but metadata documents lies in the folder."""
    try:
        return not set(objects.list_folder(root, key, limit=len(METADATA_DOCUMENTS) + 1)) - METADATA_DOCUMENTS
    except StorageError:
        return False


def _same_array(consolidated: Any, array: StoredArray) -> bool:
    """Whether two array documents agree in all that says where its values are; attributes may differ."""
    keys = (
        ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "codecs", "fill_value")
        if array.facts.zarr_format == 3
        else ("shape", "dtype", "chunks", "compressor", "filters", "fill_value", "order", "dimension_separator")
    )
    return isinstance(consolidated, dict) and all(consolidated.get(key) == array.document.get(key) for key in keys)


def _check_units(multiscale: Multiscale) -> Iterator[Problem]:
    try:
        _ = multiscale.axes.nm_per_unit
    except LengthUnitUnknown as error:
        yield _as_problem(error, "publishing")


def _chunk_count(facts: ArrayFacts) -> int:
    return math.prod(-(-size // chunk) for size, chunk in zip(facts.shape, facts.chunk_shape, strict=True))


def _as_problem(error: CisternaError, scope: Scope) -> Problem:
    return Problem(error.slug, "error", error.where, error.what, error.fix, scope)
