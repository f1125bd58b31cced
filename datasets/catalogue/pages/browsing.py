"""What the list of datasets says beside its cards: what narrows it, its order, and how it looks; as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.models import Segmentation
from datasets.catalogue.organelles import load_facts
from datasets.catalogue.pages.sorting import Asked, Bar, Column, Heading, bar, headings
from datasets.catalogue.queries.orders import read_sort
from datasets.catalogue.search.facets import FACETS
from datasets.catalogue.search.listing import ORDERS, FacetValue
from datasets.catalogue.state_requests import read_choice

LOOKS = ("grid", "table")
DATASET_COLUMNS: tuple[Column, ...] = (
    ("Dataset", "title"),
    ("Organism", "organism"),
    ("Sample", ""),
    ("Voxel", "resolution"),
    ("Imaged by", ""),
    ("Layers", "layers", True),
    ("Crops", "crops", True),
    ("Organelles", ""),
    ("Institution", ""),
    ("Published", "newest"),
)
_MOST_CHOSEN = 50


@dataclass(frozen=True)
class DatasetsAsked(Asked):
    """What an address of the list asks for: words, and any of the chosen values of each facet."""

    text: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.narrowed)


@dataclass(frozen=True)
class Value:
    """One value of a facet, as it is chosen."""

    value: str
    label: str
    count: int
    is_chosen: bool
    colour: str = ""


@dataclass(frozen=True)
class Facet:
    """Something that datasets differ in, with the values there are."""

    name: str
    label: str
    values: tuple[Value, ...]
    chosen_count: int


@dataclass(frozen=True)
class Chip:
    """A choice that was made; ``url`` leads to the list without it."""

    facet: str
    label: str
    url: str


@dataclass(frozen=True)
class Browser:
    """What stands above the list."""

    text: str
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    bar: Bar
    headings: tuple[Heading, ...]
    look: str
    all_url: str
    everything_url: str


def read_datasets_asked(query: QueryDict) -> DatasetsAsked:
    """What the list is asked for.

    Raises:
        QueryInvalid
    """
    text = query.get("q", "").strip()
    values = {facet: list(dict.fromkeys(query.getlist(facet)))[:_MOST_CHOSEN] for facet in FACETS if facet in query}
    chosen = {facet: kept for facet, found in values.items() if (kept := [it for it in found if it])}
    first = "relevance" if text else "newest"
    return DatasetsAsked(
        path=reverse("catalogue:datasets"),
        narrowed=(
            *((("q", text),) if text else ()),
            *((facet, it) for facet, values in chosen.items() for it in values),
        ),
        sort=read_sort(query.get("sort", ""), ORDERS, first, turns=ORDERS[1:]),
        first=first,
        look=read_choice(query, "view", *LOOKS),
        looks=LOOKS,
        text=text,
        chosen=chosen,
    )


def last_page(count: int, page_size: int) -> int:
    """The number of the last page, which stands for all behind it."""
    return max(1, -(-count // page_size))


def browser(asked: DatasetsAsked, facets: Mapping[str, Sequence[FacetValue]]) -> Browser:
    """What stands above the list that was asked for. A facet with one value that nobody chose tells nothing."""
    shown = tuple(_facet(name, facets.get(name, ())) for name in FACETS)
    labels = {(facet.name, it.value): it.label for facet in shown for it in facet.values}
    words = ORDERS if asked.text else ORDERS[1:]
    return Browser(
        text=asked.text,
        facets=tuple(it for it in shown if len(it.values) > 1 or it.chosen_count),
        chips=tuple(
            Chip(FACETS[facet], labels.get((facet, it), it), asked.url(without=(facet, it)))
            for facet, values in asked.chosen.items()
            for it in values
        ),
        bar=bar(asked, words),
        headings=headings(asked, words, DATASET_COLUMNS),
        look=asked.look,
        all_url=asked.path if asked.is_narrowed else "",
        everything_url=f"{reverse('catalogue:search')}?{urlencode({'q': asked.text})}" if asked.text else "",
    )


def _facet(name: str, values: Sequence[FacetValue]) -> Facet:
    found = tuple(_value(name, it) for it in values)
    return Facet(name, FACETS[name], found, sum(it.is_chosen for it in found))


def _value(facet: str, it: FacetValue) -> Value:
    match facet:
        case "organelle":
            fact = next((each for each in load_facts() if each.short_name == it.value), None)
            if fact:
                return Value(it.value, fact.long_name, it.count, it.is_chosen, fact.colour)
        case "method":
            label = dict(Segmentation.Method.choices).get(it.value, it.value)
            return Value(it.value, str(label), it.count, it.is_chosen)
        case "ground_truth":
            return Value(it.value, "has crops", it.count, it.is_chosen)
    return Value(it.value, it.value, it.count, it.is_chosen)
