"""Mounting arrays that were made beside given data, or in their place: what repeats the image's metadata says so, too,
and the given data are as they were."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import DatasetVersion, Mount, Volume
from datasets.catalogue.queries.places import place_of_key, place_of_level
from datasets.processing.pyramid_plans import LevelPlan, PyramidPlan
from datasets.processing.rechunk_plans import RechunkedLevel, RechunkPlan
from datasets.storage.arrays import read_array, read_document
from datasets.storage.derived_arrays import document_bytes, write_document
from datasets.storage.hierarchies import metadata_digest
from datasets.storage.keys import join_key
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.errors import CisternaError
from datasets.volumes.levels import describe_level
from datasets.volumes.multiscales import parse_multiscales
from datasets.volumes.overlays import overlaid_documents, with_levels

DOCUMENTS = ("zarr.json", ".zattrs", ".zmetadata")


class DraftMoved(CisternaError):
    """The draft was changed, or published, while something was made for it."""

    slug = "draft-moved"
    status = 409
    title = "The draft is not what it was"
    retry_after_s = 5


@dataclass(frozen=True)
class Overlay:
    """What is to be mounted: objects of the portal's own root by their paths in the version, and what the catalogue
    then says of each volume."""

    version: DatasetVersion
    arrays: Mapping[str, str]
    """Path → key of each new array."""
    documents: Mapping[str, tuple[str, str]]
    """Path → key and SHA-256 of each document that takes the place of a given one."""
    volumes: Mapping[str, tuple[str, dict[str, Any]]]
    """Path → the metadata digest the volume must still have, and its new values."""


def write_overlay(version: DatasetVersion, plan: PyramidPlan, prefix: str) -> Overlay:
    """Write the documents that the levels of ``plan``, made below ``prefix``, need beside them.

    Raises:
        StorageError: metadata cannot be read or written.
    """
    documents: dict[str, dict[str, Any]] = {}
    volumes = {}
    for volume in version.volumes.all():
        if levels := plan.of(volume.path):
            changed, values = _with_levels(version, volume, levels, prefix, documents)
            documents |= changed
            volumes[volume.path] = (plan.sources[volume.path], values)
    return _overlay(version, plan, prefix, documents, volumes)


def write_rechunked(version: DatasetVersion, plan: RechunkPlan, prefix: str) -> Overlay:
    """Write the documents that the arrays of ``plan``, written anew below ``prefix``, need beside them.

    Raises:
        StorageError: metadata cannot be read or written.
    """
    documents: dict[str, dict[str, Any]] = {}
    volumes = {}
    for volume in version.volumes.all():
        if levels := plan.of(volume.path):
            changed, values = _with_arrays(version, volume, levels, prefix, documents)
            documents |= changed
            volumes[volume.path] = (plan.sources[volume.path], values)
    return _overlay(version, plan, prefix, documents, volumes)


def _overlay(
    version: DatasetVersion,
    plan: PyramidPlan | RechunkPlan,
    prefix: str,
    documents: Mapping[str, dict[str, Any]],
    volumes: Mapping[str, tuple[str, dict[str, Any]]],
) -> Overlay:
    own = get_root(OWN_ROOT)
    written = {}
    for path, document in documents.items():
        key = join_key(prefix, path)
        written[path] = (key, write_document(own, key, document))
    arrays = {level.key: join_key(prefix, level.key) for level in plan.levels}
    return Overlay(version, arrays, written, volumes)


def _with_arrays(
    version: DatasetVersion,
    volume: Volume,
    levels: list[RechunkedLevel],
    prefix: str,
    others: Mapping[str, dict[str, Any]],
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The same where some levels are written anew: documents change only where they repeat the arrays' metadata."""
    given = {path: others.get(path, document) for path, document in _documents(version, volume.path)}
    own_path = join_key(volume.path, "zarr.json" if volume.zarr_format == 3 else ".zattrs")
    attributes = given[own_path].get("attributes", {}) if volume.zarr_format == 3 else given[own_path]
    found = overlaid_documents(given, volume.path, attributes, {level.path: level.document for level in levels})
    own = get_root(OWN_ROOT)
    new = {level.path: read_array(own, join_key(prefix, level.key), zarr_format=volume.zarr_format) for level in levels}
    described, digests = [], {}
    for level in volume.levels:
        if array := new.get(level["path"]):
            shard = array.facts.shard_shape
            sizes = {"chunk_shape": list(array.facts.chunk_shape), "shard_shape": list(shard) if shard else None}
            described.append({**level, **sizes, "codecs": list(array.facts.codecs)})
        else:
            described.append(level)
            array = read_array(*place_of_level(version, volume, level), zarr_format=volume.zarr_format)
        digests[level["path"]] = array.digest
    if own_path in found:
        group = hashlib.sha256(document_bytes(found[own_path])).hexdigest()
    else:
        place = place_of_key(version, own_path)
        document = read_document(*place) if place else None
        assert document is not None, "it was read a moment ago"
        group = document[1]
    return found, {"levels": described, "metadata_digest": metadata_digest(group, digests)}


