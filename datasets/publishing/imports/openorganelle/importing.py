"""Import what OpenOrganelle publishes of its datasets, all of it or nothing."""

from __future__ import annotations

import re
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.versions import copy_tables
from datasets.catalogue.models import Contribution, Crop, CropCoverage, DatasetVersion, OrganelleClass, Visibility
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.publishing.imports.openorganelle.export import keep_the_rest
from datasets.publishing.imports.openorganelle.forms import Described, read_forms
from datasets.publishing.imports.openorganelle.rows import write_rows
from datasets.publishing.imports.report import DatasetReport, Fate, tell_fields
from datasets.publishing.imports.terms import Classes
from datasets.publishing.imports.writing import write_whole

NOTE = "Imported anew from OpenOrganelle's metadata"


def import_openorganelle(
    path: Path, *, visibility: Visibility, dry_run: bool = False, by: AbstractBaseUser | None
) -> list[DatasetReport]:
    """Import every dataset below ``path``, in one transaction; the same again changes nothing.

    Args:
        visibility: of datasets that are new here.
        dry_run: do it all, and take it back.

    Raises:
        ImportInvalid: a file is not what it should be; nothing was imported.
    """
    forms = read_forms(path)
    for described in forms:
        if not re.fullmatch(DATASET_NAME, described.name):
            raise described.metadata.refuse(f"{described.name!r} cannot be the name of a dataset here", "id")
    with transaction.atomic():
        classes = Classes(OrganelleClass.objects.all())
        reports = [_import_one(described, classes, visibility, by) for described in forms]
        transaction.set_rollback(dry_run)
    return reports


def _import_one(
    described: Described, classes: Classes, visibility: Visibility, by: AbstractBaseUser | None
) -> DatasetReport:
    report = DatasetReport(described.name)
    if described.disagreement:
        report.refuse(described.disagreement)
        return report

    def write(draft: DatasetVersion) -> None:
        write_rows(draft, described, report, classes)
        kept = keep_the_rest(draft, described.as_data())
        tell_fields(described.as_data(), kept, report)

    def carry(newest: DatasetVersion, draft: DatasetVersion) -> None:
        # Of these the source does not speak.
        copy_tables(newest, draft, (Contribution, Crop, CropCoverage))
        draft.licence, draft.keywords = newest.licence, newest.keywords
        draft.save(update_fields=["licence", "keywords"])
        for where, said in (("licence", newest.licence), ("keywords", ", ".join(newest.keywords))):
            if said:
                report.tell(where, Fate.KEPT, f"{said}, as {newest} says; the source does not speak of it")

    write_whole(described.name, write, carry, report, note=NOTE, visibility=visibility, by=by)
    return report
