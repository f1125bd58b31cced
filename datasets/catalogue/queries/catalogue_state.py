"""Which state the catalogue is in, as everyone sees it: what was counted of one holds until the next."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate

from datasets.catalogue.models import RevisionStamp
from datasets.catalogue.queries.visibility import Viewer, count_released, is_stranger

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


_forget: list[Callable[[], None]] = []


def kept_for_strangers[**Asked, Value](
    most: int,
) -> Callable[[Callable[Concatenate[Viewer, Asked], Value]], Callable[Concatenate[Viewer, Asked], Value]]:
    """Have a process keep what a query answers to strangers, who all see the same, while the catalogue stays as it is.

    The query is asked with hashable values behind the user, and nobody changes what it answers.

    Args:
        most: so many answers are kept, those that were asked for last.
    """

    def decorate(query: Callable[Concatenate[Viewer, Asked], Value]) -> Callable[Concatenate[Viewer, Asked], Value]:
        answer: Any = query  # a cache knows no types of arguments
        kept: Any = lru_cache(maxsize=most)(lambda _state, *asked, **named: answer(None, *asked, **named))

        @wraps(query)
        def ask(user: Viewer, /, *asked: Asked.args, **named: Asked.kwargs) -> Value:
            if not is_stranger(user):
                return query(user, *asked, **named)
            found: Value = kept(catalogue_state(), *asked, **named)
            return found

        _forget.append(kept.cache_clear)
        return ask

    return decorate


def forget_what_strangers_asked() -> None:
    """Keep nothing of :func:`kept_for_strangers`."""
    for forget in _forget:
        forget()
