"""What the pages of jobs say, as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from datasets.catalogue.presentation import format_bytes, format_duration
from datasets.processing.models import Alarm, Job, JobLine, JobState, Worker
from datasets.processing.recipes import get_recipe
from datasets.storage.roots import all_roots, free_bytes


@dataclass(frozen=True)
class JobRow:
    """A job in a list. ``percent`` is None where nobody knows how much there is to do."""

    url: str
    title: str
    subject: str
    subject_url: str
    state: str
    said: str
    """How far it is, or how it ended, in a few words."""
    percent: int | None
    at: dt.datetime
    is_live: bool


@dataclass(frozen=True)
class JobPage:
    """A job: how far it is, what it says, and what can be done about it."""

    row: JobRow
    uid: str
    asked_by: str
    created_at: dt.datetime
    attempts: int
    facts: Sequence[tuple[str, str]]
    problem: dict[str, str] | None
    lines: Sequence[JobLine]
    can_cancel: bool
    can_retry: bool


@dataclass(frozen=True)
class JobsPage:
    """All jobs that can be seen, and whether somebody does them."""

    rows: Sequence[JobRow]
    more: str
    waiting: int
    running: int
    workers: Sequence[Worker]
    all: bool
    """Whether audits that found nothing are among them: there is one of each version each day."""
    alarms: Sequence[Alarm]
    roots: Sequence[RootSpace]
    """Of the operator's page alone."""


@dataclass(frozen=True)
class RootSpace:
    """A root, and how much room there is; nothing where that is not to be known."""

    name: str
    url: str
    space: str


def root_spaces() -> list[RootSpace]:
    """All roots of this process."""
    return [RootSpace(root.name, root.url, _space(free_bytes(root))) for root in all_roots()]


def _space(room: tuple[int, int] | None) -> str:
    return f"{format_bytes(room[0])} of {format_bytes(room[1])} free" if room else ""


def job_page(job: Job, lines: Sequence[JobLine], *, may_change: bool) -> JobPage:
    """One job; ``may_change``: whoever looks may call it off, or have it tried again."""
    return JobPage(
        row=job_row(job),
        uid=job.uid,
        asked_by=job.created_by.get_username() if job.created_by else "the operator",
        created_at=job.created_at,
        attempts=job.attempts,
        facts=[*_said(job.parameters), *_said(job.outcome)],
        problem=job.problem if job.state != JobState.DONE else None,
        lines=lines,
        can_cancel=may_change and job.is_live and not job.cancel_asked,
        can_retry=may_change and job.state in (JobState.FAILED, JobState.CANCELLED),
    )


def job_row(job: Job) -> JobRow:
    return JobRow(
        url=reverse("processing:job", kwargs={"uid": job.uid}),
        title=get_recipe(job.recipe).title,
        subject=job.subject,
        subject_url=f"/datasets/{job.subject}/",
        state=job.state,
        said=how_far(job),
        percent=None if job.fraction is None or job.state != JobState.RUNNING else int(100 * job.fraction),
        at=job.ended_at or job.started_at or job.created_at,
        is_live=job.is_live,
    )


def how_far(job: Job) -> str:
    """How far a job is, or how it ended, in a few words."""
    now = timezone.now()
    if job.state == JobState.WAITING:
        if job.not_before and job.not_before > now:
            return f"Waits to be tried again, in {format_duration((job.not_before - now).total_seconds())}"
        return "Waits for a worker"
    if job.state == JobState.RUNNING:
        if job.cancel_asked:
            return "Being called off"
        parts = [job.phase or "Begins"]
        if job.total:
            parts.append(f"{_amount(job.done, job.unit)} of {_amount(job.total, job.unit)}")
        elif job.done:
            parts.append(_amount(job.done, job.unit))
        left_s = job.seconds_left(now)
        if left_s is not None and job.started_at is not None:
            rate = (job.done - job.before) / max((now - job.started_at).total_seconds(), 0.1)
            parts += [f"{_amount(round(rate), job.unit)}/s", f"{format_duration(left_s)} left"]
        return ", ".join(parts)
    took_s = (job.ended_at - job.started_at).total_seconds() if job.ended_at and job.started_at else 0
    ends = {JobState.DONE: "Done", JobState.FAILED: "Failed", JobState.CANCELLED: "Called off"}
    return f"{ends[JobState(job.state)]} after {format_duration(took_s)}" if took_s else ends[JobState(job.state)]


def _amount(count: int, unit: str) -> str:
    return format_bytes(count) if unit == "bytes" else f"{count:,} {unit}".strip().replace(",", "\u202f")


def _said(values: dict[str, object]) -> list[tuple[str, str]]:
    named = {"size_bytes": "size", "root_digest": "root digest"}
    return [
        (named.get(name, name), format_bytes(value) if name == "size_bytes" and isinstance(value, int) else str(value))
        for name, value in values.items()
    ]
