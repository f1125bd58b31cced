"""What the list of datasets says beside its cards: what narrows it, its order, and how it looks; as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.models import Segmentation
from datasets.catalogue.organelles import load_facts
from datasets.catalogue.pages.parts import Choice
from datasets.catalogue.search.facets import FACETS
from datasets.catalogue.search.listing import ORDERS, FacetValue, Order
from datasets.catalogue.state_requests import read_choice

LOOKS = ("grid", "table")
_ORDER_LABELS: Mapping[Order, str] = {
    "relevance": "Best match",
    "newest": "Newest first",
    "size": "Largest first",
    "resolution": "Finest voxels first",
}
_MOST_CHOSEN = 50


@dataclass(frozen=True)
class Asked:
    """What an address of the list asks for."""

    text: str
    chosen: dict[str, list[str]]
    order: Order
    look: str

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.chosen)

    def url(self, *, without: tuple[str, str] | None = None, **more: str) -> str:
        """The same list, without one choice, with more said or something said otherwise; empty says nothing."""
        said: list[tuple[str, str]] = [("q", self.text)]
        said += [(facet, it) for facet, values in self.chosen.items() for it in values if (facet, it) != without]
        plain = {
            "sort": "" if self.order == _first(self.text) else self.order,
            "view": "" if self.look == "grid" else self.look,
        }
        said += list((plain | more).items())
        query = urlencode([(name, value) for name, value in said if value])
        return f"{reverse('catalogue:datasets')}{f'?{query}' if query else ''}"


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
    orders: tuple[Choice, ...]
    look: str
    grid_url: str
    table_url: str
    csv_url: str
    json_url: str
    all_url: str
    everything_url: str


def read_asked(query: QueryDict) -> Asked:
    """What the list is asked for.

    Raises:
        QueryInvalid
    """
    text = query.get("q", "").strip()
    values = {facet: list(dict.fromkeys(query.getlist(facet)))[:_MOST_CHOSEN] for facet in FACETS if facet in query}
    chosen = {facet: [it for it in found if it] for facet, found in values.items()}
    order = read_choice(query, "sort", *ORDERS) if query.get("sort") else _first(text)
    return Asked(
        text,
        {facet: found for facet, found in chosen.items() if found},
        order,  # type: ignore[arg-type]  # one of ORDERS
        read_choice(query, "view", *LOOKS),
    )


def last_page(count: int, page_size: int) -> int:
    """The number of the last page, which stands for all behind it."""
    return max(1, -(-count // page_size))


def _first(text: str) -> Order:
    """The order of a list of which none is asked for."""
    return "relevance" if text else "newest"


def browser(asked: Asked, facets: Mapping[str, Sequence[FacetValue]]) -> Browser:
    """What stands above the list that was asked for. A facet with one value that nobody chose tells nothing."""
    shown = tuple(_facet(name, facets.get(name, ())) for name in FACETS)
    labels = {(facet.name, it.value): it.label for facet in shown for it in facet.values}
    return Browser(
        text=asked.text,
        facets=tuple(it for it in shown if len(it.values) > 1 or it.chosen_count),
        chips=tuple(
            Chip(FACETS[facet], labels.get((facet, it), it), asked.url(without=(facet, it)))
            for facet, values in asked.chosen.items()
            for it in values
        ),
        orders=tuple(
            # The first says nothing: words that are typed next bring the order of relevance with them.
            Choice("" if it == _first(asked.text) else it, _ORDER_LABELS[it], it == asked.order)
            for it in ORDERS
            if asked.text or it != "relevance"
        ),
        look=asked.look,
        grid_url=asked.url(view=""),
        table_url=asked.url(view="table"),
        csv_url=asked.url(format="csv"),
        json_url=asked.url(format="json"),
        all_url=reverse("catalogue:datasets") if asked.is_narrowed else "",
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