def _with_levels(
    version: DatasetVersion,
    volume: Volume,
    levels: list[LevelPlan],
    prefix: str,
    others: Mapping[str, dict[str, Any]],
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The documents that change, and what the catalogue says of the volume with its new levels.

    Args:
        others: documents that change for other volumes, too.
    """
    given = {path: others.get(path, document) for path, document in _documents(version, volume.path)}
    own_path = join_key(volume.path, "zarr.json" if volume.zarr_format == 3 else ".zattrs")
    attributes = given[own_path].get("attributes", {}) if volume.zarr_format == 3 else given[own_path]
    changed = with_levels(attributes, [(level.path, level.factors) for level in levels])
    found = overlaid_documents(given, volume.path, changed, {level.path: level.document for level in levels})
    own = get_root(OWN_ROOT)
    new = {level.path: read_array(own, join_key(prefix, level.key), zarr_format=volume.zarr_format) for level in levels}
    parsed = {level.path: level for level in parse_multiscales(changed)[0].levels}
    digests = {path: array.digest for path, array in new.items()}
    for level in volume.levels:
        digests[level["path"]] = read_array(
            *place_of_level(version, volume, level), zarr_format=volume.zarr_format
        ).digest
    described = [describe_level(parsed[path], array.facts) for path, array in new.items()]
    group = hashlib.sha256(document_bytes(found[own_path])).hexdigest()
    return found, {
        "levels": [*volume.levels, *described],
        "metadata_digest": metadata_digest(group, digests),
    }


def _documents(version: DatasetVersion, group: str) -> list[tuple[str, dict[str, Any]]]:
    """The metadata documents of a group and of those above it, as the version has them."""
    parts = group.split("/") if group else []
    found = []
    for depth in range(len(parts) + 1):
        for name in DOCUMENTS:
            path = join_key("/".join(parts[:depth]), name)
            place = place_of_key(version, path)
            document = read_document(*place) if place else None
            if document is not None:
                found.append((path, document[0]))
    return found


def mount_overlay(overlay: Overlay, *, revision: str, by: AbstractBaseUser | None) -> None:
    """Make it a part of the draft. In the caller's transaction.

    Raises:
        DraftMoved: a volume is not what it was, or the draft was published or deleted.
    """
    version = DatasetVersion.objects.select_for_update(of=("self",)).filter(pk=overlay.version.pk, number=None).first()
    if version is None:
        raise DraftMoved("It was published or deleted meanwhile", where=str(overlay.version))
    for path, (expected, values) in overlay.volumes.items():
        updated = Volume.objects.filter(version=version, path=path, metadata_digest=expected).update(**values)
        if not updated:
            raise DraftMoved("The volume was changed meanwhile", where=path, fix="It is made anew from what is there")
    for path, key in overlay.arrays.items():
        Mount.objects.update_or_create(
            version=version, path=path, defaults={"root": OWN_ROOT, "key": key, "revision": revision}
        )
    for path, (key, digest) in overlay.documents.items():
        Mount.objects.update_or_create(
            version=version,
            path=path,
            single=True,
            defaults={"root": OWN_ROOT, "key": key, "revision": digest},
        )
    bump_revision()
    record_event(
        by=by,
        action="draft.levels",
        subject=str(version),
        after={"levels": sorted(overlay.arrays), "revision": revision},
    )
