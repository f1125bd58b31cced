"""Jobs, their logs, and the workers that do them. A job's row is the truth about it."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (JobState.WAITING, JobState.RUNNING)
"""The states that a job does not stay in."""


def new_uid() -> str:
    """A job's public name, never given twice, also after a database was brought back from a backup."""
    return secrets.token_hex(8)


class Job(models.Model):
    """One run of a recipe on a version, from asking for it to its end.

    A worker holds it by a **fence**: a number that grows with each claim and is named by every write of the worker. It
    holds it as long as ``beat`` grows: others watch that with clocks of their own, so no two clocks are compared.
    """

    uid = models.CharField(max_length=16, unique=True, default=new_uid)
    recipe = models.CharField(max_length=40)
    version = models.ForeignKey(
        "catalogue.DatasetVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    dataset = models.ForeignKey(
        "catalogue.Dataset", on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    subject = models.CharField(max_length=200, help_text="What it is done to, such as cell@2")
    parameters = models.JSONField(default=dict, blank=True)
    parameters_digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    not_before = models.DateTimeField(null=True, blank=True, help_text="When it is tried again")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.BooleanField(default=False)

    fence = models.PositiveBigIntegerField(default=0, help_text="Grows with each claim")
    beat = models.PositiveBigIntegerField(default=0, help_text="Grows while its worker lives")
    beat_at = models.DateTimeField(null=True, blank=True, help_text="For people: the worker's clock")
    worker = models.CharField(max_length=100, blank=True)
    worker_process = models.CharField(max_length=200, blank=True, help_text="Tells a dead process on the same machine")

    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that ended with an error")
    losses = models.PositiveIntegerField(default=0, help_text="Workers lost one after another without any progress")

    phase = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    before = models.PositiveBigIntegerField(default=0, help_text="What was done before this attempt")
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    plan_digest = models.CharField(max_length=64, blank=True)
    blocks_done = models.BinaryField(default=bytes, blank=True, help_text="A bit for each block of the plan")

    problem = models.JSONField(null=True, blank=True, help_text="The last error, as RFC 9457 has it")
    outcome = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, ended_at__isnull=True) | (~Q(state__in=LIVE) & Q(ended_at__isnull=False)),
                name="job_ended_has_time",
            ),
            models.CheckConstraint(condition=~Q(state=JobState.RUNNING) | ~Q(worker=""), name="job_running_has_worker"),
            models.UniqueConstraint(
                fields=["recipe", "subject", "parameters_digest"], condition=Q(state__in=LIVE), name="job_live_once"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state__in=LIVE), name="job_live")]

    def __str__(self) -> str:
        return f"{self.recipe} {self.subject}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def fraction(self) -> float | None:
        """How much of the present phase is done, 0 to 1; None where nobody knows how much there is."""
        return min(self.done / self.total, 1.0) if self.total else None

    def seconds_left(self, now: datetime) -> float | None:
        """By the rate of this attempt; None before there is one."""
        if self.state != JobState.RUNNING or not self.total or self.started_at is None or self.done <= self.before:
            return None
        passed_s = (now - self.started_at).total_seconds()
        return passed_s * (self.total - self.done) / (self.done - self.before)


class JobLine(models.Model):
    """A line of a job's log."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(auto_now_add=True)
    attempt = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=2000)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Alarm(models.Model):
    """An object of a published version that is not what it was when its digest was taken; open until it is again."""

    class Kind(models.TextChoices):
        CHANGED = "changed"
        MISSING = "missing"

    version = models.ForeignKey("catalogue.DatasetVersion", on_delete=models.PROTECT, related_name="alarms")
    key = models.CharField(max_length=1024, help_text="Of the object, in its version")
    kind = models.CharField(max_length=16, choices=Kind)
    raised_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was found to be what it was")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["changed", "missing"]), name="alarm_kind_known"),
            models.UniqueConstraint(
                fields=["version", "key"], condition=Q(settled_at__isnull=True), name="alarm_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}/{self.key} {self.kind}"


class Worker(models.Model):
    """A worker process that lives, or was not seen to end."""

    name = models.CharField(max_length=100, help_text="Machine and process, for people")
    process = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Queue(models.Model):
    """One row: whoever claims a job holds it, so that limits are counted by one at a time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="queue_is_one_row")]

    def __str__(self) -> str:
        return "queue"
