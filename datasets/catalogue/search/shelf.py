"""All datasets that everyone may see, in memory: by which values of facets they have, and in each order of lists.

It is made once for each state of the catalogue, as counts of organelle classes are. A set of datasets is a whole number
with one bit for each: so ten thousand of them are counted by hundreds of values in a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from datasets.catalogue.models import Dataset, DatasetFacet, DatasetVersion, RevisionStamp, SearchEntry
from datasets.catalogue.queries.visibility import Viewer, count_released, opened_alone_to, visible_to
from datasets.catalogue.search.facets import read_facets
from datasets.catalogue.search.full_text import key_of

type Sort = Literal["newest", "size", "resolution", "title"]
SORTS: tuple[Sort, ...] = ("newest", "size", "resolution", "title")

type Chosen = Mapping[str, Collection[str]]
"""Values by facet: any of a facet's, of each facet."""

type Value = tuple[str, str]
"""A facet and one of its values."""


@dataclass(frozen=True)
class Shelf:
    """Some datasets, each by its place.

    Args:
        entries: the ids of their entries, by place.
        having: which have a value.
        orders: places in each order.
    """

    entries: tuple[int, ...]
    having: Mapping[Value, int]
    orders: Mapping[Sort, tuple[int, ...]]
    places: Mapping[int, int]
    """Places by ids of entries."""
    ranks: Mapping[Sort, tuple[Any, ...]]
    """What each order is by, by place."""

    @property
    def all(self) -> int:
        """All of them."""
        return (1 << len(self.entries)) - 1

    def those(self, entries: Iterable[int]) -> int:
        """Those of the given entries that are here."""
        digits = bytearray(b"0" * len(self.entries))
        for entry in entries:
            if (place := self.places.get(entry)) is not None:
                digits[-1 - place] = 49  # "1"; the last digit is the first place
        return int(digits, 2) if digits else 0

    def those_of(self, versions: Collection[int]) -> int:
        """Those whose newest version is one of these, by their keys."""
        wanted = set(versions)
        return self.those(entry for entry in self.entries if key_of(entry) in wanted)

    def chosen(self, within: int, chosen: Chosen) -> int:
        """Those of ``within`` that have what is chosen."""
        for facet, values in chosen.items():
            if values:
                any_of = 0
                for value in values:
                    any_of |= self.having.get((facet, value), 0)
                within &= any_of
        return within

    def counts(self, within: int, chosen: Chosen) -> dict[Value, int]:
        """How many of ``within`` have each value and what is chosen; a facet without its own choice."""
        sets: dict[str, int] = {}
        found = {}
        for (facet, value), there in self.having.items():
            if facet not in sets:
                sets[facet] = self.chosen(within, {it: values for it, values in chosen.items() if it != facet})
            if number := (there & sets[facet]).bit_count():
                found[facet, value] = number
        return found

    def in_order(self, within: int, sort: Sort, *, is_turned: bool = False) -> Iterator[int]:
        """The places of ``within``, in an order or from its end."""
        digits = bin(within)[:1:-1]
        order = self.orders[sort]
        return (place for place in (reversed(order) if is_turned else order) if digits[place : place + 1] == "1")


def public_shelf() -> Shelf:
    """The datasets that everyone may see."""
    stamp = RevisionStamp.objects.values_list("value", flat=True).first()
    return released_shelf(stamp, count_released())


@lru_cache(maxsize=1)
def released_shelf(stamp: int | None, released: int) -> Shelf:
    """The same, in a state of the catalogue. The stamp changes with it, but not when an embargo ends."""
    return _load(visible_to(None), all_facets=True)


def own_shelf(user: Viewer) -> Shelf:
    """The datasets that only ``user`` and a few others may see."""
    return _load(opened_alone_to(user))


def _load(datasets: QuerySet[Dataset], *, all_facets: bool = False) -> Shelf:
    entries = SearchEntry.objects.filter(Exists(datasets.filter(pk=OuterRef("dataset"))), kind="dataset").order_by("pk")
    title = DatasetVersion.objects.filter(pk=OuterRef("object_id")).values("title")
    rows = list(entries.values_list("pk", "dataset", "voxels", "fineness", Subquery(title)))
    places = {dataset: place for place, (_, dataset, *_) in enumerate(rows)}
    having = {}
    for facet, value, keys in _facets(list(places), all_facets):
        digits = bytearray(b"0" * len(rows))
        for key in keys:
            if (place := places.get(key)) is not None:
                digits[-1 - place] = 49
        if there := int(digits, 2) if digits else 0:
            having[facet, value] = there
    ranks: dict[Sort, tuple[Any, ...]] = {
        "newest": tuple(-pk for pk, *_ in rows),
        "size": tuple((-voxels, -pk) for pk, _, voxels, *_ in rows),
        "resolution": tuple((-fineness, -pk) for pk, _, _, fineness, _ in rows),
        "title": tuple(((title or "").casefold(), -pk) for pk, *_, title in rows),
    }
    orders: dict[Sort, tuple[int, ...]] = {
        sort: tuple(sorted(range(len(rows)), key=by.__getitem__)) for sort, by in ranks.items()
    }
    ids = tuple(pk for pk, *_ in rows)
    return Shelf(ids, having, orders, {pk: place for place, pk in enumerate(ids)}, ranks)


def _facets(datasets: Sequence[int], all_facets: bool) -> Iterator[tuple[str, str, Iterable[int]]]:
    if all_facets:
        yield from ((facet, value, map(int, keys.split(","))) for facet, value, keys in read_facets())
        return
    found: dict[Value, list[int]] = {}
    rows = DatasetFacet.objects.filter(dataset__in=datasets)
    for facet, value, dataset in rows.values_list("facet", "value", "dataset"):
        found.setdefault((facet, value), []).append(dataset)
    yield from ((facet, value, keys) for (facet, value), keys in found.items())
