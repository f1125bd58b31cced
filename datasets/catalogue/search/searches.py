"""One question of one user: what is found by full text, and may be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from datasets.catalogue.models import Dataset, SearchEntry
from datasets.catalogue.queries.people import known_people
from datasets.catalogue.queries.visibility import Viewer, models_visible_to, visible_to
from datasets.catalogue.search import full_text
from datasets.catalogue.search.classes import Reading, find_classes, read_classes
from datasets.catalogue.search.corrections import read_instead_of
from datasets.catalogue.search.full_text import Ranked
from datasets.catalogue.search.hits import MOST_COUNTED, Kind
from datasets.catalogue.search.questions import Question, read_instead, read_question

INDEXED: tuple[Kind, ...] = ("dataset", "publication", "person", "model")


class Search:
    """One question of one user. What is indexed is looked for once, all ``kinds`` together."""

    def __init__(self, question: Question, user: Viewer, kinds: Sequence[Kind] = INDEXED) -> None:
        self.question, self.user, self.kinds = question, user, kinds
        self._ranked: dict[str, list[Ranked]] | None = None
        self._reading: Reading | None = None
        self._rest: Search | None = None

    def ranked(self, kind: Kind) -> list[Ranked]:
        """What is found of an indexed kind and may be seen: at most ``MOST_COUNTED`` + 1."""
        if self._ranked is None:
            self._ranked = rank_visible(self.question, self.user, visible_to(self.user), self.kinds)
        return self._ranked[kind]

    @property
    def reading(self) -> Reading:
        """The classes that the question names, and its other words."""
        if self._reading is None:
            self._reading = read_classes(self.question)
        return self._reading

    def datasets_of_rest(self) -> list[Ranked]:
        """The datasets that the question's other words find."""
        if not self.reading.classes:
            return self.ranked("dataset")
        if self._rest is None:
            self._rest = Search(self.reading.rest, self.user, ("dataset",))
        return self._rest.ranked("dataset")

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


def rank_visible(
    question: Question, user: Viewer, datasets: QuerySet[Dataset], kinds: Sequence[str]
) -> dict[str, list[Ranked]]:
    """What is found and ``user`` may see, by kind, ranked: of each at most ``MOST_COUNTED`` + 1.

    Args:
        datasets: those that may be seen.
    """
    most = MOST_COUNTED + 1
    found: dict[str, list[Ranked]] = {}
    looked_at = most
    while kinds:
        ranked = full_text.rank(kinds, question, looked_at)
        visible = _visible(ranked, user, datasets)
        for kind in kinds:
            found[kind] = [it for it in visible if it.kind == kind][:most]
        # Where so many were looked at and not all of them may be seen, more are.
        full = {kind for kind in kinds if sum(it.kind == kind for it in ranked) == looked_at}
        kinds = [kind for kind in kinds if kind in full and len(found[kind]) < most]
        looked_at *= 8
    return found


def _visible(ranked: Sequence[Ranked], user: Viewer, datasets: QuerySet[Dataset]) -> list[Ranked]:
    """Those that may be seen; of those that are one thing, the first."""
    within = [it.entry for it in ranked if it.kind in ("dataset", "publication")]
    # All are asked also where nothing was found: one question more would tell of what is hidden.
    entries = SearchEntry.objects.filter(Exists(datasets.filter(pk=OuterRef("dataset"))), pk__in=[-1, *within])
    groups: dict[int, tuple[Any, ...]] = {it[0]: it for it in entries.values_list("pk", "kind", "grouped_as")}
    for kind, rows in (("person", known_people(user)), ("model", models_visible_to(user))):
        keys = {it.key: it.entry for it in ranked if it.kind == kind}
        for key in rows.order_by().filter(pk__in=[0, *keys]).values_list("pk", flat=True):
            groups[keys[key]] = (keys[key], kind, key)
    firsts: dict[tuple[Any, ...], Ranked] = {}
    for each in ranked:
        if each.entry in groups:
            firsts.setdefault(groups[each.entry][1:], each)
    return list(firsts.values())
