"""What an import found, as versions: a new dataset's first, another's next where it says something else.

Each version that an import makes leaves an event in the audit log. That of a source which describes a dataset whole has
the digest of what the source alone makes of the draft: its record before anything is carried over from the version
before. So a source that says what it said last time changes nothing, also where curators have revised the dataset
since; where the portal itself has learnt to map more of it, that is a next version. What adds to a dataset, as crops
do, is compared with the newest version's record.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion, State, Visibility
from datasets.catalogue.records import write_record
from datasets.publishing.imports.report import DatasetReport, Fate

IMPORTED = "version.import"
CROPS_IMPORTED = "crops.import"

type Write = Callable[[DatasetVersion], None]
type Carry = Callable[[DatasetVersion, DatasetVersion], None]


def write_whole(
    name: str,
    write: Write,
    carry: Carry,
    report: DatasetReport,
    *,
    note: str,
    visibility: Visibility,
    by: AbstractBaseUser | None,
) -> None:
    """Write a dataset that the source describes as a whole, within a transaction of the caller's; ``report`` learns
    what came of it.

    Args:
        write: fills an empty draft.
        carry: copies from the newest version into the filled draft what the source does not speak of.
        note: the change note of a next version.
        visibility: of a dataset that is new.
    """
    dataset, newest = _open(name, visibility)
    if _refused(dataset, newest, report, may_have_data=False):
        return
    with transaction.atomic():
        draft = DatasetVersion.objects.create(dataset=dataset, title=name)
        write(draft)
        digest = _digest(draft)
        last = AuditEvent.objects.filter(action=IMPORTED, subject=name).order_by("-id").first()
        if newest is not None and last is not None and last.after["said"] == digest:
            transaction.set_rollback(True)
            report.outcome, report.number = "unchanged", newest.number
            return
        if newest is not None:
            draft = DatasetVersion.objects.get(pk=draft.pk)
            draft.change_note = note
            draft.save()
            carry(newest, draft)
            if last is not None and (revised := _revised_since(last, dataset)):
                report.tell("", Fate.KEPT, f"what was changed here since the last import is in {revised} alone")
        _freeze(draft, report, by, said=digest)


def write_next(
    name: str,
    begin: Write,
    write: Write,
    report: DatasetReport,
    *,
    note: str,
    visibility: Visibility,
    by: AbstractBaseUser | None,
) -> None:
    """Write something into a dataset's next version, which says beside it all that the newest says.

    Args:
        begin: fills the empty draft of a dataset that is new.
        write: adds to the draft.
        note: the change note of a next version.
        visibility: of a dataset that is new.
    """
    dataset, newest = _open(name, visibility)
    if _refused(dataset, newest, report, may_have_data=True):
        return
    with transaction.atomic():
        if newest is None:
            draft = DatasetVersion.objects.create(dataset=dataset, title=name)
            begin(draft)
        else:
            draft = revise(dataset=dataset, by=by)
            draft.change_note = newest.change_note
        draft.save()
        write(draft)
        if newest is not None and newest.record_digest == _digest(draft):
            transaction.set_rollback(True)
            report.outcome, report.number = "unchanged", newest.number
            return
        draft = DatasetVersion.objects.get(pk=draft.pk)
        draft.change_note = note if newest is not None else ""
        _freeze(draft, report, by)


def _open(name: str, visibility: Visibility) -> tuple[Dataset, DatasetVersion | None]:
    dataset, _ = Dataset.objects.select_for_update().get_or_create(name=name, defaults={"visibility": visibility})
    return dataset, dataset.versions.exclude(number=None).order_by("-number").first()


def _refused(dataset: Dataset, newest: DatasetVersion | None, report: DatasetReport, *, may_have_data: bool) -> bool:
    refusal = ""
    if dataset.versions.filter(number=None).exists():
        refusal = "it has a draft: publish that or delete it first"
    elif newest is not None and newest.state == State.RETIRED:
        refusal = f"{newest} is retired: an import does not bring it back"
    elif newest is not None and not may_have_data and newest.mounts.exists():
        refusal = "a dataset of this name is published here, with data of its own"
    if refusal:
        report.refuse(refusal)
    return bool(refusal)


def _digest(draft: DatasetVersion) -> str:
    fresh = DatasetVersion.objects.select_related("dataset").get(pk=draft.pk)
    return write_record(fresh).digest


def _revised_since(last: AuditEvent, dataset: Dataset) -> str:
    """The versions after that of an import which no import made, in words; empty: there are none."""
    events = AuditEvent.objects.filter(action__in=[IMPORTED, CROPS_IMPORTED], subject=dataset.name)
    made = {event.after["version"] for event in events}
    later = dataset.versions.filter(number__gt=last.after["version"]).order_by("number")
    return " and ".join(str(version) for version in later if version.number not in made)


def _freeze(draft: DatasetVersion, report: DatasetReport, by: AbstractBaseUser | None, *, said: str = "") -> None:
    version = freeze(draft=draft, by=by)
    after = {"version": version.number, "record_digest": version.record_digest} | ({"said": said} if said else {})
    record_event(by=by, action=IMPORTED if said else CROPS_IMPORTED, subject=version.dataset.name, after=after)
    report.number, report.outcome = version.number, "imported"
