"""One question of one user: what is found by full text, and may be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from datasets.catalogue.models import Dataset
from datasets.catalogue.queries.people import known_people
from datasets.catalogue.queries.visibility import Viewer, models_visible_to, visible_to
from datasets.catalogue.search import full_text
from datasets.catalogue.search.classes import find_classes
from datasets.catalogue.search.corrections import read_instead_of
from datasets.catalogue.search.full_text import Ranked
from datasets.catalogue.search.hits import MOST_COUNTED, Kind
from datasets.catalogue.search.questions import Question, read_instead, read_question

INDEXED: tuple[Kind, ...] = ("dataset", "publication", "person", "model")


class Search:
    """One question of one user. What is indexed is looked for once, all kinds together."""

    def __init__(self, question: Question, user: Viewer) -> None:
        self.question, self.user = question, user
        self._ranked: dict[str, list[Ranked]] | None = None

    def ranked(self, kind: Kind) -> list[Ranked]:
        """What is found of an indexed kind and may be seen: at most ``MOST_COUNTED`` + 1."""
        if self._ranked is None:
            self._ranked = rank_visible(self.question, self.user, visible_to(self.user))
        return self._ranked[kind]

    def finds_anything(self) -> bool:
        """Whether anything of an indexed kind, or a class, is found."""
        return bool(find_classes(self.question)) or any(self.ranked(kind) for kind in INDEXED)


def read_search(text: str, user: Viewer) -> Search:
    """The search for what was typed, or, where a word of it is found nowhere, for what it may have been meant for.

    Raises:
        QuestionInvalid
    """
    search = Search(read_question(text), user)
    if not search.question.terms or search.finds_anything():
        return search
    instead = read_instead_of(search.question, lambda asked: Search(asked, user).finds_anything())
    other = Search(read_instead(search.question, instead), user)
    return other if instead and other.finds_anything() else search


def rank_visible(question: Question, user: Viewer, datasets: QuerySet[Dataset]) -> dict[str, list[Ranked]]:
    """What is found and ``user`` may see, by kind, ranked: of each at most ``MOST_COUNTED`` + 1.

    Args:
        datasets: those that may be seen, or fewer.
    """
    found: dict[str, list[Ranked]] = {kind: [] for kind in INDEXED}
    groups: set[tuple[str, int]] = set()
    kinds: list[str] = list(found)
    start, most = 0, MOST_COUNTED + 1
    while kinds:
        ranked = full_text.rank(kinds, question, most, start)
        for each in _visible(ranked, user, datasets):
            if (each.kind, each.group) not in groups:
                groups.add((each.kind, each.group))
                found[each.kind].append(each)
        # A kind goes on where its next rows were not looked at yet, as those before may not be seen.
        kinds = [it for it in kinds if sum(each.kind == it for each in ranked) == most and len(found[it]) < most]
        start += most
    return {kind: ranked[:most] for kind, ranked in found.items()}


def _visible(ranked: Sequence[Ranked], user: Viewer, datasets: QuerySet[Dataset]) -> list[Ranked]:
    def seen(rows: QuerySet[Any], keys: Iterable[int | None]) -> set[int]:
        # Asked also where nothing was found: one question more would tell of what is hidden.
        return set(rows.order_by().filter(pk__in=[0, *filter(None, keys)]).values_list("pk", flat=True))

    shown = seen(datasets, {it.dataset for it in ranked})
    people = seen(known_people(user), {it.key for it in ranked if it.kind == "person"})
    models = seen(models_visible_to(user), {it.key for it in ranked if it.kind == "model"})
    among = {"person": people, "model": models}
    return [it for it in ranked if (it.key in among[it.kind] if it.kind in among else it.dataset in shown)]
