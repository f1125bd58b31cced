"""Jobs, as one user may see them."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.queries.visibility import Viewer, is_operator, worked_on_by
from datasets.processing.models import Alarm, Job, JobLine, JobState, Worker
from datasets.processing.recipes import AUDIT

SILENT = timedelta(minutes=2)
LINES_SHOWN = 200


def visible_jobs(user: Viewer) -> QuerySet[Job]:
    """Jobs for the datasets that ``user`` is a member of, newest first; all for the operator."""
    jobs = Job.objects.all() if is_operator(user) else Job.objects.filter(dataset__in=worked_on_by(user))
    return jobs.select_related("dataset", "created_by").defer("blocks_done").order_by("-id")


def worth_telling(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """``jobs`` without audits that found nothing."""
    return jobs.exclude(recipe=AUDIT.name, state=JobState.DONE, outcome__wrong=0)


def find_job(uid: str, user: Viewer) -> Job:
    """The job of this public name.

    Raises:
        NotFound: there is none, or ``user`` may not know of it.
    """
    return _named(visible_jobs(user), uid)


def find_any_job(uid: str) -> Job:
    """The same on the operator's command line.

    Raises:
        NotFound
    """
    return _named(Job.objects.all(), uid)


def _named(jobs: QuerySet[Job], uid: str) -> Job:
    job = jobs.filter(uid=uid).first()
    if job is None:
        raise NotFound(f"There is no job {uid}")
    return job


def lines_of(job: Job) -> list[JobLine]:
    """The end of its log."""
    return list(job.lines.order_by("-id")[:LINES_SHOWN])[::-1]


def living_workers() -> QuerySet[Worker]:
    """Workers that were heard of lately."""
    return Worker.objects.filter(beat_at__gte=timezone.now() - SILENT)


def open_alarms(user: Viewer) -> QuerySet[Alarm]:
    """Objects that are not what they were, of the datasets that ``user`` works on; all for the operator."""
    alarms = Alarm.objects.filter(settled_at=None).select_related("version__dataset")
    return alarms if is_operator(user) else alarms.filter(version__dataset__in=worked_on_by(user))


def has_alarms() -> bool:
    """Whether there are any, of whatever dataset."""
    return Alarm.objects.filter(settled_at=None).exists()
