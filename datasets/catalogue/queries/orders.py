"""The orders that lists can be in, by the words of their addresses: ``sort=title``, or ``sort=-title`` from its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from datasets.catalogue.state_requests import QueryInvalid


@dataclass(frozen=True)
class Orders:
    """What a list can be sorted by.

    Args:
        columns: by word, what the database orders by; all columns of a word together are unique.
        first: the order of a list of which none is asked for.
        indexed: the words that an index answers, so that a page costs the same in a list of any length; the others are
            for lists that are short enough to be sorted whole. ``None``: no such list is ever long.
    """

    columns: Mapping[str, tuple[str, ...]]
    first: str
    indexed: Collection[str] | None = field(default=None)

    def of(self, sort: str) -> tuple[str, ...]:
        """What the database orders by."""
        columns = self.columns[word_of(sort)]
        return tuple(map(turned, columns)) if sort.startswith("-") else columns

    def words(self, *, is_long: bool = False) -> tuple[str, ...]:
        """The words that a list can be sorted by."""
        return tuple(it for it in self.columns if not is_long or self.indexed is None or it in self.indexed)


def read_sort(text: str, words: Sequence[str], first: str, *, turns: Collection[str]) -> str:
    """The order that is asked for, ``first`` where none is; ``turns`` are the words that have another end.

    Raises:
        QueryInvalid: there is no such order.
    """
    sort = text or first
    known = (*words, *(f"-{it}" for it in words if it in turns))
    if sort not in known:
        raise QueryInvalid(f"{sort[:40]!r} is not known", where="sort", fix=f"Known: {', '.join(known)}")
    return sort


def word_of(sort: str) -> str:
    """What an order is by, from either end."""
    return sort.removeprefix("-")


def turned(name: str) -> str:
    """The same from the other end."""
    return name[1:] if name.startswith("-") else f"-{name}"
