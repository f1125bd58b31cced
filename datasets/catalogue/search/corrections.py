"""Words that are read instead of those that the caller finds nowhere.

They come from the vocabulary, and from names that everyone may read: never from what only some may know of. Whether a
word is found is asked of what the caller may see. So a word that only a hidden dataset has is answered as one that
nothing has, with as many questions to the database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from datasets.catalogue.models import Collection, RevisionStamp, Task
from datasets.catalogue.queries.datasets import newest_seen
from datasets.catalogue.queries.people import known_people
from datasets.catalogue.queries.publications import visible_publications
from datasets.catalogue.queries.visibility import count_released, models_visible_to
from datasets.catalogue.search.questions import Question, Term
from datasets.catalogue.search.shelf import released_shelf
from datasets.catalogue.search.spelling import MOST, Spelling, far_enough
from datasets.catalogue.search.vocabulary import all_words, plain_words
from datasets.catalogue.search.words import singular


def read_instead_of(question: Question, is_found: Callable[[Question], bool]) -> dict[str, tuple[str, ...]]:
    """For each word that is found nowhere, the nearest that there are.

    Args:
        is_found: whether the caller finds anything by a question.
    """
    instead = {}
    for term in question.terms:
        for said, word in zip(term.said, term.ways[0], strict=True):
            if not far_enough(said) or is_found(Question((Term((said,), ((word,),)),), {})):
                continue
            if words := _nearest(said):
                instead[said] = words
    return instead


def _nearest(word: str) -> tuple[str, ...]:
    """The nearest words; names are looked through where the vocabulary has none that differs by one letter."""
    stamp = RevisionStamp.objects.values_list("value", flat=True).first()
    released = count_released()
    far, found = _vocabulary().nearest(word)
    if far > 1:
        farther, public = public_words(stamp, released).nearest(word)
        found = (found if far <= farther else []) + (public if farther <= far else [])
        found = [each for each in found if each[0] == word[0]] or found
    by_meaning: dict[str, str] = {}
    for each in found:
        by_meaning.setdefault(singular(each), each)
    return tuple(by_meaning.values())[:MOST]


@cache
def _vocabulary() -> Spelling:
    return Spelling(all_words())


@lru_cache(maxsize=1)
def public_words(stamp: int | None, released: int) -> Spelling:
    """The words of names that everyone may read, collected once for each state of the catalogue. The stamp changes
    with that, but not when an embargo ends."""
    texts = [value for _, value in released_shelf(stamp, released).having]
    for names in newest_seen(None).values_list("dataset__name", "title"):
        texts += names
    texts += visible_publications(None).order_by().values_list("title", flat=True).distinct()
    texts += known_people(None).values_list("name", flat=True)
    for named in (models_visible_to(None), Collection.objects.all(), Task.objects.all()):
        for names in named.order_by().values_list("name", "title"):
            texts += names
    return Spelling(plain_words("\n".join(texts)))
