"""Publications over all datasets that one user may see: one for each DOI, address or title, with its datasets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, CharField, F, Min, QuerySet, Value, When
from django.db.models.functions import Lower

from datasets.catalogue.models import Publication
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.visibility import Viewer


def visible_publications(user: Viewer) -> QuerySet[Any]:
    """The publications of the newest versions that ``user`` may see, each with the ``key`` of those it is one with.

    DOIs are one whatever the case of their letters.
    """
    versions = newest_versions(user).order_by().values("pk")
    key = Case(
        When(doi="", url="", then=F("title")),
        When(doi="", then=F("url")),
        default=Lower("doi"),
        output_field=CharField(),
    )
    return Publication.objects.filter(version__in=versions).annotate(key=key)


def publication_keys(publications: QuerySet[Any]) -> QuerySet[Any]:
    """The different keys."""
    return publications.order_by().values("key").distinct()


def group_publications(publications: QuerySet[Any], keys: Iterable[str]) -> list[list[Publication]]:
    """For each key, the rows that it stands for, with their datasets. A key whose rows are gone meanwhile has none."""
    groups: dict[str, list[Publication]] = {key: [] for key in keys}
    rows = publications.filter(key__in=list(groups)).select_related("version__dataset")
    for row in rows.order_by("version__dataset__name", "rank", "pk"):
        groups[row.key].append(row)
    return [group for group in groups.values() if group]


def keys_by_title(publications: QuerySet[Any]) -> QuerySet[Any, Any]:
    """The different keys as people look for them: papers, data, software; by title in each."""
    ranks = {Publication.Kind.PAPER: 0, Publication.Kind.DATA: 1, Publication.Kind.SOFTWARE: 2}
    rank = Case(*(When(kind=kind, then=Value(rank)) for kind, rank in ranks.items()), default=Value(3))
    ordered: QuerySet[Any, Any] = (
        publications.order_by().values("key").annotate(first=Min(rank), name=Min(Lower("title")))
    )
    return ordered.order_by("first", "name", "key").values_list("key", flat=True)
