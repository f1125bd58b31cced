"""Publish a dataset: inspect its data, register what is said about them, freeze version 1."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import Dataset, DatasetVersion
from datasets.catalogue.records import write_record
from datasets.publishing.actions.derived import derive
from datasets.publishing.actions.registration import register_content
from datasets.publishing.findings import Findings, find
from datasets.volumes.errors import CisternaError
from datasets.volumes.problems import Problem

logger = logging.getLogger("cisterna.publishing")


class DatasetExists(CisternaError):
    """A dataset of this name says something else."""

    slug = "dataset-exists"
    status = 409
    title = "A dataset of this name exists already"


@dataclass(frozen=True)
class Published:
    """The version, whether this call made it, and what was warned of: (volume path, problem)."""

    version: DatasetVersion
    created: bool
    warnings: tuple[tuple[str, Problem], ...] = ()


def publish(*, specification: Mapping[str, Any], base: Path, by: AbstractBaseUser | None) -> Published:
    """Register the dataset of a checked specification and freeze its version 1, all or nothing.

    Args:
        specification: from :func:`~datasets.publishing.specification.read_specification`.
        base: the folder relative addresses start from.
        by: who publishes; ``None`` is the operator's command line.

    Returns:
        The published version; ``created`` is false when the same content is published already.

    Raises:
        OutsideRoots, DataNotPublishable, OrganelleUnknown, DatasetExists, StorageError: nothing was registered.
    """
    findings = find(specification, base=base)
    with transaction.atomic():
        published = _register_and_freeze(specification, findings, by)
        if not published.created:
            transaction.set_rollback(True)  # nothing of the comparison stays
    logger.info("%s %s", published.version, "published" if published.created else "unchanged")
    derive(published.version)
    return published


def _register_and_freeze(
    specification: Mapping[str, Any], findings: Findings, by: AbstractBaseUser | None
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
    register_content(draft, specification, findings)
    if existing is not None:
        # Visibility is not compared: it may have been changed since, by its command or in the administration.
        if existing.record_digest != write_record(draft).digest or any(
            getattr(dataset, field) != specification[field] for field in ("contact_name", "contact_email")
        ):
            _refuse(name)
        return Published(version=existing, created=False, warnings=findings.warnings)
    return Published(version=freeze(draft=draft, by=by), created=True, warnings=findings.warnings)


def _refuse(name: str) -> None:
    raise DatasetExists(
        f"{name} is published with other content",
        where=name,
        fix="A published version never changes: revise the dataset to make its next version, or choose another name",
    )
