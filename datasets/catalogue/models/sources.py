"""Whether external data can be reached: told beside them, and never part of a version."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SourceCheck(models.Model):
    """What came of asking for an external source last."""

    class State(models.TextChoices):
        REACHABLE = "reachable"
        ABSENT = "absent"
        REFUSED = "refused"
        UNREACHABLE = "unreachable"
        NOT_ALLOWED = "not_allowed", "not allowed"

    url = models.CharField(max_length=1000, unique=True)
    state = models.CharField(max_length=16, choices=State)
    detail = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField()
    reached_at = models.DateTimeField(null=True, blank=True, help_text="When it was reached last")

    class Meta:
        ordering = ["url"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["reachable", "absent", "refused", "unreachable", "not_allowed"]),
                name="sourcecheck_state_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.url}: {self.state}"
