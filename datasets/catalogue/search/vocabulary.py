"""What the portal knows of words beside organelle classes: the table ``terms.csv`` beside this file, typed.

General biology, and no dataset's name. A term without a CURIE is one for which none was certain.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from datasets.catalogue.organelles import load_facts
from datasets.catalogue.search.words import whole_of

_TABLE = "terms.csv"
_MARKS = re.compile("[\u0300-\u036f]+")
_RUN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class VocabularyTerm:
    """A thing that datasets are about.

    Args:
        kind: organism, sample, cell line, cell type, tissue, treatment, or modality.
        label: for people; of organisms the scientific name.
        curie: ``UBERON:0002107``, or ``""``.
        parents: labels of what it is a kind of.
        synonyms: other names that mean the same for certain: an import may take them for the term.
        also: words under which people look for it, that mean more or something beside it.
    """

    kind: str
    label: str
    curie: str
    parents: tuple[str, ...]
    synonyms: tuple[str, ...]
    also: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Its label and what means the same."""
        return (self.label, *self.synonyms)

    @property
    def taxon(self) -> int | None:
        """The NCBI taxon of an organism, where one is known."""
        prefix, _, number = self.curie.partition(":")
        return int(number) if self.kind == "organism" and prefix == "NCBITaxon" else None


@cache
def load_terms() -> tuple[VocabularyTerm, ...]:
    """All terms, in the order of the table."""
    return tuple(
        VocabularyTerm(
            row["kind"], row["label"], row["curie"], *(_split(row[it]) for it in ("parents", "synonyms", "also"))
        )
        for row in csv.DictReader(_read().splitlines())
    )


@cache
def fingerprint() -> str:
    """What the vocabulary says, as a digest: what is indexed under another says other things."""
    text = _read() + repr(load_facts())
    return hashlib.sha256(text.encode()).hexdigest()


def find_term(words: str) -> VocabularyTerm | None:
    """The term of which ``words`` is a name, whatever its case, signs and plural."""
    return _by_name().get(whole_of(words))


def describe(label: str, taxon: int | None = None) -> str:
    """A label with all that the vocabulary says of it: "HeLa: human cervical cancer, cancer cell line, cell line".

    The label alone where it says nothing.
    """
    term = find_term(label) or (_by_taxon().get(taxon) if taxon else None)
    said = dict.fromkeys(_said_of(term)) if term else {}
    if taxon:
        said |= dict.fromkeys((f"taxon {taxon}", f"NCBITaxon:{taxon}"))
    said.pop(label, None)
    return f"{label}: {', '.join(said)}" if said else label


@cache
def all_words() -> frozenset[str]:
    """Every word of the vocabulary and of organelle classes as people write it, case and diacritics folded."""
    texts = [text for term in load_terms() for text in (*term.names, *term.also)]
    texts += [
        text for fact in load_facts() for text in (fact.short_name, fact.long_name, fact.go_label, *fact.synonyms)
    ]
    return frozenset(plain_words("\n".join(texts)))


def plain_words(text: str) -> set[str]:
    """The words of a text that a misspelt one may be meant for: letters alone, plurals as they stand."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return {word for word in _RUN.findall(plain) if len(word) > 3 and word.isalpha()}


def _said_of(term: VocabularyTerm) -> Iterator[str]:
    yield from term.names
    yield from term.also
    if term.curie and term.taxon is None:
        yield term.curie
    for parent in term.parents:
        above = _by_name().get(whole_of(parent))
        yield from _said_of(above) if above else (parent,)


@cache
def _by_name() -> dict[str, VocabularyTerm]:
    found: dict[str, VocabularyTerm] = {}
    for term in load_terms():
        for name in term.names:
            found.setdefault(whole_of(name), term)
    return found


@cache
def _by_taxon() -> dict[int, VocabularyTerm]:
    return {term.taxon: term for term in load_terms() if term.taxon}


def _read() -> str:
    return files("datasets.catalogue.search").joinpath(_TABLE).read_text(encoding="utf-8")


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(";")) if cell else ()
