"""Lists as rows of a table: what a page shows and what a file holds are the same rows, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet

from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.paging import AT_ONCE, LongList, rows_in_order


@dataclass(frozen=True)
class RowList[Row]:
    """A list.

    Args:
        kind: a dataclass whose fields are the columns of its file.
        found: what the caller may show.
        write: makes the rows of some of these, for all of them together.
        sorted_by: what ``orders`` name that is no column of ``found``: an order has what it names alone, since a table
            that is joined for another keeps the database from going through an index.
    """

    kind: type[Row]
    found: QuerySet[Any]
    orders: Orders
    write: Callable[[Sequence[Any]], Iterable[Row]]
    sorted_by: Mapping[str, Any] = field(default_factory=dict)

    def page(self, sort: str, per_page: int, number: str | None, *, count: int | None = None) -> Page[Any]:
        """One page of what is :attr:`found`: the first where ``number`` is none, the last where it is behind that."""
        count = self.found.count() if count is None else count
        return LongList(*self._ordered(sort), per_page, count=count).get_page(number)

    def rows(self, sort: str, most: int) -> Iterator[Row]:
        """The first ``most`` rows in an order."""
        for some in batched(rows_in_order(*self._ordered(sort), most), AT_ONCE):
            yield from self.write(some)

    def _ordered(self, sort: str) -> tuple[QuerySet[Any], tuple[str, ...]]:
        order = self.orders.of(sort)
        named = {it.lstrip("-") for it in order}
        return self.found.annotate(**{name: by for name, by in self.sorted_by.items() if name in named}), order
