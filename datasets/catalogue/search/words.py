"""Text as words, the same where it is indexed and where it is asked for. Pure functions.

Words are letters and digits alone, folded: case, diacritics and plurals do not count. What hyphens, dots, slashes,
colons and underscores join is its parts and, beside them, the whole without these signs: ``U-Net`` is *u*, *net* and
*unet*, so that whoever writes it in either way finds both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 64
"""Of a word so many characters count."""

SMALL = frozenset(
    ("a", "al", "an", "and", "as", "at", "by", "et", "for", "from", "in", "of", "on", "or", "the", "to", "with")
)
"""Words that a question may hold without meaning them."""

_CHUNK = re.compile(r"\S+")
_RUN = re.compile(r"[^\W_]+")
_LATIN = {
    "axes": "axis",
    "bacteria": "bacterium",
    "cilia": "cilium",
    "cristae": "crista",
    "flagella": "flagellum",
    "fungi": "fungus",
    "larvae": "larva",
    "mice": "mouse",
    "mitochondria": "mitochondrion",
    "nuclei": "nucleus",
    "nucleoli": "nucleolus",
    "plasmodesmata": "plasmodesma",
    "vertebrae": "vertebra",
}


@dataclass(frozen=True)
class Piece:
    """A stretch of a text between two signs, from ``start`` to ``end``, as a word."""

    start: int
    end: int
    word: str
    """Case and diacritics folded."""


@dataclass(frozen=True)
class Chunk:
    """What stands between two spaces: its pieces, and their words joined where there are several."""

    pieces: tuple[Piece, ...]
    joined: str


def compose(text: str) -> str:
    """The text with each letter and its marks as one character, as :func:`chunks` counts."""
    return unicodedata.normalize("NFC", text)


def chunks(text: str) -> Iterator[Chunk]:
    """What a text is made of, in its order; places are those in :func:`compose` of it."""
    for chunk in _CHUNK.finditer(compose(text)):
        runs = _RUN.finditer(chunk[0])
        pieces = tuple(
            Piece(chunk.start() + run.start(), chunk.start() + run.end(), word)
            for run in runs
            if (word := fold(run[0]))
        )
        if pieces:
            joined = "".join(piece.word for piece in pieces)[:LONGEST] if len(pieces) > 1 else ""
            yield Chunk(pieces, joined)


def fold(letters: str) -> str:
    """Letters and digits without case and diacritics."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letters).casefold())
    return "".join(each for each in plain if each.isalnum())[:LONGEST]


def singular(word: str) -> str:
    """A folded word without its plural, as well as that can be told from its end; what has digits stays."""
    if word in _LATIN:
        return _LATIN[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def words_of(text: str) -> Iterator[str]:
    """The words under which a text is found."""
    for chunk in chunks(text):
        for piece in chunk.pieces:
            yield singular(piece.word)
        if chunk.joined:
            yield singular(chunk.joined)


def meant(text: str) -> list[Chunk]:
    """What a text is made of, without small words where others stay."""
    found = list(chunks(text))
    return [chunk for chunk in found if len(chunk.pieces) > 1 or chunk.pieces[0].word not in SMALL] or found


def name_of(text: str) -> str:
    """All words of a name that are meant as one: equal for two names that differ in signs, spaces and small words."""
    return _join(meant(text))


def whole_of(text: str) -> str:
    """All words of a text as one: equal for two names that differ in signs and spaces alone."""
    return _join(chunks(text))


def _join(parts: Iterable[Chunk]) -> str:
    return "".join(singular(piece.word) for chunk in parts for piece in chunk.pieces)[:LONGEST]
