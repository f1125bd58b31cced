"""Organelle classes as the search knows them: 77 facts that ship, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from datasets.catalogue.organelles import OrganelleFact, load_facts
from datasets.catalogue.search.documents import Said, said_of_class, words_by_field
from datasets.catalogue.search.full_text import is_said, tier_of
from datasets.catalogue.search.questions import Question


@dataclass(frozen=True)
class ClassDocument:
    """A class, what is said of it, and the words of that."""

    fact: OrganelleFact
    said: tuple[Said, ...]
    words: dict[str, set[str]]


@dataclass(frozen=True)
class Reading:
    """A question in two: the ``classes`` that some of its words name, and the ``rest`` of them."""

    classes: tuple[ClassDocument, ...]
    named: Question
    rest: Question
    begins: bool = False
    """Whether words name them only as beginnings."""


@cache
def load_classes() -> tuple[ClassDocument, ...]:
    """All classes, in the order of lists."""
    facts = {fact.short_name: fact for fact in load_facts()}
    documents = []
    for fact in facts.values():
        line = [fact]
        while line[0].parent:
            line.insert(0, facts[line[0].parent])
        said = tuple(said_of_class(tuple(line)))
        documents.append(ClassDocument(fact, said, words_by_field(said)))
    return tuple(documents)


def find_classes(question: Question) -> list[tuple[int, ClassDocument]]:
    """The classes that a question names with all its words, each with its tier; by tier, in the order of lists."""
    found = [(tier, it) for it in load_classes() if (tier := tier_of(it.words, question)) is not None]
    return sorted(found, key=lambda each: each[0])


def read_classes(question: Question) -> Reading:
    """The classes that the most words of a question name, themselves or what they are part of. Whole words, where some
    do; else beginnings."""
    for begins in (False, True):
        named = {
            number: [place for place, term in enumerate(question.terms) if is_said(it.words, term, begins=begins)]
            for number, it in enumerate(load_classes())
        }
        most = max(map(len, named.values()))
        if most:
            chosen = [number for number, places in named.items() if len(places) == most]
            places = named[chosen[0]]
            classes = tuple(load_classes()[number] for number in chosen if named[number] == places)
            return Reading(classes, _part(question, places, True), _part(question, places, False), begins)
    return Reading((), Question((), {}), question)


def _part(question: Question, places: list[int], inside: bool) -> Question:
    terms = tuple(term for place, term in enumerate(question.terms) if (place in places) == inside)
    return Question(terms, question.corrected)
