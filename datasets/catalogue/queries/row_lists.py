"""Lists as rows of a table: what a page shows and what a file holds are the same rows, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
        found: what the caller may show, with the columns that ``orders`` name.
        write: makes the rows of some of these, for all of them together.
    """

    kind: type[Row]
    found: QuerySet[Any]
    orders: Orders
    write: Callable[[Sequence[Any]], Iterable[Row]]

    def page(self, sort: str, per_page: int, number: str | None, *, count: int | None = None) -> Page[Any]:
        """One page of what is :attr:`found`: the first where ``number`` is none, the last where it is behind that."""
        count = self.found.count() if count is None else count
        return LongList(self.found, self.orders.of(sort), per_page, count=count).get_page(number)

    def rows(self, sort: str, most: int) -> Iterator[Row]:
        """The first ``most`` rows in an order."""
        for some in batched(rows_in_order(self.found, self.orders.of(sort), most), AT_ONCE):
            yield from self.write(some)
