"""Mounting arrays that were made beside given data, or in their place: what repeats the image's metadata says so, too,
and the given data are as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import DatasetVersion, Mount, Volume
from datasets.catalogue.queries.places import place_of_key, place_of_level
from datasets.processing.array_plans import ArrayPlan, ArraysPlan
from datasets.storage.arrays import read_array, read_document
from datasets.storage.derived_arrays import write_document
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


def write_overlay[Array: ArrayPlan](version: DatasetVersion, plan: ArraysPlan[Array], prefix: str) -> Overlay:
    """Write the documents that the arrays of ``plan``, made below ``prefix``, need beside them.

    Raises:
        StorageError: metadata cannot be read or written.
    """
    own = get_root(OWN_ROOT)
    documents: dict[str, dict[str, Any]] = {}
    for volume in version.volumes.all():
        if arrays := plan.of(volume.path):
            documents |= _changed_documents(version, volume, arrays, documents)
    written = {}
    for path, document in documents.items():
        key = join_key(prefix, path)
        written[path] = (key, write_document(own, key, document))
    # What repeats another's metadata changes with it: an image that holds the labels, say.
    volumes = {
        volume.path: (
            plan.sources.get(volume.path, volume.metadata_digest),
            _said_of(version, volume, plan.of(volume.path), prefix, documents, written),
        )
        for volume in version.volumes.all()
        if plan.of(volume.path) or _own_document(volume) in written
    }
    return Overlay(version, {array.key: join_key(prefix, array.key) for array in plan.arrays}, written, volumes)


def _changed_documents[Array: ArrayPlan](
    version: DatasetVersion, volume: Volume, arrays: list[Array], others: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The documents that have to say something else with these arrays, by path.

    Args:
        others: documents that change for other volumes, too.
    """
    given = {path: others.get(path, document) for path, document in _documents(version, volume.path)}
    attributes = with_levels(
        _attributes(volume, given[_own_document(volume)]),
        [(array.path, array.factors) for array in arrays if array.factors],
    )
    return overlaid_documents(given, volume.path, attributes, {array.path: array.document for array in arrays})


def _said_of[Array: ArrayPlan](
    version: DatasetVersion,
    volume: Volume,
    arrays: list[Array],
    prefix: str,
    documents: Mapping[str, dict[str, Any]],
    written: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    """What the catalogue says of a volume whose documents changed."""
    own_path, own = _own_document(volume), get_root(OWN_ROOT)
    if own_path in written:
        document, group = documents[own_path], written[own_path][1]
    else:
        document, group = _read(version, own_path)
    new = {it.path: read_array(own, join_key(prefix, it.key), zarr_format=volume.zarr_format) for it in arrays}
    levels = {level["path"]: level for level in volume.levels}
    stored = {
        path: read_array(*place_of_level(version, volume, level), zarr_format=volume.zarr_format)
        for path, level in levels.items()
        if path not in new
    } | new
    for level in parse_multiscales(_attributes(volume, document))[0].levels:
        if level.path in new:
            levels[level.path] = describe_level(level, new[level.path].facts)
    return {
        "levels": list(levels.values()),
        "metadata_digest": metadata_digest(group, {path: array.digest for path, array in stored.items()}),
    }


def _own_document(volume: Volume) -> str:
    """The path of what holds a volume's attributes."""
    return join_key(volume.path, "zarr.json" if volume.zarr_format == 3 else ".zattrs")


def _attributes(volume: Volume, document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("attributes", {}) if volume.zarr_format == 3 else document
    return found


def _documents(version: DatasetVersion, group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The metadata documents of a group and of those above it, as the version has them."""
    parts = group.split("/") if group else []
    for depth in range(len(parts) + 1):
        for name in DOCUMENTS:
            path = join_key("/".join(parts[:depth]), name)
            place = place_of_key(version, path)
            document = read_document(*place) if place else None
            if document is not None:
                yield path, document[0]


def _read(version: DatasetVersion, path: str) -> tuple[dict[str, Any], str]:
    place = place_of_key(version, path)
    document = read_document(*place) if place else None
    assert document is not None, "a volume that is here has attributes"
    return document


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
