"""Why something was found: the texts that hold the words asked for, cut, with those words marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datasets.catalogue.search.documents import Said, words_in
from datasets.catalogue.search.full_text import has_word, is_said
from datasets.catalogue.search.questions import Question, Word
from datasets.catalogue.search.words import chunks, compose, singular

LONGEST = 160
_BEFORE = 40
"""So many characters stand before the first marked word where a text is cut."""

MOST_REASONS = 3

type Passage = tuple[tuple[str, bool], ...]
"""A text in parts; of each, whether it was asked for."""


@dataclass(frozen=True)
class Reason:
    """A text by which something was found: what it is, and how it reads."""

    what: str
    passage: Passage

    @property
    def text(self) -> str:
        """The passage without its marks."""
        return "".join(part for part, _ in self.passage)


def reasons_for(said: Sequence[Said], question: Question) -> tuple[Reason, ...]:
    """The fewest texts that hold all terms of a question between them; names before terms, terms before text."""
    open_terms = set(range(len(question.terms)))
    reasons: list[Reason] = []
    while open_terms and len(reasons) < MOST_REASONS:
        best, held = None, set[int]()
        for each in said:
            if len(here := _held(each, question, open_terms)) > len(held):
                best, held = each, here
            if held == open_terms:
                break
        if best is None:
            break
        reasons.append(Reason(best.what, mark(best.text, question)))
        open_terms -= held
    if not reasons:  # the parts of one term are in different texts
        marked = ((each.what, mark(each.text, question)) for each in said)
        reasons = [Reason(*each) for each in marked if any(is_match for _, is_match in each[1])][:MOST_REASONS]
    return tuple(reasons)


def mark(text: str, question: Question) -> Passage:
    """The text, or the part of it around the first word asked for, in parts."""
    words = {word for term in question.terms for way in term.ways for word in way}
    text = compose(text)
    return tuple(_cut(_parts(text, _places(text, words))))


def _held(said: Said, question: Question, terms: set[int]) -> set[int]:
    words = {said.weight: words_in(said.text)}
    return {number for number in terms if is_said(words, question.terms[number], said.weight, begins=True)}


def _places(text: str, words: set[Word]) -> Iterator[tuple[int, int]]:
    found = list(chunks(text))
    forms = {it for chunk in found for piece in chunk.pieces for it in _forms(piece.word)}
    forms |= {it for chunk in found if chunk.joined for it in _forms(chunk.joined)}
    # A word that is there whole is not marked where others only begin like it.
    sought = {word: word.exact not in forms for word in words}
    for chunk in found:
        if chunk.joined and _is_one(chunk.joined, sought):
            yield chunk.pieces[0].start, chunk.pieces[-1].end
            continue
        for piece in chunk.pieces:
            if _is_one(piece.word, sought):
                yield piece.start, piece.end


def _forms(plain: str) -> tuple[str, str]:
    return singular(plain), plain


def _is_one(plain: str, sought: Mapping[Word, bool]) -> bool:
    """Whether it is one of the words, or begins one for which that is looked for, too."""
    return any(has_word(_forms(plain), word, begins=begins) for word, begins in sought.items())


def _parts(text: str, places: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    parts, at = [], 0
    for start, end in places:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(part, is_match) for part, is_match in [*parts, (text[at:], False)] if part]


def _cut(parts: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    left = LONGEST
    for number, (part, is_match) in enumerate(parts):
        if number == 0 and not is_match and len(part) > _BEFORE and sum(len(it) for it, _ in parts) > LONGEST:
            part = "…" + part[-_BEFORE:].partition(" ")[2]
        if len(part) > left:
            yield part[: max(left, 0)].rpartition(" ")[0] + " …", is_match
            return
        left -= len(part)
        yield part, is_match
