"""What the pages of collections say, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from datasets.catalogue.addresses import doi_url, web_url
from datasets.catalogue.models import Collection
from datasets.catalogue.pages.browsing import DATASET_COLUMNS
from datasets.catalogue.pages.gallery import GalleryCard, TableRow, table_row
from datasets.catalogue.pages.parts import Fact
from datasets.catalogue.pages.sorting import Asked, Bar, Heading, bar, headings
from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.dataset_rows import DatasetRow
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.search.shelf import SORTS

MEMBER_ORDERS = Orders(dict.fromkeys(("listed", *SORTS), ()), first="listed")
"""The collection's own order, and those of all lists of datasets."""


@dataclass(frozen=True)
class CollectionPage:
    """A collection and its datasets, as ``cards`` or as ``rows``."""

    title: str
    name: str
    description: str
    facts: tuple[Fact, ...]
    count: str
    bar: Bar
    cards: tuple[GalleryCard, ...]
    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]
    newer_url: str
    older_url: str


def collection_page(
    collection: Collection,
    asked: Asked,
    *,
    cards: Iterable[GalleryCard],
    rows: Iterable[DatasetRow],
    count: int,
    newer_url: str,
    older_url: str,
) -> CollectionPage:
    """The page of ``collection``, with its datasets as ``asked``."""
    facts = []
    if collection.organization:
        facts.append(Fact("By", collection.organization.title))
    if collection.doi:
        facts.append(Fact("DOI", collection.doi, doi_url(collection.doi)))
    if collection.url:
        facts.append(Fact("Web", collection.url, web_url(collection.url)))
    return CollectionPage(
        title=collection.title,
        name=collection.name,
        description=collection.description,
        facts=tuple(facts),
        count=format_count(count, "dataset"),
        bar=bar(asked, MEMBER_ORDERS.words()),
        cards=tuple(cards),
        headings=headings(asked, MEMBER_ORDERS.words(), DATASET_COLUMNS),
        rows=tuple(map(table_row, rows)),
        newer_url=newer_url,
        older_url=older_url,
    )
