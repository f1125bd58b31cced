"""All that is indexed and everyone may see, in memory: datasets by which values of facets they have, and in each order
of lists; and of everything which is one with what.

It is made once for each state of the catalogue, as counts of organelle classes are. A set of datasets is a whole number
with one bit for each: so ten thousand of them are counted by hundreds of values in a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When

from datasets.catalogue.models import (
    Contribution,
    Crop,
    DatasetFacet,
    DatasetVersion,
    Model,
    Person,
    SearchEntry,
    Specimen,
    Volume,
)
from datasets.catalogue.queries.catalogue_state import catalogue_state
from datasets.catalogue.queries.datasets import newest_of, newest_seen
from datasets.catalogue.queries.people import known_people
from datasets.catalogue.queries.visibility import Viewer, is_stranger, models_visible_to, opened_alone_to, seen_by
from datasets.catalogue.search.facets import read_facets
from datasets.catalogue.search.full_text import key_of, kind_of, person_id

type Sort = Literal["newest", "size", "resolution", "title", "organism", "layers", "crops"]
SORTS: tuple[Sort, ...] = ("newest", "size", "resolution", "title", "organism", "layers", "crops")
_COUNTED: Mapping[Sort, type[Volume | Crop]] = {"layers": Volume, "crops": Crop}

type Chosen = Mapping[str, Collection[str]]
"""Values by facet: any of a facet's, of each facet."""

type Value = tuple[str, str]
"""A facet and one of its values."""

type Thing = tuple[str, int]
"""A kind, and a number that entries of one thing have in common, as a publication of two datasets."""


@dataclass(frozen=True)
class Shelf:
    """Some datasets, each by its place, with what else is indexed that belongs to them.

    Args:
        things: by the id of an entry of whatever kind, what it is one with.
        entries: the ids of the datasets' entries, by place.
        having: which have a value.
        versions: the datasets' newest versions, which are asked for what no entry says once a list is sorted by it.
    """

    things: Mapping[int, Thing]
    entries: tuple[int, ...]
    having: Mapping[Value, int]
    places: Mapping[int, int]
    """Places by ids of entries."""
    versions: QuerySet[DatasetVersion]
    ranks: dict[Sort, tuple[Any, ...]]
    """What each order is by, by place; of those that were asked for, and those that entries say."""
    orders: dict[Sort, tuple[int, ...]] = field(default_factory=dict)
    """Places in each order that was asked for."""

    @property
    def all(self) -> int:
        """All of them."""
        return (1 << len(self.entries)) - 1

    def those(self, entries: Iterable[int]) -> int:
        """Those of the given entries that are here."""
        return _set_of(entries, self.places)

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

    def in_order(self, within: int, sort: Sort, *, is_turned: bool = False) -> Iterator[tuple[Any, int]]:
        """The entries of ``within`` in an order or from its end, each with what that is by."""
        digits = bin(within)[:1:-1]
        digits += "0" * (len(self.entries) - len(digits))
        if sort not in self.ranks:
            self.ranks[sort] = self._look_up(sort)
        ranks = self.ranks[sort]
        if sort not in self.orders:
            self.orders[sort] = tuple(sorted(range(len(self.entries)), key=ranks.__getitem__))
        order = self.orders[sort]
        places = (place for place in (reversed(order) if is_turned else order) if digits[place] == "1")
        return ((ranks[place], self.entries[place]) for place in places)

    def _look_up(self, sort: Sort) -> tuple[Any, ...]:
        """What an order is by that no entry says. One query."""
        versions = self.versions.order_by().values("pk")
        if sort in _COUNTED:
            rows: Any = _COUNTED[sort]._default_manager.filter(version__in=versions).order_by().values_list("version")
            numbers: dict[int, int] = dict(rows.annotate(number=Count("pk")))
            return tuple((-numbers.get(key_of(it), 0), -it) for it in self.entries)
        said = dict(Specimen.objects.filter(version__in=versions).values_list("version", "organism"))
        named = ((it, said.get(key_of(it), "")) for it in self.entries)
        return tuple((not name, name.casefold(), -it) for it, name in named)  # without a name: last


