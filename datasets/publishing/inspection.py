"""Inspection: what lies at an address, and whether it could be published. Reads metadata only."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasets.storage.arrays import GroupFacts, StoredArray, read_array, read_group
from datasets.storage.errors import ObjectAbsent, StorageError
from datasets.storage.keys import InvalidKey, canonical_key, join_key
from datasets.storage.roots import Root, locate
from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.channels import Channel, parse_channels
from datasets.volumes.conformance import check_image, check_levels, check_viewable
from datasets.volumes.errors import CisternaError
from datasets.volumes.multiscales import Level, Multiscale, parse_multiscales
from datasets.volumes.problems import Problem, errors_of


@dataclass(frozen=True)
class InspectedLevel:
    """One resolution level: its metadata and its array."""

    level: Level
    facts: ArrayFacts

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.level.path,
            "shape": list(self.facts.shape),
            "chunk_shape": list(self.facts.chunk_shape),
            "shard_shape": list(self.facts.shard_shape) if self.facts.shard_shape else None,
            "scale": list(self.level.scale),
            "translation": list(self.level.translation),
            "scale_nm": self.level.scale_nm,
            "translation_nm": self.level.translation_nm,
            "codecs": list(self.facts.codecs),
            "size_bytes": self.facts.size_bytes,
        }


@dataclass(frozen=True)
class Inspection:
    """What was found at an address.

    ``conformant`` says that the data follow their NGFF version; ``publishable`` that the portal could show them, too.
    """

    address: str
    problems: tuple[Problem, ...]
    viewer_problems: tuple[Problem, ...] = ()
    root: Root | None = None
    key: str = ""
    zarr_format: int | None = None
    multiscale: Multiscale | None = None
    levels: tuple[InspectedLevel, ...] = ()
    channels: tuple[Channel, ...] = ()
    metadata_digest: str = ""

    @property
    def conformant(self) -> bool:
        return self.multiscale is not None and not errors_of(list(self.problems))

    @property
    def publishable(self) -> bool:
        return self.conformant and not errors_of(list(self.viewer_problems))

    @property
    def dtype(self) -> str:
        return self.levels[0].facts.dtype

    def to_json(self) -> dict[str, Any]:
        """The inspection as plain data: shapes in stored axis order, lengths in nm by axis name, sizes in bytes."""
        data: dict[str, Any] = {
            "address": self.address,
            "publishable": self.publishable,
            "conformant": self.conformant,
            "problems": [problem.to_json() for problem in (*self.problems, *self.viewer_problems)],
        }
        if self.multiscale is not None:
            data |= {
                "ngff_version": self.multiscale.version,
                "axes": list(self.multiscale.axes.names),
                "axis_types": [axis.type for axis in self.multiscale.axes],
                "axis_units": [axis.unit for axis in self.multiscale.axes],
                "channels": [channel.to_json() for channel in self.channels],
            }
        if self.levels:
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
    """Inspect the image at ``address``. Whatever is wrong becomes a problem of the result; nothing is raised."""
    try:
        root, key = locate(address, base=base)
        return inspect_key(root, key, address=address)
    except CisternaError as error:
        return Inspection(address=address, problems=(_as_problem(error),))


def inspect_key(root: Root, key: str, *, address: str = "") -> Inspection:
    """Inspect the image at ``key`` of ``root``; see :func:`inspect`."""
    address = address or root.url_of(key)
    try:
        group = read_group(root, key)
    except CisternaError as error:
        return Inspection(address=address, problems=(_as_problem(error),), root=root, key=key)
    problems = check_image(group.attributes)
    try:
        multiscale, *others = parse_multiscales(group.attributes)
    except CisternaError as error:
        problems = problems if errors_of(problems) else [*problems, _as_problem(error)]
        return Inspection(address=address, problems=tuple(problems), root=root, key=key, zarr_format=group.zarr_format)
    if others:
        problems.append(
            Problem(
                "several-multiscales",
                "warning",
                "/multiscales",
                f"There are {len(others) + 1} images in one group; the first is used",
                "Write each image as a group of its own",
            )
        )
    arrays, trouble = _read_arrays(root, key, multiscale, group)
    problems += trouble
    problems += check_levels(multiscale, {path: array.facts for path, array in arrays.items()})
    levels = tuple(
        InspectedLevel(level, arrays[level.path].facts) for level in multiscale.levels if level.path in arrays
    )
    return Inspection(
        address=address,
        problems=tuple(problems),
        viewer_problems=tuple(problem for level in levels for problem in check_viewable(level.facts, level.level.path)),
        root=root,
        key=key,
        zarr_format=group.zarr_format,
        multiscale=multiscale,
        levels=levels,
        channels=parse_channels(group.attributes),
        metadata_digest=_digest(group, arrays),
    )


def _read_arrays(
    root: Root, key: str, multiscale: Multiscale, group: GroupFacts
) -> tuple[dict[str, StoredArray], list[Problem]]:
    arrays, problems = {}, []
    for level in multiscale.levels:
        try:
            canonical_key(quote(level.path).encode())
            arrays[level.path] = read_array(root, join_key(key, level.path), zarr_format=group.zarr_format)
        except ObjectAbsent:
            continue  # check_levels names it
        except (StorageError, InvalidKey) as error:
            problems.append(_as_problem(error))
    return arrays, problems


def _digest(group: GroupFacts, arrays: dict[str, StoredArray]) -> str:
    """SHA-256 over the digests of every metadata document that was read, each with its place."""
    lines = [f"{group.digest}  .", *(f"{array.digest}  {path}" for path, array in sorted(arrays.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _chunk_count(facts: ArrayFacts) -> int:
    return math.prod(-(-size // chunk) for size, chunk in zip(facts.shape, facts.chunk_shape, strict=True))


def _as_problem(error: CisternaError) -> Problem:
    return Problem(id=error.slug, severity="error", where=error.where, message=error.what, fix=error.fix)


def describe(inspection: Inspection) -> Iterator[str]:
    """The inspection as lines for a terminal."""
    yield inspection.address
    if inspection.multiscale and inspection.levels:
        axes = "".join(inspection.multiscale.axes.names)
        yield (
            f"  OME-Zarr {inspection.multiscale.version} (Zarr v{inspection.zarr_format}), axes {axes}, "
            f"{inspection.dtype}, {sum(level.facts.size_bytes for level in inspection.levels) / 1e6:.1f} MB unpacked"
        )
        for level in inspection.levels:
            facts = level.facts
            voxel = " × ".join(f"{size:g}" for size in level.level.scale_nm.values())
            shard = f" in shards of {_sizes(facts.shard_shape)}" if facts.shard_shape else ""
            yield (
                f"  level {level.level.path}: {_sizes(facts.shape)} voxels of {voxel} nm, "
                f"chunks {_sizes(facts.chunk_shape)}{shard}, {'+'.join(facts.codecs) or 'uncompressed'}"
            )
    for problem in sorted((*inspection.problems, *inspection.viewer_problems), key=lambda p: p.severity):
        yield f"  {problem.severity}: {problem.id} at {problem.where}: {problem.message}. {problem.fix}"
    yield "  can be published" if inspection.publishable else "  cannot be published"


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(str(size) for size in shape)
