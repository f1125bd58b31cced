"""How lists are narrowed: each view declares its filters, and what a filter is not is refused by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.queries.lineages import organelle_lineages, with_parts
from datasets.catalogue.state_requests import QueryInvalid

type Narrow = Callable[[QuerySet[Any], Sequence[Any]], QuerySet[Any]]

LONGEST = 500
MOST_VALUES = 50
MOST_WHOLE = 2**31 - 1
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Filter:
    """A parameter that narrows a list.

    Args:
        name: of the parameter.
        description: what stays in the list.
        read: makes the value of its text; raises QueryInvalid.
        narrow: keeps the rows that have any of the values.
        schema: of one value, in JSON Schema's words.
        several: whether it may be given several times.
    """

    name: str
    description: str
    read: Callable[[str, str], Any]
    narrow: Narrow
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    several: bool = True

    def apply(self, rows: QuerySet[Any], texts: Sequence[str]) -> QuerySet[Any]:
        """The rows that stay.

        Raises:
            QueryInvalid: a value is none.
        """
        most = MOST_VALUES if self.several else 1
        if len(texts) > most:
            raise QueryInvalid("It is given too often", where=self.name, fix=f"Give it {most} times at most")
        return self.narrow(rows, [self.read(self.name, text) for text in texts])


def words(name: str, lookup: str | Callable[[str], Q], description: str, **schema: Any) -> Filter:
    """Rows whose text is the value, in any case of its letters."""

    def condition(value: str) -> Q:
        return lookup(value) if callable(lookup) else Q(**{f"{lookup}__iexact": value})

    return Filter(
        name, description, read_words, lambda rows, values: rows.filter(_any(map(condition, values))),
        {"type": "string", "minLength": 1, "maxLength": LONGEST, **schema},
    )  # fmt: skip


def exact(name: str, lookup: str | Callable[[Sequence[str]], Q], description: str, *, pattern: str = "") -> Filter:
    """Rows whose text is the value."""
    return Filter(
        name,
        description,
        lambda where, text: _matching(where, text, pattern) if pattern else read_words(where, text),
        lambda rows, values: rows.filter(_among(lookup, values)),
        {"type": "string", "minLength": 1, "maxLength": LONGEST, **({"pattern": f"^{pattern}$"} if pattern else {})},
    )


def dataset(lookup: str) -> Filter:
    """Rows of the named datasets."""
    return exact("dataset", lookup, "Of the dataset of this name", pattern=DATASET_NAME)


def choice(name: str, lookup: str | Callable[[Sequence[str]], Q], description: str, choices: Sequence[str]) -> Filter:
    """Rows that have one of a few words."""

    def read(where: str, text: str) -> str:
        if text not in choices:
            raise QueryInvalid(f"{text[:40]!r} is not known", where=where, fix=f"Known: {', '.join(choices)}")
        return text

    def narrow(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        return rows.filter(_among(lookup, values))

    return Filter(name, description, read, narrow, {"type": "string", "enum": list(choices)})


def whole(name: str, lookup: str, description: str, *, least: int = 0, most: int = MOST_WHOLE) -> Filter:
    """Rows that have, or are bounded by, a whole number."""

    def read(where: str, text: str) -> int:
        if not (re.fullmatch(r"[0-9]{1,10}", text) and least <= int(text) <= most):
            raise QueryInvalid(
                f"{text[:40]!r} cannot be", where=where, fix=f"Give a whole number from {least} to {most}"
            )
        return int(text)

    return Filter(
        name, description, read, lambda rows, values: rows.filter(**{lookup: values[0]}),
        {"type": "integer", "minimum": least, "maximum": most}, several=False,
    )  # fmt: skip


def length(name: str, lookups: Sequence[str], description: str) -> Filter:
    """Rows all of whose ``lookups`` hold for one length in nm."""

    def read(where: str, text: str) -> float:
        try:
            value = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not 0 < value < 1e12:
            raise QueryInvalid(f"{text[:40]!r} is no length", where=where, fix="Give a number of nm, such as 8")
        return value

    return Filter(
        name, description, read, lambda rows, values: rows.filter(**dict.fromkeys(lookups, values[0])),
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e12}, several=False,
    )  # fmt: skip


def voxel(prefix: str) -> tuple[Filter, Filter]:
    """Rows by the sides of their voxels."""
    sides = [f"{prefix}voxel_{axis}_nm" for axis in "xyz"]
    return (
        length("voxel_nm__lte", [f"{side}__lte" for side in sides], "No side of a voxel is longer, in nm"),
        length("voxel_nm__gte", [f"{side}__gte" for side in sides], "No side of a voxel is shorter, in nm"),
    )


def organelle(narrow: Narrow, *, name: str = "organelle", parts: bool = True, description: str) -> Filter:
    """Rows by organelle classes; ``narrow`` is given the keys of the classes, with everything that is part of them."""

    def keep(rows: QuerySet[Any], names: Sequence[str]) -> QuerySet[Any]:
        wanted = read_organelles(name, names)
        return narrow(rows, sorted(with_parts(wanted) if parts else wanted))

    return Filter(
        name, description, lambda where, text: text, keep,
        {"type": "string", "description": "Short name of a class, as /api/v1/organelles/ lists them"},
    )  # fmt: skip


def read_organelles(where: str, names: Sequence[str]) -> set[int]:
    """The keys of organelle classes, by their short names.

    Raises:
        QueryInvalid: there is no such class.
    """
    keys = {line[-1].short_name: line[-1].pk for line in organelle_lineages().values()} if names else {}
    for each in names:
        if each not in keys:
            shown = ", ".join(sorted(keys))
            raise QueryInvalid(f"{each[:40]!r} is no organelle class", where=where, fix=f"Known: {shown}")
    return {keys[each] for each in names}


def read_words(where: str, text: str) -> str:
    """Text as it may stand in a query.

    Raises:
        QueryInvalid: it is empty, too long, or holds what cannot be printed.
    """
    if not text or len(text) > LONGEST or _UNPRINTABLE.search(text):
        raise QueryInvalid("This is no text to look for", where=where, fix=f"Give 1 to {LONGEST} printable characters")
    return text


def _matching(where: str, text: str, pattern: str) -> str:
    if not re.fullmatch(pattern, read_words(where, text)):
        raise QueryInvalid(f"{text[:60]!r} cannot be a name here", where=where, fix=f"Names match {pattern}")
    return text


def _among(lookup: str | Callable[[Sequence[str]], Q], values: Sequence[str]) -> Q:
    return lookup(values) if callable(lookup) else Q(**{f"{lookup}__in": values})


def _any(conditions: Any) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found
