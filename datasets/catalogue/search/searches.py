"""One question of one user: what is found by full text, and may be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

INDEXED: tuple[Kind, ...] = ("dataset", "publication", "person", "model", "collection", "task")
_OPEN = ("collection", "task")
"""Kinds that everyone may know of."""


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
    newest = full_text.newest(kinds, question, most)
    # What may be seen is asked first, and all of it also where nothing was found: so that no question more is asked for
    # what is hidden.
    groups = _visible([it for entries in newest.values() for it in entries], user, datasets)
    few = {kind: there for kind, entries in newest.items() if len(entries) < most
           if (there := [it for it in entries if it in groups])}  # fmt: skip
    tiers = full_text.tiers({kind: newest[kind] for kind in few}, question)
    found: dict[str, list[Ranked]] = {}
    for kind in kinds:
        if len(newest[kind]) == most:
            found[kind] = _rank_many(kind, question, user, datasets)
            continue
        ranked = [Ranked(kind, tiers[entry], entry) for entry in few.get(kind, ())]
        found[kind] = _firsts(sorted(ranked, key=lambda it: (it.tier, -it.entry)), groups)
    return found


def _rank_many(kind: str, question: Question, user: Viewer, datasets: QuerySet[Dataset]) -> list[Ranked]:
    most = looked_at = MOST_COUNTED + 1
    while True:
        ranked = full_text.rank(kind, question, looked_at)
        found = _firsts(ranked, _visible([it.entry for it in ranked], user, datasets))
        if len(found) >= most or len(ranked) < looked_at:
            return found[:most]
        looked_at *= 8


def _firsts(ranked: Sequence[Ranked], groups: Mapping[int, tuple[str, int]]) -> list[Ranked]:
    """Those that may be seen; of those that are one thing, the first."""
    firsts: dict[tuple[str, int], Ranked] = {}
    for each in ranked:
        if each.entry in groups:
            firsts.setdefault(groups[each.entry], each)
    return list(firsts.values())


def _visible(entries: Sequence[int], user: Viewer, datasets: QuerySet[Dataset]) -> dict[int, tuple[str, int]]:
    """Those that may be seen, each with what it is one with."""
    within = SearchEntry.objects.filter(Exists(datasets.filter(pk=OuterRef("dataset"))), pk__in=[-1, *entries])
    groups = {pk: (kind, group) for pk, kind, group in within.values_list("pk", "kind", "grouped_as")}
    for kind, rows in (("person", known_people(user)), ("model", models_visible_to(user))):
        keys = {full_text.key_of(entry): entry for entry in entries if full_text.kind_of(entry) == kind}
        for key in rows.order_by().filter(pk__in=[0, *keys]).values_list("pk", flat=True):
            groups[keys[key]] = (kind, key)
    for entry in entries:
        if (kind := full_text.kind_of(entry)) in _OPEN:
            groups[entry] = (kind, full_text.key_of(entry))
    return groups
