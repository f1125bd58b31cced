"""Lists of datasets: by a question, by facets, in an order; with the counts of facets beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import cast

from datasets.catalogue.queries.catalogue_state import QUESTIONS_KEPT, kept_for_strangers
from datasets.catalogue.queries.orders import word_of
from datasets.catalogue.queries.visibility import Viewer
from datasets.catalogue.search import full_text
from datasets.catalogue.search.facets import FACETS, VOXEL_RANGES
from datasets.catalogue.search.full_text import Ranked
from datasets.catalogue.search.searches import read_search
from datasets.catalogue.search.shelf import SORTS, Chosen, Shelf, Sort, shelves_of

ORDERS: tuple[str, ...] = ("relevance", *SORTS)
"""What a list of datasets is sorted by; all but the first also from the other end, with ``-`` before it."""


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet, and how many datasets one would get by choosing it, too."""

    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Listed:
    """A page of a list of datasets.

    Args:
        versions: the keys of the datasets' newest versions, in order.
        count: of all pages.
        start: the place of the first in the list.
        facets: the values of each facet that there are, the most frequent first; voxel sizes and years in their order.
        corrected: words that were read instead of others.
    """

    versions: tuple[int, ...]
    count: int
    start: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    corrected: Mapping[str, tuple[str, ...]]


def list_datasets(
    user: Viewer,
    *,
    text: str = "",
    chosen: Chosen | None = None,
    order: str = "newest",
    start: int = 0,
    most: int = 48,
    after: int = 0,
    among: Collection[int] | None = None,
) -> Listed:
    """The datasets that ``user`` may see, by what they typed and chose.

    Args:
        chosen: any of a facet's values, of each facet; unknown values and facets are those of no dataset.
        order: one of :data:`ORDERS`, or such from its end; ``relevance`` without a question is ``newest``. The best
            thousand are in the order of relevance, what is behind them in that of time.
        start: where the page begins, unless the version of the key ``after`` is in the list: then behind that.
        among: the keys of the only versions that are meant.

    Raises:
        QuestionInvalid
    """
    asked = _Asked(
        text,
        tuple((facet, frozenset(values)) for facet, values in sorted((chosen or {}).items()) if values),
        order,
        start,
        most,
        after,
        None if among is None else frozenset(among),
    )
    return _list(user, asked)


@dataclass(frozen=True)
class _Asked:
    """What :func:`list_datasets` was asked."""

    text: str
    chosen: tuple[tuple[str, frozenset[str]], ...]
    order: str
    start: int
    most: int
    after: int
    among: frozenset[int] | None


@kept_for_strangers(QUESTIONS_KEPT)
def _list(user: Viewer, asked: _Asked) -> Listed:
    chosen, start, most = dict(asked.chosen), asked.start, asked.most
    shelves = shelves_of(user)
    search = read_search(asked.text, user, shelves)
    question = search.question
    if question.terms:
        entries = full_text.all_found("dataset", question)
        within = [shelf.those(entries) for shelf in shelves]
    else:
        within = [0 if asked.text.strip() else shelf.all for shelf in shelves]
    if asked.among is not None:
        within = [each & shelf.those_of(asked.among) for shelf, each in zip(shelves, within, strict=True)]
    found = [shelf.chosen(each, chosen) for shelf, each in zip(shelves, within, strict=True)]
    counts: dict[tuple[str, str], int] = {}
    for shelf, each in zip(shelves, within, strict=True):
        for value, number in shelf.counts(each, chosen).items():
            counts[value] = counts.get(value, 0) + number
    if asked.order == "relevance" and question.terms:
        ids = _by_relevance(shelves, found, search.ranked("dataset"))
    else:
        ids = _merged(shelves, found, "newest" if asked.order == "relevance" else asked.order)
    keys = [full_text.key_of(it) for it in (ids if asked.after else islice(ids, start + most))]
    if asked.after in keys:
        start = keys.index(asked.after) + 1
    page, count = tuple(keys[start : start + most]), sum(each.bit_count() for each in found)
    return Listed(page, count, start, _listed(counts, chosen), question.corrected)


def _merged(shelves: Sequence[Shelf], found: Sequence[int], order: str) -> Iterator[int]:
    """The entries that were found, in an order; only those that are asked for are looked at."""
    sort, is_turned = cast(Sort, word_of(order)), order.startswith("-")
    sorted_ = [
        shelf.in_order(each, sort, is_turned=is_turned) for shelf, each in zip(shelves, found, strict=True) if each
    ]
    return (entry for _, entry in merge(*sorted_, reverse=is_turned))


def _by_relevance(shelves: Sequence[Shelf], found: Sequence[int], ranked: Sequence[Ranked]) -> Iterator[int]:
    best = [it.entry for it in ranked if any(map(partial(_is_in, it.entry), shelves, found))]
    first = set(best)
    return chain(best, (entry for entry in _merged(shelves, found, "newest") if entry not in first))


def _is_in(entry: int, shelf: Shelf, found: int) -> bool:
    place = shelf.places.get(entry)
    return place is not None and bool(found >> place & 1)


def _listed(
    counts: Mapping[tuple[str, str], int], chosen: Mapping[str, Collection[str]]
) -> dict[str, tuple[FacetValue, ...]]:
    listed: dict[str, list[FacetValue]] = {facet: [] for facet in FACETS}
    for (facet, value), number in counts.items():
        listed[facet].append(FacetValue(value, number, value in chosen.get(facet, ())))
    for facet, values in chosen.items():  # a choice that nothing has is shown, to be taken back
        there = {it.value for it in listed.get(facet, ())}
        listed.setdefault(facet, []).extend(FacetValue(value, 0, True) for value in values if value not in there)
    for found in listed.values():
        found.sort(key=lambda it: (-it.count, it.value))
    order = {value: place for place, value in enumerate(VOXEL_RANGES)}
    listed["voxel"].sort(key=lambda it: order.get(it.value, len(order)))
    listed["year"].sort(key=lambda it: it.value, reverse=True)
    return {facet: tuple(values) for facet, values in listed.items()}
