"""The pages of jobs. Doors: each reads what was asked, makes one call, renders."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from datasets.catalogue.queries.visibility import is_operator, may
from datasets.catalogue.state_requests import read_choice, read_whole
from datasets.processing.actions import jobs as actions
from datasets.processing.models import Job, JobState
from datasets.processing.pages.jobs import JobsPage, job_page, job_row, root_spaces
from datasets.processing.queries.jobs import (
    find_job,
    lines_of,
    living_workers,
    open_alarms,
    visible_jobs,
    worth_telling,
)
from datasets.processing.recipes import get_recipe

JOBS_PER_PAGE = 50
ALARMS_SHOWN = 100


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """``/jobs/?all=&before=``: what was asked for, newest first."""
    seen = visible_jobs(request.user)
    shows_all = read_choice(request.GET, "all", "", "1") == "1"
    listed = seen if shows_all else worth_telling(seen)
    before = read_whole(request.GET, "before", 0, least=0, most=2**62)
    rows = list((listed.filter(pk__lt=before) if before else listed)[: JOBS_PER_PAGE + 1])
    more = f"?{'all=1&' * shows_all}before={rows[JOBS_PER_PAGE - 1].pk}" if len(rows) > JOBS_PER_PAGE else ""
    page = JobsPage(
        rows=[job_row(it) for it in rows[:JOBS_PER_PAGE]],
        more=more,
        all=shows_all,
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
    (actions.retry if "retry" in request.POST else actions.cancel)(uid=uid, by=cast(AbstractBaseUser, request.user))
    return HttpResponseRedirect(reverse("processing:job", kwargs={"uid": uid}))


def _may_change(request: HttpRequest, found: Job) -> bool:
    if found.dataset is None:
        return is_operator(request.user)
    return may(request.user, get_recipe(found.recipe).deed, found.dataset)
