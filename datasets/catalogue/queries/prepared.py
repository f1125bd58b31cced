"""Queries of one shape that are asked often: Django makes their SQL once, and only the key in it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from django.db import connections
from django.db.models import Model, QuerySet

_ANY_KEY = 7_919_191_919_191_919_191
"""Stands for the key where SQL is made; no row has it."""


class Prepared[Row: Model]:
    """The rows that belong to one owner, by its key. To make the SQL takes longer than to ask it.

    Args:
        rows: in their order, with what is loaded in the same query; what is prefetched is not.
        owner: the path of fields from a row to its owner.
    """

    def __init__(self, rows: QuerySet[Row], owner: str) -> None:
        self._rows = rows.filter(**{owner: _ANY_KEY})
        self._made: dict[str, tuple[Any, str, Sequence[Any]]] = {}

    def of(self, key: int) -> list[Row]:
        """Those of the owner with this key. One query."""
        query: Any = _Asked(self, key)
        return list(QuerySet(self._rows.model, query))

    def made(self, using: str) -> tuple[Any, str, Sequence[Any]]:
        """Django's compiler, which knows what each column is, its SQL, and the parameters; for a kind of database."""
        vendor = connections[using].vendor
        if vendor not in self._made:
            compiler: Any = self._rows.query.get_compiler(using)
            sql, parameters = compiler.as_sql()
            compiler.connection = None  # it is one thread's, which may end
            self._made[vendor] = compiler, sql, parameters
        return self._made[vendor]


class _Asked:
    """What a queryset knows of its query: here, who runs it."""

    def __init__(self, prepared: Prepared[Any], key: int) -> None:
        self.prepared, self.key = prepared, key

    def get_compiler(self, using: str) -> Any:
        made, sql, parameters = self.prepared.made(using)
        compiler = copy(made)
        compiler.connection = connections[using]  # of this thread
        asked = sql, tuple(self.key if it == _ANY_KEY else it for it in parameters)
        compiler.as_sql = lambda: asked
        return compiler


def is_loaded(owner: Model, name: str) -> bool:
    """Whether the rows called ``name`` of ``owner`` are there."""
    return name in getattr(owner, "_prefetched_objects_cache", {})


def hand_over(rows: Iterable[Model], name: str, owners: Sequence[Model]) -> None:
    """Have each of ``owners``, one or more of one kind, find those of ``rows`` that are its own under ``name``, as what
    is prefetched is found."""
    field: Any = owners[0]._meta.get_field(name).remote_field
    found: dict[int, list[Model]] = defaultdict(list)
    for row in rows:
        found[getattr(row, field.attname)].append(row)
    for owner in owners:
        for row in found[owner.pk]:
            field.set_cached_value(row, owner)
        theirs = getattr(owner, name).get_queryset()
        theirs._result_cache, theirs._prefetch_done = found[owner.pk], True
        vars(owner).setdefault("_prefetched_objects_cache", {})[name] = theirs
