"""What the pages of collections say, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from datasets.catalogue.addresses import doi_url, web_url
from datasets.catalogue.models import Collection
from datasets.catalogue.pages.gallery import GalleryCard
from datasets.catalogue.pages.parts import Fact
from datasets.catalogue.presentation import format_count


@dataclass(frozen=True)
class CollectionPage:
    """A collection and its datasets."""

    title: str
    name: str
    description: str
    facts: tuple[Fact, ...]
    count: str
    cards: tuple[GalleryCard, ...]
    newer_url: str
    older_url: str


def collection_page(
    collection: Collection,
    cards: Iterable[GalleryCard],
    *,
    count: int,
    newer_url: str,
    older_url: str,
) -> CollectionPage:
    """The page of ``collection``, with its datasets."""
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
        cards=tuple(cards),
        newer_url=newer_url,
        older_url=older_url,
    )
