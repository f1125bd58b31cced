"""A worker's writes: claim a job, keep it, and end it. Each names the fence under which the worker holds the job.

A worker that was paused and wakes after its job was given to another finds that its fence is not the job's any more:
nothing of what it writes counts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from datasets.processing.models import Job, JobLine, JobState, Queue, Worker
from datasets.processing.recipes import all_recipes
from datasets.volumes.errors import CisternaError

MOST_FAILURES = 5
MOST_LOSSES = 5
MOST_LINES = 1000
FIRST_RETRY_S, LONGEST_RETRY_S = 5, 900

logger = logging.getLogger("cisterna.processing")


class LeaseLost(CisternaError):
    """The job is not this worker's any more: it was silent for too long, and another one has it."""

    slug = "lease-lost"
    status = 409
    title = "The job was given to another worker"


class JobCancelled(CisternaError):
    """Somebody called the job off."""

    slug = "job-cancelled"
    status = 409
    title = "The job was called off"


class WorkersLost(CisternaError):
    """One worker after another was lost with the job, without any progress."""

    slug = "workers-lost"
    status = 500
    title = "The job ends its workers"


@dataclass(frozen=True)
class Lease:
    """The job that a worker holds, and under which fence."""

    job_id: int
    fence: int


def claim(*, worker: Worker, per_organization: int) -> Job | None:
    """The oldest job that waits and may run now, held by ``worker`` from now on.

    Args:
        per_organization: how many jobs of one organization's datasets run at a time, at most.
    """
    if not _waiting().exists():
        return None
    with transaction.atomic():
        Queue.objects.get_or_create(id=1)
        Queue.objects.select_for_update().get(id=1)
        running = Job.objects.filter(state=JobState.RUNNING).values_list("recipe", "dataset__organization")
        recipes = [recipe for recipe, _ in running]
        organizations = [organization for _, organization in running if organization is not None]
        allowed = [it.name for it in all_recipes() if recipes.count(it.name) < it.at_once]
        full = {it for it in organizations if organizations.count(it) >= per_organization}
        free = Q(dataset__organization=None) | ~Q(dataset__organization__in=full)
        job = _waiting().filter(free, recipe__in=allowed).order_by("id").first()
        if job is None:
            return None
        now = timezone.now()
        Job.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING,
            fence=F("fence") + 1,
            beat=F("beat") + 1,
            beat_at=now,
            started_at=now,
            attempts=F("attempts") + 1,
            worker=worker.name,
            worker_process=worker.process,
            not_before=None,
            before=0,
            done=0,
            total=None,
            phase="",
        )
        job.refresh_from_db()
        job.lines.create(attempt=job.attempts, text=f"Begun by {worker.name}")
    return job


def _waiting() -> QuerySet[Job]:
    due = Q(not_before=None) | Q(not_before__lte=timezone.now())
    return Job.objects.filter(due, state=JobState.WAITING)


def beat(lease: Lease, **told: Any) -> bool:
    """Show that the worker lives, and how far it is. Returns whether the job was called off.

    Raises:
        LeaseLost
    """
    if not _held(lease).update(beat=F("beat") + 1, beat_at=timezone.now(), **told):
        raise _lost(lease)
    return _held(lease).filter(cancel_asked=True).exists()


def write_line(lease: Lease, attempt: int, text: str) -> None:
    """Add to the job's log, which ends at a thousand lines."""
    lines = JobLine.objects.filter(job_id=lease.job_id)
    count = lines.count()
    if count < MOST_LINES:
        said = text if count < MOST_LINES - 1 else "The log is full"
        JobLine.objects.create(job_id=lease.job_id, attempt=attempt, text=said[:2000])


@contextmanager
def ending(lease: Lease, outcome: Mapping[str, Any]) -> Iterator[Job]:
    """One transaction, in which the caller makes visible what was made, and the job is done.

    Raises:
        LeaseLost, JobCancelled: nothing was changed.
    """
    with _holding(lease) as job:
        if job.cancel_asked:
            raise JobCancelled("It was called off", where=job.uid)
        yield job
        _end(job, JobState.DONE)
        job.outcome, job.problem, job.phase, job.blocks_done = dict(outcome), None, "", b""
        if job.total is not None:
            job.done = job.total
        job.save()
        job.lines.create(attempt=job.attempts, text="Done")


def fail(lease: Lease, error: CisternaError, *, again: bool) -> None:
    """The attempt ended with an error. Where another may end better the job waits for it, each time twice as long.

    Raises:
        LeaseLost
    """
    with _holding(lease) as job:
        job.failures += 1
        job.problem = error.problem()
        job.lines.create(attempt=job.attempts, text=str(error)[:2000])
        if job.cancel_asked:
            _end(job, JobState.CANCELLED)
        elif not again or job.failures >= MOST_FAILURES:
            _end(job, JobState.FAILED)
        else:
            wait_s = min(FIRST_RETRY_S * 2 ** (job.failures - 1), LONGEST_RETRY_S)
            job.state, job.not_before = JobState.WAITING, timezone.now() + timedelta(seconds=wait_s)
            job.lines.create(attempt=job.attempts, text=f"To be tried again in {wait_s} s")
        job.save()


def cancelled(lease: Lease) -> None:
    """The job was called off, and its worker has let go of it.

    Raises:
        LeaseLost
    """
    with _holding(lease) as job:
        job.lines.create(attempt=job.attempts, text="Called off")
        _end(job, JobState.CANCELLED)
        job.save()


def give_back(lease: Lease) -> None:
    """The worker stops: whoever is next goes on where it was.

    Raises:
        LeaseLost
    """
    with _holding(lease) as job:
        job.state = JobState.WAITING
        job.lines.create(attempt=job.attempts, text=f"Given back by {job.worker}, which stops")
        job.save()


def take_from_lost(job: Job, *, why: str) -> bool:
    """Take a job from a worker that is lost, if it is still silent. Returns whether it was."""
    with transaction.atomic():
        found = Job.objects.select_for_update(of=("self",)).filter(
            pk=job.pk, fence=job.fence, beat=job.beat, state=JobState.RUNNING
        )
        if (row := found.first()) is None:
            return False
        row.fence += 1
        row.losses += 1
        row.lines.create(attempt=row.attempts, text=f"{row.worker} was lost: {why}")
        if row.cancel_asked:
            _end(row, JobState.CANCELLED)
        elif row.losses >= MOST_LOSSES:
            lost = WorkersLost(
                f"{row.losses} workers were lost one after another without any progress",
                where=row.uid,
                fix="Look at the memory of the worker's machine, then try it again",
            )
            row.problem = lost.problem()
            _end(row, JobState.FAILED)
        else:
            row.state = JobState.WAITING
        row.save()
    logger.warning("%s was taken from %s: %s", row, row.worker, why)
    return True


@contextmanager
def _holding(lease: Lease) -> Iterator[Job]:
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).filter(pk=lease.job_id).first()
        if job is None or (job.fence, job.state) != (lease.fence, JobState.RUNNING):
            raise _lost(lease)
        yield job


def _held(lease: Lease) -> QuerySet[Job]:
    return Job.objects.filter(pk=lease.job_id, fence=lease.fence, state=JobState.RUNNING)


def _end(job: Job, state: JobState) -> None:
    job.state, job.ended_at, job.not_before = state, timezone.now(), None


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost("Another worker has it, or it has ended", where=f"job {lease.job_id}")
