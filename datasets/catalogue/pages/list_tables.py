"""Rows as tables that look the same everywhere: of each row, which cells, under which heads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.pages.sorting import Asked, Heading, headings


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; ``below`` in small letters under it, ``colour`` as a dot before it."""

    text: str
    url: str = ""
    below: str = ""
    colour: str = ""
    is_external: bool = False
    is_species: bool = False


@dataclass(frozen=True)
class Column[Row]:
    """A column.

    Args:
        sort: the word by which it is sorted, if it is.
        is_wide: whether its text is long.
    """

    label: str
    cell: Callable[[Row], Cell]
    sort: str = ""
    is_number: bool = False
    is_wide: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its head."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[tuple[Cell, Column[Any]], ...], ...]
    """Each cell with its column."""


def table_of[Row](rows: Iterable[Row], columns: Sequence[Column[Row]], asked: Asked, words: Iterable[str]) -> Table:
    """The table of ``rows`` in a list that can be sorted by ``words``."""
    return Table(
        headings(asked, words, ((it.label, it.sort, it.is_number) for it in columns)),
        tuple(tuple((it.cell(row), it) for it in columns) for row in rows),
    )
