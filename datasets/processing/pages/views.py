"""The pages of jobs. Doors: each reads what was asked, makes one call, renders."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from datasets.catalogue.queries.visibility import is_operator, may, require
from datasets.catalogue.state_requests import read_whole
from datasets.processing.actions import jobs as actions
from datasets.processing.models import Job, JobState
from datasets.processing.pages.jobs import JobsPage, job_page, job_row, root_spaces
from datasets.processing.queries.jobs import find_job, lines_of, living_workers, open_alarms, visible_jobs
from datasets.processing.recipes import get_recipe

JOBS_PER_PAGE = 50
ALARMS_SHOWN = 100


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """``/jobs/?before=``: what was asked for, newest first."""
    seen = visible_jobs(request.user)
    before = read_whole(request.GET, "before", 0, least=0, most=2**62)
    rows = list((seen.filter(pk__lt=before) if before else seen)[: JOBS_PER_PAGE + 1])
    more = f"?before={rows[JOBS_PER_PAGE - 1].pk}" if len(rows) > JOBS_PER_PAGE else ""
    page = JobsPage(
        rows=[job_row(it) for it in rows[:JOBS_PER_PAGE]],
        more=more,
        waiting=seen.filter(state=JobState.WAITING).count(),
        running=seen.filter(state=JobState.RUNNING).count(),
        workers=list(living_workers()),
        alarms=list(open_alarms(request.user)[:ALARMS_SHOWN]),
        roots=root_spaces() if is_operator(request.user) else [],
    )
    return render(request, "processing/jobs.html", {"page": page})


@require_safe
@login_required
def job(request: HttpRequest, uid: str) -> HttpResponse:
    """``/jobs/<id>/``: one of them."""
    found = find_job(uid, request.user)
    page = job_page(found, lines_of(found), may_change=_may_change(request, found))
    return render(request, "processing/job.html", {"page": page})


@require_POST
@login_required
def change(request: HttpRequest, uid: str) -> HttpResponse:
    """Call a job off, or have it tried again."""
    found, by = find_job(uid, request.user), cast(AbstractBaseUser, request.user)
    if found.dataset is not None:
        require(by, get_recipe(found.recipe).deed, found.dataset)
    (actions.retry if "retry" in request.POST else actions.cancel)(job=found, by=by)
    return HttpResponseRedirect(reverse("processing:job", kwargs={"uid": uid}))


def _may_change(request: HttpRequest, found: Job) -> bool:
    if found.dataset is None:
        return is_operator(request.user)
    return may(request.user, get_recipe(found.recipe).deed, found.dataset)
