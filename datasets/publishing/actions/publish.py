"""Publish a dataset: inspect its data, register what is said about them, freeze version 1."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import Dataset, DatasetVersion, State
from datasets.catalogue.records import build_record, write_canonical
from datasets.publishing.actions.registration import register_content
from datasets.publishing.inspection import Inspection, inspect_key
from datasets.publishing.pictures import render_pictures
from datasets.storage import objects
from datasets.storage.arrays import open_array
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import join_key
from datasets.storage.roots import Root, locate
from datasets.volumes.contrast import contrast_window
from datasets.volumes.errors import CisternaError
from datasets.volumes.problems import Problem, Scope, errors_of

logger = logging.getLogger("cisterna.publishing")

GROUP_DOCUMENTS = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")


class DataNotPublishable(CisternaError):
    """Inspection found errors in the data; ``problems`` lists them."""

    slug = "data-not-publishable"
    status = 422
    title = "The data cannot be published as they are"

    def __init__(self, problems: list[tuple[str, Problem]]) -> None:
        lines = [f"{path}: {p.id} at {p.where}: {p.message}. {p.fix}" for path, p in problems]
        super().__init__("; ".join(lines), fix="Mend the data, or leave the volume out of the specification")
        self.problems = problems

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"problems": [{"volume": path} | p.to_json() for path, p in self.problems]}


class DatasetExists(CisternaError):
    """A dataset of this name says something else."""

    slug = "dataset-exists"
    status = 409
    title = "A dataset of this name exists already"


@dataclass(frozen=True)
class Published:
    """The version, and whether this call made it."""

    version: DatasetVersion
    created: bool


def publish(*, specification: Mapping[str, Any], base: Path, by: AbstractBaseUser | None) -> Published:
    """Register the dataset of a checked specification and freeze its version 1, all or nothing.

    Args:
        specification: from :func:`~datasets.publishing.specification.read_specification`.
        base: the folder relative addresses start from.
        by: who publishes; ``None`` is the operator's command line.

    Returns:
        The published version; ``created`` is false when the same content is published already.

    Raises:
        OutsideRoots, DataNotPublishable, DatasetExists, StorageError.
    """
    root, prefix = locate(specification["data"], base=base)
    inspections = _inspect_volumes(root, prefix, specification)
    contrasts = _contrasts(specification, inspections)
    documents = _group_documents(root, prefix, specification)
    with transaction.atomic():
        published = _register_and_freeze(specification, root, prefix, inspections, contrasts, documents)
        if not published.created:
            transaction.set_rollback(True)  # nothing of the comparison stays
    logger.info("%s %s", published.version, "published" if published.created else "unchanged")
    try:
        render_pictures(published.version)
    except CisternaError as error:
        # Pictures are derived: without them the pages are poorer, not wrong. Publishing again makes them.
        logger.warning("no pictures of %s: %s", published.version, error)
    return published


def _register_and_freeze(
    specification: Mapping[str, Any],
    root: Root,
    prefix: str,
    inspections: Mapping[str, Inspection],
    contrasts: Mapping[str, tuple[float, float] | None],
    documents: Mapping[str, str],
) -> Published:
    name = specification["name"]
    dataset, is_new = Dataset.objects.select_for_update().get_or_create(
        name=name,
        defaults={field: specification[field] for field in ("visibility", "contact_name", "contact_email")},
    )
    existing = None if is_new else dataset.versions.exclude(number=None).order_by("-number").first()
    if not is_new and existing is None:
        raise DatasetExists(
            f"{name} has a draft that was never published", where=name, fix="Publish the draft, or choose another name"
        )
    if existing is not None:
        # The comparison needs the content as rows of a draft. A revision's draft makes way for it, and is back
        # after the rollback that ends every path from here on.
        dataset.versions.filter(number=None).delete()
    draft = DatasetVersion.objects.create(
        dataset=dataset,
        **{field: specification[field] for field in ("title", "description", "licence", "credit", "keywords")},
    )
    register_content(draft, specification, root, prefix, inspections, contrasts, documents)
    record, digest = write_canonical(build_record(draft))
    if existing is not None:
        if existing.record_digest != digest or any(
            getattr(dataset, field) != specification[field] for field in ("visibility", "contact_name", "contact_email")
        ):
            _refuse(name)
        return Published(version=existing, created=False)
    draft.number, draft.state, draft.frozen_at = 1, State.PUBLISHED, timezone.now()
    draft.record, draft.record_digest = record, digest
    draft.save()
    bump_revision()
    return Published(version=draft, created=True)


def _refuse(name: str) -> None:
    raise DatasetExists(
        f"{name} is published with other content",
        where=name,
        fix="A published version never changes: revise the dataset to make its next version, or choose another name",
    )


def _inspect_volumes(root: Root, prefix: str, specification: Mapping[str, Any]) -> dict[str, Inspection]:
    inspections: dict[str, Inspection] = {}
    problems: list[tuple[str, Problem]] = []
    for volume in specification["volumes"]:
        path = volume["path"]
        inspection = inspect_key(root, join_key(prefix, path))
        scopes: tuple[Scope, ...] = ("conformance", "publishing") if volume["download_only"] else ()
        problems += [(path, problem) for problem in errors_of(inspection.problems, *scopes)]
        inspections[path] = inspection
    if problems:
        raise DataNotPublishable(problems)
    return inspections


def _contrasts(
    specification: Mapping[str, Any], inspections: Mapping[str, Inspection]
) -> dict[str, tuple[float, float] | None]:
    """The contrast window of each image: as given, else from percentiles of its coarsest level."""
    windows: dict[str, tuple[float, float] | None] = {}
    for volume in specification["volumes"]:
        inspection = inspections[volume["path"]]
        if volume["contrast"]:
            windows[volume["path"]] = (volume["contrast"][0], volume["contrast"][1])
        elif volume["kind"] in ("em", "light", "prediction") and inspection.root and inspection.zarr_format:
            coarsest = inspection.levels[-1].level.path
            array = open_array(inspection.root, join_key(inspection.key, coarsest), zarr_format=inspection.zarr_format)
            windows[volume["path"]] = contrast_window(array[...])
        else:
            windows[volume["path"]] = None
    return windows


def _group_documents(root: Root, prefix: str, specification: Mapping[str, Any]) -> dict[str, str]:
    """Metadata documents of the groups above the volumes, path → SHA-256: with them the whole is one hierarchy."""
    folders = {""}
    for volume in specification["volumes"]:
        parts = volume["path"].split("/")[:-1]
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    found = {}
    for folder in sorted(folders - {volume["path"] for volume in specification["volumes"]}):
        for document in GROUP_DOCUMENTS:
            path = join_key(folder, document)
            try:
                found[path] = hashlib.sha256(objects.read(root, join_key(prefix, path))).hexdigest()
            except ObjectAbsent:
                continue
    return found
