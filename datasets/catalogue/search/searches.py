"""One question of one user: what is found by full text, and may be seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from datasets.catalogue.models import OrganelleClass
from datasets.catalogue.queries.visibility import Viewer
from datasets.catalogue.search import full_text
from datasets.catalogue.search.classes import ClassDocument, Reading, find_classes, read_classes
from datasets.catalogue.search.corrections import read_instead_of
from datasets.catalogue.search.full_text import Ranked
from datasets.catalogue.search.hits import MOST_COUNTED, Kind
from datasets.catalogue.search.questions import Question, read_instead, read_question
from datasets.catalogue.search.shelf import Shelves, Thing

INDEXED: tuple[Kind, ...] = ("dataset", "publication", "person", "model", "collection", "task")
_OPEN = ("collection", "task")
"""Kinds that everyone may know of."""


class Search:
    """One question of one user. What is indexed is looked for once, all ``kinds`` together."""

    def __init__(self, question: Question, user: Viewer, shelves: Shelves, kinds: Sequence[Kind] = INDEXED) -> None:
        self.question, self.user, self.shelves, self.kinds = question, user, shelves, kinds

    @cached_property
    def _ranked(self) -> dict[str, list[Ranked]]:
        return _rank_visible(self.question, self.shelves, self.kinds)

    def ranked(self, kind: Kind) -> list[Ranked]:
        """What is found of an indexed kind and may be seen: at most ``MOST_COUNTED`` + 1."""
        return self._ranked[kind]

    @cached_property
    def classes(self) -> list[tuple[int, ClassDocument]]:
        """The classes that are found, each with its tier; the best first."""
        return find_classes(self.question)

    @cached_property
    def reading(self) -> Reading:
        """The classes that the question names, and its other words."""
        return read_classes(self.question)

    @cached_property
    def class_keys(self) -> dict[str, int]:
        """The keys of those classes, by short name."""
        names = [it.fact.short_name for it in self.reading.classes]
        return dict(OrganelleClass.objects.filter(short_name__in=names).values_list("short_name", "pk"))

    @cached_property
    def _rest(self) -> Search:
        return Search(self.reading.rest, self.user, self.shelves, ("dataset",))

    def datasets_of_rest(self) -> list[Ranked]:
        """The datasets that the question's other words find."""
        if not self.reading.classes:
            return self.ranked("dataset")
        return self._rest.ranked("dataset")

    def finds_anything(self) -> bool:
        """Whether anything of an indexed kind, or a class, is found."""
        return bool(self.classes) or any(self.ranked(kind) for kind in INDEXED)


def read_search(text: str, user: Viewer, shelves: Shelves) -> Search:
    """The search for what was typed, or, where a word of it is found nowhere, for what it may have been meant for.

    Args:
        shelves: of ``user``.

    Raises:
        QuestionInvalid
    """
    search = Search(read_question(text), user, shelves)
    if not search.question.terms or search.finds_anything():
        return search
    instead = read_instead_of(search.question, lambda asked: Search(asked, user, shelves).finds_anything())
    other = Search(read_instead(search.question, instead), user, shelves)
    return other if instead and other.finds_anything() else search


def _rank_visible(question: Question, shelves: Shelves, kinds: Sequence[str]) -> dict[str, list[Ranked]]:
    """What is found and may be seen, by kind, ranked: of each at most ``MOST_COUNTED`` + 1."""
    most = MOST_COUNTED + 1
    newest = full_text.newest(kinds, question, most)
    # Where nothing may be seen no tiers are asked for, so that no question more is asked for what is hidden.
    few = {kind: there for kind, entries in newest.items() if len(entries) < most
           if (there := [it for it in entries if _thing(it, shelves)])}  # fmt: skip
    tiers = full_text.tiers({kind: newest[kind] for kind in few}, question)
    found: dict[str, list[Ranked]] = {}
    for kind in kinds:
        if len(newest[kind]) == most:
            found[kind] = _rank_many(kind, question, shelves)
            continue
        ranked = [Ranked(kind, tiers[entry], entry) for entry in few.get(kind, ())]
        found[kind] = _firsts(sorted(ranked, key=lambda it: (it.tier, -it.entry)), shelves)
    return found


def _rank_many(kind: str, question: Question, shelves: Shelves) -> list[Ranked]:
    most = looked_at = MOST_COUNTED + 1
    while True:
        ranked = full_text.rank(kind, question, looked_at)
        found = _firsts(ranked, shelves)
        if len(found) >= most or len(ranked) < looked_at:
            return found[:most]
        looked_at *= 8


def _firsts(ranked: Sequence[Ranked], shelves: Shelves) -> list[Ranked]:
    """Those that may be seen; of those that are one thing, the first."""
    firsts: dict[Thing, Ranked] = {}
    for each in ranked:
        if thing := _thing(each.entry, shelves):
            firsts.setdefault(thing, each)
    return list(firsts.values())


def _thing(entry: int, shelves: Shelves) -> Thing | None:
    """What an entry is one with, if it may be seen."""
    if (kind := full_text.kind_of(entry)) in _OPEN:
        return kind, full_text.key_of(entry)
    public, own = shelves
    return public.things.get(entry) or own.things.get(entry)
