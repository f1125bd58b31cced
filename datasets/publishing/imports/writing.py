"""What an import found, as versions: a new dataset's first, another's next where it says something else."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import Dataset, DatasetVersion, Visibility
from datasets.catalogue.records import build_record, write_canonical
from datasets.publishing.imports.report import DatasetReport, Fate

type Write = Callable[[DatasetVersion, DatasetVersion | None], None]


def write_version(
    name: str, write: Write, report: DatasetReport, *, note: str, visibility: Visibility, by: AbstractBaseUser | None
) -> None:
    """Write one dataset, within a transaction of the caller's; ``report`` learns what came of it.

    Args:
        write: fills an empty draft; it is also given the newest frozen version, if there is one.
        note: the change note of a next version.
        visibility: of a dataset that is new.
    """
    dataset, is_new = Dataset.objects.select_for_update().get_or_create(name=name, defaults={"visibility": visibility})
    newest = None if is_new else dataset.versions.exclude(number=None).order_by("-number").first()
    if not is_new and (refusal := _refusal(dataset, newest)):
        report.outcome = "refused"
        report.tell("", Fate.REFUSED, refusal)
        return
    with transaction.atomic():
        draft = DatasetVersion.objects.create(dataset=dataset, title=name)
        write(draft, newest)
        draft = DatasetVersion.objects.select_related("dataset").get(pk=draft.pk)
        draft.change_note = newest.change_note if newest else ""
        _, digest = write_canonical(build_record(draft))
        if newest is not None and newest.record_digest == digest:
            transaction.set_rollback(True)
            report.outcome, report.version = "unchanged", str(newest)
            return
        if newest is not None:
            draft.change_note = note
            draft.save()
        report.version = str(freeze(draft=draft, by=by))
        report.outcome = "imported"


def _refusal(dataset: Dataset, newest: DatasetVersion | None) -> str:
    if dataset.versions.filter(number=None).exists():
        return "it has a draft: publish that or delete it first"
    if newest is not None and newest.mounts.exists():
        return "a dataset of this name is published here, with data of its own"
    return ""