type Shelves = tuple[Shelf, Shelf]
"""What everyone may see, and what only one user and a few others may."""


def shelves_of(user: Viewer) -> Shelves:
    """All that ``user`` may see of what is indexed. What everyone may see is asked for once for each state of the
    catalogue; who is no stranger has a few questions asked for the rest, whether it is nothing or much."""
    public = released_shelf(*catalogue_state())
    return public, _NOTHING if is_stranger(user) else _own_shelf(user)


@lru_cache(maxsize=1)
def released_shelf(stamp: int | None, released: int) -> Shelf:
    """What everyone may see, in a state of the catalogue."""
    entries = SearchEntry.objects.filter(seen_by(None, "dataset"))
    return _shelf(entries, newest_seen(None), known_people(None), models_visible_to(None), read_facets())


def _own_shelf(user: Viewer) -> Shelf:
    datasets = opened_alone_to(user)
    versions = newest_of(datasets)
    people = Contribution.objects.filter(version__in=versions.values("pk")).values("person")
    entries = SearchEntry.objects.filter(dataset__in=datasets.values("pk"))
    facets: dict[Value, list[str]] = {}
    rows = DatasetFacet.objects.filter(dataset__in=datasets.values("pk"))
    for facet, value, dataset in rows.values_list("facet", "value", "dataset"):
        facets.setdefault((facet, value), []).append(str(dataset))
    return _shelf(
        entries,
        versions,
        Person.objects.filter(pk__in=people),
        models_visible_to(user).filter(public=False),
        ((facet, value, ",".join(keys)) for (facet, value), keys in facets.items()),
    )


def _shelf(
    entries: QuerySet[SearchEntry],
    versions: QuerySet[DatasetVersion],
    people: QuerySet[Person],
    models: QuerySet[Model],
    facets: Iterable[tuple[str, str, str]],
) -> Shelf:
    title = DatasetVersion.objects.filter(pk=OuterRef("object_id")).values("title")
    columns = ("pk", "dataset", "grouped_as", "voxels", "fineness", Case(When(kind="dataset", then=Subquery(title))))
    things: dict[int, Thing] = {}
    rows: list[tuple[int, int, float, float, str]] = []
    for pk, dataset, group, voxels, fineness, name in entries.order_by("pk").values_list(*columns):
        things[pk] = kind_of(pk), group
        if name is not None:
            rows.append((pk, dataset, voxels, fineness, name))
    for key in people.order_by().values_list("pk", flat=True):
        things[person_id(key)] = SearchEntry.Kind.PERSON, key
    made = SearchEntry.objects.filter(kind=SearchEntry.Kind.MODEL, object_id__in=models.order_by().values("pk"))
    for pk, key in made.values_list("pk", "object_id"):
        things[pk] = SearchEntry.Kind.MODEL, key
    places = {dataset: place for place, (_, dataset, *_) in enumerate(rows)}
    having = {
        (facet, value): there for facet, value, keys in facets if (there := _set_of(map(int, keys.split(",")), places))
    }
    ranks: dict[Sort, tuple[Any, ...]] = {
        "newest": tuple(-pk for pk, *_ in rows),
        "size": tuple((-voxels, -pk) for pk, _, voxels, *_ in rows),
        "resolution": tuple((-fineness, -pk) for pk, _, _, fineness, _ in rows),
        "title": tuple((title.casefold(), -pk) for pk, *_, title in rows),
    }
    ids = tuple(pk for pk, *_ in rows)
    return Shelf(things, ids, having, {pk: place for place, pk in enumerate(ids)}, versions, ranks)


def _set_of(keys: Iterable[int], places: Mapping[int, int]) -> int:
    """The places that some of ``keys`` have, as one number."""
    digits = bytearray(b"0" * len(places))
    for key in keys:
        if (place := places.get(key)) is not None:
            digits[-1 - place] = 49  # "1"; the last digit is the first place
    return int(digits, 2) if digits else 0


_NOTHING = Shelf({}, (), {}, {}, DatasetVersion.objects.none(), {})
