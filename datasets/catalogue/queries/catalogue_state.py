"""Which state the catalogue is in, as everyone sees it: what was counted of one holds until the next."""

from __future__ import annotations

from collections.abc import Callable

from datasets.catalogue.models import RevisionStamp
from datasets.catalogue.queries.visibility import count_released

type CatalogueState = tuple[int | None, int]

QUESTIONS_KEPT = 256
"""So many questions of strangers, of lists and of the search, a process keeps the answers to, while a state lasts."""


class Kept[Value]:
    """What a process keeps of one state of the catalogue. ``make`` is given what was kept of the state before, so that
    a change costs what changed."""

    def __init__(self, make: Callable[[Value | None], Value]) -> None:
        self._make = make
        self._kept: tuple[CatalogueState, Value] | None = None

    def __call__(self, stamp: int | None, released: int) -> Value:
        """Of this state, which is the newest."""
        kept = self._kept  # once, since other threads may put another in its place
        if kept is None or kept[0] != (stamp, released):
            self._kept = kept = (stamp, released), self._make(kept[1] if kept else None)
        return kept[1]

    def cache_clear(self) -> None:
        """Keep nothing."""
        self._kept = None


def catalogue_state() -> CatalogueState:
    """The revision stamp, and how many datasets are released.

    The stamp moves with every version and every change of who may see, but not when an embargo ends.
    """
    return RevisionStamp.objects.values_list("value", flat=True).first(), count_released()
