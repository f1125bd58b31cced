"""Jobs: asked for, watched, called off, tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import Filter, choice, dataset
from datasets.catalogue.api.idempotency import ONCE, answer_once
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Shown, known, read_body, read_number
from datasets.processing.actions.jobs import cancel, enqueue, estimate, retry
from datasets.processing.models import Job, JobState
from datasets.processing.queries.jobs import find_job, lines_of, visible_jobs
from datasets.processing.recipes import all_recipes


class JobSerializer(Shown, serializers.ModelSerializer[Job]):
    """A job: what is derived from which version, and how far it is."""

    id = serializers.CharField(source="uid", read_only=True)
    url = serializers.SerializerMethodField()
    version = serializers.CharField(source="subject", read_only=True)
    seconds_left = serializers.SerializerMethodField()
    log = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "url", "recipe", "version", "parameters", "state", "cancel_asked", "created_at", "started_at",
            "ended_at", "not_before", "attempts", "phase", "unit", "done", "total", "seconds_left", "problem",
            "outcome", "log",
        ]  # fmt: skip

    def get_url(self, job: Job) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("processing_api:job", kwargs={"uid": job.uid}))

    def get_seconds_left(self, job: Job) -> float | None:
        return job.seconds_left(timezone.now())

    def get_log(self, job: Job) -> list[dict[str, Any]]:
        return [{"at": line.at, "attempt": line.attempt, "text": line.text} for line in lines_of(job)]


class JobList(ListView):
    """Jobs for the datasets that one is a member of, newest first."""

    serializer = begun = JobSerializer
    expansions: ClassVar = {"log": ()}
    order = (Key("id", read_number, falling=True),)
    filters: ClassVar[tuple[Filter, ...]] = (
        dataset("dataset__name"),
        choice("state", "state", "Jobs that are so", JobState.values),
        choice("recipe", "recipe", "Of this recipe", [it.name for it in all_recipes()]),
    )
    taken: ClassVar = {
        "type": "object",
        "required": ["recipe", "version"],
        "properties": {
            "recipe": {"type": "string", "description": "What to derive"},
            "version": {"type": "string", "description": "name, name@2 or name@draft"},
            "parameters": {"type": "object", "description": "What the recipe takes"},
            "dry_run": {"type": "boolean", "description": "Answer only what it would read, write and hold in memory"},
        },
    }
    sent: ClassVar = {"POST": {"recipe": "manifest", "version": "small-cell"}}
    headers_of: ClassVar = {"POST": ONCE}
    again = True

    def rows(self, request: Request, **named: Any) -> QuerySet[Job]:
        return visible_jobs(request.user)

    def post(self, request: Request) -> Response:
        """Ask for something to be derived from a version, in the background. The same asked for twice is one job."""
        known(request)
        body = read_body(request)
        if not isinstance(body, dict) or not {"recipe", "version"} <= set(body) <= set(self.taken["properties"]):
            raise exceptions.ParseError("Send an object with recipe and version")
        parameters = body.get("parameters", {})
        if not isinstance(parameters, dict) or not isinstance(body.get("dry_run", False), bool):
            raise exceptions.ParseError("parameters is an object, dry_run true or false")
        recipe, reference, by = str(body["recipe"]), str(body["version"]), _caller(request)
        if body.get("dry_run"):
            version, expected = estimate(recipe=recipe, reference=reference, parameters=parameters, by=by)
            return Response({"version": str(version), **vars(expected)}, status=200)

        def ask() -> Response:
            job, created = enqueue(recipe=recipe, reference=reference, parameters=parameters, by=by)
            shown = JobSerializer(job, context=self.context(request) | self.chosen(request)).data
            return Response(shown, status=201 if created else 200, headers={"Location": shown["url"]})

        return answer_once(request, ask)


class JobDetail(CatalogueView):
    """A job with the end of its log."""

    serializer = JobSerializer

    def get(self, request: Request, uid: str) -> Response:
        return self.one(request, find_job(uid, request.user))


class _Deed(CatalogueView):
    """What is done to a job by whoever may ask for it."""

    serializer = begun = JobSerializer
    taken: ClassVar[dict[str, Any]] = {"type": "object", "maxProperties": 0}

    def answer(self, request: Request, uid: str, deed: Callable[..., Job]) -> Response:
        known(request)
        job = deed(uid=uid, by=_caller(request))
        return Response(JobSerializer(job, context=self.context(request) | self.chosen(request)).data, status=201)


class JobCancellation(_Deed):
    """A job, called off."""

    def post(self, request: Request, uid: str) -> Response:
        """Call a job off. One that runs ends when its worker looks up next; nothing of it is shown."""
        return self.answer(request, uid, cancel)


class JobRetry(_Deed):
    """A job, tried again."""

    def post(self, request: Request, uid: str) -> Response:
        """Have a job that failed or was called off tried again, from where it was."""
        return self.answer(request, uid, retry)


def _caller(request: Request) -> AbstractBaseUser:
    """Whoever asks: an account, or a stranger, who has no right to anything here."""
    return cast(AbstractBaseUser, request.user)
