"""A page of a long list, so that it costs what a page costs and not what the list does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, Model, OuterRef, QuerySet

FEW = 5_000
"""So many rows are sorted as quickly as a page is found in a list of a million."""
AT_ONCE = 500
"""Rows that are loaded together where all are."""


@dataclass(frozen=True)
class Found[Row]:
    """Some rows of a list, their ``places`` in its order, and whether more follow.

    A row that went between the two questions has a place all the same: the list goes on behind it.
    """

    rows: list[Row]
    places: list[tuple[Any, ...]]
    is_more: bool


def first_rows[Row: Model](rows: QuerySet[Row], order: Sequence[str], most: int, start: int = 0) -> Found[Row]:
    """The ``most`` of ``rows`` from the one at ``start`` in an ``order``, which an index should have, with all that
    ``rows`` loads.

    Their keys are looked for first: as soon as a query loads other tables too, SQLite begins with one of those, and
    sorts the whole list for a page of it.
    """
    ordered = rows.order_by(*order).values_list("pk", *(name.lstrip("-") for name in order))
    keys = list(ordered[start : start + most + 1])
    found: Any = rows.filter(pk__in=[pk for pk, *_ in keys[:most]]).order_by(*order)
    return Found(list(found), [tuple(place) for _, *place in keys[:most]], len(keys) > most)


def rows_in_order[Row: Model](rows: QuerySet[Row], order: Sequence[str], most: int) -> Iterator[Row]:
    """The first ``most`` of ``rows`` in an ``order``, with all that ``rows`` loads, some at a time: for files.

    A row that goes meanwhile is left out.
    """
    keys = list(rows.order_by(*order).values_list("pk", flat=True)[:most])
    for some in batched(keys, AT_ONCE):
        found = rows.order_by().in_bulk(some)
        yield from (found[key] for key in some if key in found)


class LongList(Paginator):  # type: ignore[type-arg]  # only its stub has an argument
    """Pages of ``rows`` in an ``order``, each found by :func:`first_rows`; whoever makes it has counted them."""

    def __init__(self, rows: QuerySet[Any], order: Sequence[str], per_page: int, *, count: int) -> None:
        super().__init__(rows, per_page)
        self.rows, self.order = rows, order
        self.count = count  # in the place of the property that would count them

    def page(self, number: int | str) -> Page[Any]:
        valid = self.validate_number(number)
        found = first_rows(self.rows, self.order, self.per_page, (valid - 1) * self.per_page)
        return Page(found.rows, valid, self)


def rows_having[Row: Model](rows: QuerySet[Row], others: QuerySet[Any], owner: str) -> QuerySet[Row]:
    """Those of ``rows`` that one of ``others`` belongs to, by the path ``owner`` from there.

    Where there are few they are looked up, and where there are many each row is asked on the way through the list's
    order: the one would take long for what is common, the other for what is rare. No index tells a database which.
    """
    if others.order_by().values("pk")[: FEW + 1].count() > FEW:
        return rows.filter(Exists(others.filter(**{owner: OuterRef("pk")})))
    return rows.filter(pk__in=others.order_by().values(owner))
