"""Words of other catalogues as terms: organisms as NCBI taxa, names of layers as organelle classes.

Only what is certain is here. A word that means several things is not mapped, but kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from datasets.catalogue.models import OrganelleClass
from datasets.catalogue.models.sample import Method
from datasets.catalogue.search.vocabulary import load_terms


@dataclass(frozen=True)
class Organism:
    """A species: its scientific name and its NCBI taxon."""

    name: str
    taxon: int


def find_organism(word: str) -> Organism | None:
    """The species that a word names; None where it names none for certain (a "monkey" may be any)."""
    return _organisms().get(word.strip().lower())


@cache
def _organisms() -> dict[str, Organism]:
    """By the words that mean it for certain. Of a genus that is one species where laboratories keep that one."""
    species = [term for term in load_terms() if term.taxon and " " in term.label]
    return {name.lower(): Organism(term.label, term.taxon or 0) for term in species for name in term.names}


def find_method(words: str) -> Method | None:
    """The method that a name, a description or an address of an image tells of; None where it tells of none."""
    return next((method for pattern, method in _METHODS if re.search(pattern, words, re.IGNORECASE)), None)


_METHODS = ((r"fib-?sem", Method.FIB_SEM), (r"sbf-?sem", Method.SBF_SEM))

# What layers call classes, beside the classes' own names and synonyms.
_LAYER_WORDS = {
    "nucleus": "nuc",
    "nucleolus": "nucleo",
    "vesicle": "ves",
    "microtubule": "mt",
    "peroxisome": "perox",
    "mitochondrion": "mito",
    "ribosome": "ribo",
}
_CONTACTS = re.compile(r"(.+)_contacts?(_.+)?")
_SUFFIX = re.compile(r"(_instances?)?_(seg|pred|segmentation|prediction|labels?)(_[a-z0-9]+)?$")


class Classes:
    """The portal's organelle classes, found by what layers call them."""

    def __init__(self, classes: Iterable[OrganelleClass]) -> None:
        self._by_word: dict[str, OrganelleClass] = {}
        by_name = {}
        for each in classes:
            by_name[each.short_name] = each
            for word in (each.short_name, each.long_name, *each.synonyms):
                self._by_word.setdefault(_normal(word), each)
        for word, name in _LAYER_WORDS.items():
            if name in by_name:
                self._by_word[word] = by_name[name]
                for part in ("mem", "lum"):
                    if f"{name}_{part}" in by_name:
                        self._by_word[f"{word}_{part}"] = by_name[f"{name}_{part}"]

    def find(self, word: str) -> OrganelleClass | None:
        """The class that ``word`` names, whatever its case, dashes or spaces."""
        return self._by_word.get(_normal(word))

    def find_pair(self, layer: str) -> list[OrganelleClass]:
        """The two classes whose contact sites a layer called ``er_mito_contacts`` holds; empty where it is none such,
        or one of the two is not known."""
        match = _CONTACTS.fullmatch(layer)
        if match is None:
            return []
        words = match[1].split("_")
        for cut in range(1, len(words)):
            pair = [self.find("_".join(words[:cut])), self.find("_".join(words[cut:]))]
            if all(pair):
                return [each for each in pair if each]
        return []

    def find_of_layer(self, layer: str) -> OrganelleClass | None:
        """The class that a layer called ``mito_seg`` or ``er-mem_pred`` labels."""
        return self.find(_SUFFIX.sub("", layer))

    def find_of_measure(self, layer: str) -> OrganelleClass | None:
        """The class that a layer called ``er_curvature`` or ``mito_skeleton`` measures: what its name begins with."""
        while layer:
            if (found := self.find(layer)) is not None:
                return found
            layer = layer.rpartition("_")[0]
        return None


def _normal(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip()).lower()
