"""Publications over all datasets that one user may see: one for each DOI, address or title, with its datasets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Case, Count, Max, Min, QuerySet, Value, When
from django.db.models.functions import Lower

from datasets.catalogue.models import Publication
from datasets.catalogue.queries.datasets import of_newest
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.visibility import Viewer

_COLUMNS = (
    *("key", "kind", "doi", "url", "title", "citation"),
    *("version__number", "version__title", "version__dataset__name"),
)


_RANKS = {Publication.Kind.PAPER: 0, Publication.Kind.DATA: 1, Publication.Kind.SOFTWARE: 2}
_SORTED_BY = {
    "rank": Min(Case(*(When(kind=kind, then=Value(rank)) for kind, rank in _RANKS.items()), default=Value(3))),
    "name": Min(Lower("title")),
    "dataset_count": Count("version"),
    "newest": Max("version"),
}
PUBLICATION_ORDERS = Orders(
    {
        "kind": ("rank", "name", "key"),
        "title": ("name", "key"),
        "datasets": ("-dataset_count", "name", "key"),
        "newest": ("-newest", "name", "key"),
    },
    first="kind",
)
"""By kind as people look for them: papers, data, software; by title in each. The newest are those of the version that
was begun last."""


class NamedPublication(NamedTuple):
    """A publication as one version names it: a page of publications is of a thousand versions."""

    key: str
    kind: str
    doi: str
    url: str
    title: str
    citation: str
    number: int
    dataset_title: str
    dataset: str

    @property
    def version(self) -> str:
        """The version, as addresses name it."""
        return f"{self.dataset}@{self.number}"


def visible_publications(user: Viewer) -> QuerySet[Publication]:
    """The publications of the newest versions that ``user`` may see. Those of one ``key`` are one."""
    return Publication.objects.filter(of_newest(user))


def publication_keys(publications: QuerySet[Publication]) -> QuerySet[Any]:
    """The different keys."""
    return publications.order_by().values("key").distinct()


def group_publications(publications: QuerySet[Publication], keys: Iterable[str]) -> list[list[NamedPublication]]:
    """For each key, the rows that it stands for, with their datasets. A key whose rows are gone meanwhile has none."""
    groups: dict[str, list[NamedPublication]] = {key: [] for key in keys}
    rows = publications.filter(key__in=list(groups)).order_by("version__dataset__name", "rank", "pk")
    for row in map(NamedPublication._make, rows.values_list(*_COLUMNS)):
        groups[row.key].append(row)
    return [group for group in groups.values() if group]


def keys_in_order(publications: QuerySet[Publication], sort: str) -> QuerySet[Any, Any]:
    """The different keys, in one of :data:`PUBLICATION_ORDERS`."""
    columns = PUBLICATION_ORDERS.of(sort)
    needed = {name: it for name, it in _SORTED_BY.items() if {name, f"-{name}"} & set(columns)}
    ordered: QuerySet[Any, Any] = publications.order_by().values("key").annotate(**needed)
    return ordered.order_by(*columns).values_list("key", flat=True)
