"""Asking for a job, calling it off, and having it tried again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import require
from datasets.processing.models import LIVE, Job, JobState
from datasets.processing.queries.jobs import find_any_job, find_job
from datasets.processing.queries.versions import find_subject
from datasets.processing.recipe import Estimate, Recipe
from datasets.processing.recipes import get_recipe
from datasets.volumes.errors import CisternaError


class JobEnded(CisternaError):
    """What is asked for can be done to a job that waits or runs only."""

    slug = "job-ended"
    status = 409
    title = "The job has ended"


class JobLive(CisternaError):
    """A job that waits or runs need not be tried again."""

    slug = "job-live"
    status = 409
    title = "The job has not ended"


def enqueue(
    *, recipe: str, reference: str, parameters: Mapping[str, Any] | None = None, by: AbstractBaseUser | None
) -> tuple[Job, bool]:
    """Ask for a recipe to be run on a version. The same asked for twice while it waits or runs is one job.

    Args:
        reference: ``name`` (what the recipe is for: its newest published version, or its draft), ``name@2`` or
            ``name@draft``.
        parameters: the recipe's own.

    Returns:
        The job, and whether this call made it.

    Raises:
        RecipeUnknown, ParametersInvalid, NameUnknown, NotAllowed, NotForThis.
        CisternaError: what the recipe finds wrong with the version before it begins.
    """
    chosen, version, checked, _ = _planned(recipe, reference, parameters, by)
    return enqueue_for(version, recipe=chosen, parameters=checked, by=by)


def estimate(
    *, recipe: str, reference: str, parameters: Mapping[str, Any] | None = None, by: AbstractBaseUser | None
) -> tuple[DatasetVersion, Estimate]:
    """What :func:`enqueue` would bring: how much is read, written and held in memory. Nothing is done.

    Raises:
        As :func:`enqueue`.
    """
    _, version, _, found = _planned(recipe, reference, parameters, by)
    return version, found


def enqueue_for(
    version: DatasetVersion, *, recipe: Recipe, parameters: Mapping[str, Any], by: AbstractBaseUser | None
) -> tuple[Job, bool]:
    """The same for a version at hand, whose caller has asked whether ``by`` may."""
    text = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    same = Job.objects.filter(recipe=recipe.name, subject=str(version), parameters_digest=digest, state__in=LIVE)
    if (job := same.first()) is not None:
        return job, False
    try:
        with transaction.atomic():
            job = Job.objects.create(
                recipe=recipe.name,
                version=version,
                dataset=version.dataset,
                subject=str(version),
                parameters=dict(parameters),
                parameters_digest=digest,
                created_by_id=by.pk if by is not None else None,
            )
            record_event(by=by, action="job.ask", subject=str(version), after={"job": job.uid, "recipe": recipe.name})
    except IntegrityError:  # somebody was first
        if (job := same.first()) is None:
            raise
        return job, False
    return job, True


def cancel(*, uid: str, by: AbstractBaseUser | None) -> Job:
    """Call a job off: at once where it waits, else when its worker looks up next.

    Raises:
        NotFound, NotAllowed, JobEnded.
    """
    found = _changeable(uid, by)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if not job.is_live:
            raise JobEnded(f"It is {job.get_state_display()}", where=job.uid)
        job.cancel_asked = True
        if job.state == JobState.WAITING:
            job.state, job.ended_at = JobState.CANCELLED, timezone.now()
            job.lines.create(attempt=job.attempts, text="Called off while it waited")
        job.save(update_fields=["cancel_asked", "state", "ended_at"])
        record_event(by=by, action="job.cancel", subject=job.subject, after={"job": job.uid, "recipe": job.recipe})
    return job


def retry(*, uid: str, by: AbstractBaseUser | None) -> Job:
    """Have a job that failed or was called off tried again, from where it was.

    Raises:
        NotFound, NotAllowed.
        JobLive: it waits or runs, or another that does the same does.
        JobEnded: it is done.
    """
    found = _changeable(uid, by)
    try:
        with transaction.atomic():
            job = Job.objects.select_for_update(of=("self",)).get(pk=found.pk)
            if job.is_live:
                raise JobLive(f"It is {job.get_state_display()}", where=job.uid)
            if job.state == JobState.DONE:
                raise JobEnded("It is done", where=job.uid, fix="Ask for a new one")
            job.state, job.ended_at, job.not_before = JobState.WAITING, None, None
            job.cancel_asked, job.failures, job.losses = False, 0, 0
            job.save()
            job.lines.create(attempt=job.attempts, text="To be tried again, as asked")
            record_event(by=by, action="job.retry", subject=job.subject, after={"job": job.uid, "recipe": job.recipe})
    except IntegrityError:
        raise JobLive("Another job does the same now", where=uid, fix="Wait for that one") from None
    return job


def _changeable(uid: str, by: AbstractBaseUser | None) -> Job:
    """The job, if ``by`` may do what its recipe takes; one whose dataset is gone is the operator's."""
    job = find_job(uid, by) if by is not None else find_any_job(uid)
    if job.dataset is not None:
        require(by, get_recipe(job.recipe).deed, job.dataset)
    return job


def _planned(
    recipe: str, reference: str, parameters: Mapping[str, Any] | None, by: AbstractBaseUser | None
) -> tuple[Recipe, DatasetVersion, dict[str, Any], Estimate]:
    chosen = get_recipe(recipe)
    version = find_subject(reference, chosen.of, by)
    require(by, chosen.deed, version.dataset)
    checked = chosen.check(parameters or {})
    return chosen, version, checked, chosen.estimate(version, checked)
