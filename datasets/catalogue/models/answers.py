"""Answers that were given once under an ``Idempotency-Key``, and are given again to the same request."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """The answer to a request that created something. Kept for a day, per account."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request: method, path and body")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Null: still at work")
    body = models.JSONField(default=dict, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="keptanswer_once_per_key")]

    def __str__(self) -> str:
        return f"{self.user} {self.key}"
