"""What is asked, as words to look for. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from datasets.catalogue.search.words import LONGEST, meant, singular
from datasets.volumes.errors import CisternaError

MOST_WORDS = 32
MOST_WAYS = 16
_BEGINS, _BEGINS_LAST = 3, 2
"""From so many letters on a word may be the beginning of one; the last, which one is still typing, from fewer."""


class QuestionInvalid(CisternaError):
    """It cannot be looked for."""

    slug = "question-invalid"
    status = 400
    title = "This cannot be searched for"


@dataclass(frozen=True)
class Word:
    """A word to find.

    Args:
        exact: as it is indexed.
        begins: what a longer word may begin with; ``""``: it is found whole only.
    """

    exact: str
    begins: str = ""


type Way = tuple[Word, ...]
"""Words that must all be there."""


@dataclass(frozen=True)
class Term:
    """What stands between two spaces of a question: the words ``said`` there, and the ``ways`` to find them, any of
    which does."""

    said: tuple[str, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Question:
    """A question: all of its ``terms`` must be found. ``corrected`` tells what was read instead of what was said."""

    terms: tuple[Term, ...]
    corrected: Mapping[str, tuple[str, ...]]

    @property
    def wholes(self) -> tuple[str, ...]:
        """The question as a name might be, its words joined; one for each combination of words read instead."""
        wholes = [""]
        for term in self.terms:
            alternatives = dict.fromkeys("".join(word.exact for word in way) for way in term.ways)
            wholes = [whole + each for whole in wholes for each in alternatives][:MOST_WAYS]
        return tuple(dict.fromkeys(each[:LONGEST] for each in wholes)) if self.terms else ()


def read_question(text: str) -> Question:
    """The words of what somebody typed. Small words are left out where others stay.

    Raises:
        QuestionInvalid: there are too many.
    """
    found = meant(text)
    if sum(len(chunk.pieces) for chunk in found) > MOST_WORDS:
        raise QuestionInvalid(f"It has more than {MOST_WORDS} words", where="q", fix="Ask with fewer words")
    terms = []
    for chunk in found:
        is_last = chunk is found[-1]
        parts = [piece.word for piece in chunk.pieces]
        ways: list[Way] = [(*map(_word, parts[:-1]), _word(parts[-1], is_last=is_last))]
        if chunk.joined:
            ways.append((_word(chunk.joined, is_last=is_last),))
        terms.append(Term(tuple(parts), tuple(ways)))
    return Question(tuple(terms), {})


def read_instead(question: Question, instead: Mapping[str, Sequence[str]]) -> Question:
    """The question with other words, by what was said; each is found whole."""
    terms = []
    for term in question.terms:
        if not any(said in instead for said in term.said):
            terms.append(term)
            continue
        choices = [
            [Word(singular(other)) for other in instead[said]] if said in instead else [word]
            for said, word in zip(term.said, term.ways[0], strict=True)
        ]
        terms.append(replace(term, ways=tuple(islice(product(*choices), MOST_WAYS))))
    return Question(tuple(terms), {said: tuple(words) for said, words in instead.items()})


def _word(word: str, *, is_last: bool = False) -> Word:
    least = _BEGINS_LAST if is_last else _BEGINS
    return Word(singular(word), "" if len(word) < least or word.isdigit() else word)
