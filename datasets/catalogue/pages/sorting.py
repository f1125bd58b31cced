"""Lists as they are asked for: narrowed, in an order, with a look; and what stands above them and their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.http import urlencode

from datasets.catalogue.pages.parts import Choice
from datasets.catalogue.queries.orders import Orders, read_sort, turned, word_of
from datasets.catalogue.state_requests import read_choice

_WORDS: Mapping[str, tuple[str, str]] = {
    "relevance": ("Best match", ""),
    "newest": ("Newest first", "Oldest first"),
    "size": ("Largest first", "Smallest first"),
    "resolution": ("Finest voxels first", "Coarsest voxels first"),
    "title": ("By title", "By title, from Z"),
    "name": ("By name", "By name, from Z"),
    "dataset": ("By dataset", "By dataset, from Z"),
    "organism": ("By organism", "By organism, from Z"),
    "kind": ("By kind", "By kind, from the last"),
    "method": ("By how it was made", "By how it was made, from Z"),
    "use": ("By what it is kept for", "By what it is kept for, from Z"),
    "version": ("By the model's version, newest first", "By the model's version, oldest first"),
    "run": ("By run", "By run, from Z"),
    "listed": ("As listed", "As listed, from the end"),
    "organization": ("By institution", "By institution, from Z"),
    "architecture": ("By architecture", "By architecture, from Z"),
    "datasets": ("Most datasets first", "Fewest datasets first"),
    "segmentations": ("Most segmentations first", "Fewest segmentations first"),
    "layers": ("Most layers first", "Fewest layers first"),
    "crops": ("Most crops first", "Fewest crops first"),
    "term": ("By term", "By term, from the last"),
    "classes": ("Most classes first", "Fewest classes first"),
}
"""Each word that something is sorted by, as people call it, from either end: the same in all lists."""

_FALLING = {"newest", "size", "datasets", "classes", "version", "segmentations", "layers", "crops"}
"""The words whose column is at its highest first."""

_LOOKS = {"grid": "Pictures", "list": "List", "table": "Table"}


@dataclass(frozen=True)
class Asked:
    """What an address asks of a list.

    Args:
        narrowed: each name with its value, as the address says it.
        first: the order of a list of which none is asked for.
        looks: the first is that of a list of which none is asked for.
        refused: the word of an order that a list of this length is not put in.
    """

    path: str
    narrowed: tuple[tuple[str, str], ...]
    sort: str
    first: str
    look: str
    looks: tuple[str, ...]
    refused: str = ""

    @property
    def is_table(self) -> bool:
        return self.look == "table"

    def url(self, *, without: tuple[str, str] | None = None, **more: str) -> str:
        """The same list, without one choice, with more said or something said otherwise; empty says nothing."""
        said = [it for it in self.narrowed if it != without]
        plain = {
            "sort": "" if self.sort == self.first else self.sort,
            "view": "" if self.look == self.looks[0] else self.look,
        } | more
        if plain["sort"] == self.first:
            plain["sort"] = ""
        query = urlencode([(name, value) for name, value in (*said, *plain.items()) if value])
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True)
class Heading:
    """The head of a column.

    Args:
        word: what the column is sorted by; empty where the list cannot be.
        url: the list, sorted by it; where it is, from the other end.
        does: that order, in words.
        direction: ``ascending`` or ``descending`` where the list is sorted by it.
    """

    label: str
    is_number: bool = False
    word: str = ""
    url: str = ""
    does: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Look:
    """A way that a list can look."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Bar:
    """What stands above a list: its orders and looks, and where it is a file.

    Args:
        said: what narrows the list, for forms that have no fields for it.
        view: the look, as the address says it.
        note: why the list is not in the order that was asked for.
    """

    path: str
    said: tuple[tuple[str, str], ...]
    view: str
    orders: tuple[Choice, ...]
    looks: tuple[Look, ...]
    csv_url: str
    json_url: str
    note: str


type Column = tuple[str, str] | tuple[str, str, bool]
"""A label, the word that the column is sorted by or nothing, and whether it has numbers."""


def read_asked(
    request: HttpRequest,
    orders: Orders,
    looks: tuple[str, ...] = ("table",),
    narrowed: Mapping[str, str] | None = None,
    *,
    is_long: bool = False,
) -> Asked:
    """What is asked of a list; ``is_long`` says that it is too long for orders that no index answers.

    Raises:
        QueryInvalid
    """
    sort = read_sort(request.GET.get("sort", ""), orders.words(), orders.first, turns=orders.words())
    is_refused = word_of(sort) not in orders.words(is_long=is_long)
    return Asked(
        path=request.path,
        narrowed=tuple((name, value) for name, value in (narrowed or {}).items() if value),
        sort=orders.first if is_refused else sort,
        first=orders.first,
        look=read_choice(request.GET, "view", *looks),
        looks=looks,
        refused=word_of(sort) if is_refused else "",
    )


def bar(asked: Asked, words: Iterable[str], *, among: str = "") -> Bar:
    """What stands above the list; ``words`` are those that it can be sorted by, ``among`` how many there are."""
    offered = dict.fromkeys([asked.first, *words, asked.sort])
    return Bar(
        path=asked.path,
        said=asked.narrowed,
        view="" if asked.look == asked.looks[0] else asked.look,
        # The first says nothing: words that are typed next bring the order of relevance with them.
        orders=tuple(Choice("" if it == asked.first else it, describe_sort(it), it == asked.sort) for it in offered),
        looks=tuple(
            Look(_LOOKS[it], asked.url(view="" if it == asked.looks[0] else it), it == asked.look)
            for it in asked.looks
            if len(asked.looks) > 1
        ),
        csv_url=asked.url(format="csv", view=""),
        json_url=asked.url(format="json", view=""),
        note=f"{among} are not sorted so: narrow the list first." if asked.refused else "",
    )


def headings(asked: Asked, words: Iterable[str], columns: Iterable[Column]) -> tuple[Heading, ...]:
    """The heads of ``columns``; those of ``words`` sort the list."""
    sortable = set(words)
    return tuple(_heading(asked, sortable, *column) for column in columns)


def _heading(asked: Asked, words: set[str], label: str, word: str, is_number: bool = False) -> Heading:
    if word not in words:
        return Heading(label, is_number)
    is_sorted = word_of(asked.sort) == word
    sort = turned(asked.sort) if is_sorted else word
    rises = (word not in _FALLING) != asked.sort.startswith("-")
    direction = ("ascending" if rises else "descending") if is_sorted else ""
    return Heading(label, is_number, word, asked.url(sort=sort), describe_sort(sort), direction)


def describe_sort(sort: str) -> str:
    """An order in words."""
    return _WORDS[word_of(sort)][sort.startswith("-")]


def neighbours(asked: Asked, page: Page[Any]) -> dict[str, str]:
    """Where the pages before and after are."""
    before = page.previous_page_number() if page.has_previous() else 0
    return {
        "newer_url": asked.url(page=str(before) if before > 1 else "") if before else "",
        "older_url": asked.url(page=str(page.next_page_number())) if page.has_next() else "",
    }
