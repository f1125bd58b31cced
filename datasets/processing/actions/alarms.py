"""What audits find: alarms raised, and settled when all is well again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Max, Q
from django.utils import timezone

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.models import DatasetVersion, State
from datasets.processing.actions.jobs import enqueue_for
from datasets.processing.models import Alarm, Job
from datasets.processing.recipes import AUDIT


@dataclass(frozen=True)
class Found:
    """An object that was read again; ``kind`` is what is wrong with it, nothing where it is what it was."""

    key: str
    kind: str


def record_audit(version: DatasetVersion, found: Sequence[Found]) -> None:
    """Raise what is new, settle what is well again. In the caller's transaction."""
    opened = {alarm.key: alarm for alarm in Alarm.objects.filter(version=version, settled_at=None)}
    for it in found:
        alarm = opened.get(it.key)
        if it.kind and alarm is None:
            Alarm.objects.create(version=version, key=it.key, kind=it.kind)
            record_event(by=None, action="alarm.raise", subject=str(version), after={"key": it.key, "kind": it.kind})
        elif alarm is not None and not it.kind:
            alarm.settled_at = timezone.now()
            alarm.save(update_fields=["settled_at"])
            record_event(by=None, action="alarm.settle", subject=str(version), after={"key": it.key})
        elif alarm is not None and alarm.kind != it.kind:
            alarm.kind = it.kind
            alarm.save(update_fields=["kind"])


def enqueue_due_audit(*, each: timedelta) -> Job | None:
    """Ask for the audit of the published version with digests that was audited longest ago, if that is too long."""
    last = Max("jobs__created_at", filter=Q(jobs__recipe=AUDIT.name))
    versions = DatasetVersion.objects.filter(state=State.PUBLISHED).exclude(manifest_digest="").annotate(last=last)
    due = versions.filter(Q(last=None) | Q(last__lt=timezone.now() - each)).order_by(F("last").asc(nulls_first=True))
    version = due.select_related("dataset").defer("record", "kept").first()
    return enqueue_for(version, recipe=AUDIT, parameters={}, by=None)[0] if version is not None else None
