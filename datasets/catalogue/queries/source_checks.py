"""What came of asking for external data last, loaded with the volumes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from datasets.catalogue.models import SourceCheck, Volume


@dataclass(frozen=True)
class LastCheck:
    """What came of asking for a volume's data, and when they were reached last, if ever."""

    state: str
    checked_at: datetime
    reached_at: datetime | None


def with_checks(volumes: QuerySet[Volume]) -> QuerySet[Volume]:
    """With what :func:`last_check` tells, in the same query."""
    check = SourceCheck.objects.filter(url=OuterRef("external_url"))
    return volumes.annotate(
        **{f"source_{name}": Subquery(check.values(name)[:1]) for name in ("state", "checked_at", "reached_at")}
    )


def last_check(volume: Volume) -> LastCheck | None:
    """What came of asking for the data of a volume from :func:`with_checks`; ``None`` where nobody asked."""
    state: str | None = getattr(volume, "source_state", None)
    if state is None:
        return None
    return LastCheck(state, volume.source_checked_at, volume.source_reached_at)  # type: ignore[attr-defined]
