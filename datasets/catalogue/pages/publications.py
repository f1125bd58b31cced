"""What the page of publications says, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from datasets.catalogue.addresses import doi_url, web_url
from datasets.catalogue.models import DatasetVersion, Publication
from datasets.catalogue.pages.list_tables import Cell, Column, Table, table_of
from datasets.catalogue.pages.parts import Choice
from datasets.catalogue.pages.sorting import Asked, Bar, bar
from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.publications import PUBLICATION_ORDERS, NamedPublication
from datasets.catalogue.queries.research_rows import PublicationRow, publication_row

DATASETS_SHOWN = 12
KIND_WORDS = {"paper": "Papers", "data": "Data", "software": "Software"}


@dataclass(frozen=True)
class DatasetLink:
    """A dataset by its title."""

    title: str
    url: str


@dataclass(frozen=True)
class PublicationEntry:
    """A publication, and the datasets that name it."""

    title: str
    url: str
    doi: str
    citation: str
    kind: str
    datasets: tuple[DatasetLink, ...]
    more: str


@dataclass(frozen=True)
class PublicationsPage:
    """One page of the list; ``kinds`` narrow it, as ``kind`` does where one is chosen."""

    count: str
    kind: str
    kinds: tuple[Choice, ...]
    bar: Bar
    entries: tuple[PublicationEntry, ...]
    table: Table | None
    newer_url: str
    older_url: str


_COLUMNS = (
    Column[PublicationRow](
        "Publication",
        lambda it: Cell(it.title, it.url, it.citation, is_external=True),
        "title",
        is_wide=True,
    ),
    Column[PublicationRow]("Kind", lambda it: Cell(str(Publication.Kind(it.kind).label)), "kind"),
    Column[PublicationRow]("DOI", lambda it: Cell(it.doi)),
    Column[PublicationRow]("Datasets", lambda it: Cell(f"{len(it.datasets):,}"), "datasets", is_number=True),
)


def publications_page(
    groups: Sequence[Sequence[NamedPublication]], asked: Asked, *, count: int, newer_url: str, older_url: str
) -> PublicationsPage:
    """The page of ``groups``, each of which is one publication as its datasets name it."""
    kind = dict(asked.narrowed).get("kind", "")
    words = PUBLICATION_ORDERS.words()
    return PublicationsPage(
        count=format_count(count, "publication"),
        kind=kind,
        kinds=tuple(Choice(value, words, value == kind) for value, words in KIND_WORDS.items()),
        bar=bar(asked, words),
        entries=() if asked.is_table else tuple(map(_entry, groups)),
        table=table_of(map(publication_row, groups), _COLUMNS, asked, words) if asked.is_table and groups else None,
        newer_url=newer_url,
        older_url=older_url,
    )


def dataset_link(version: DatasetVersion) -> DatasetLink:
    """The page of the dataset, as its title."""
    return _link(version.title, version.dataset.name)


def _entry(group: Sequence[NamedPublication]) -> PublicationEntry:
    first = group[0]
    named = list(dict.fromkeys((it.dataset_title, it.dataset) for it in group))
    return PublicationEntry(
        title=first.title,
        url=doi_url(first.doi) or web_url(first.url),
        doi=first.doi,
        citation=next((it.citation for it in group if it.citation), ""),
        kind=Publication.Kind(first.kind).label,
        datasets=tuple(_link(*it) for it in named[:DATASETS_SHOWN]),
        more=f"and {len(named) - DATASETS_SHOWN} more" if len(named) > DATASETS_SHOWN else "",
    )


def _link(title: str, name: str) -> DatasetLink:
    return DatasetLink(title, reverse("catalogue:dataset", kwargs={"ref": name}))
