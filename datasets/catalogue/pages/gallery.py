"""What the gallery says, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, View
from datasets.catalogue.organelles import load_facts
from datasets.catalogue.pages.browsing import Browser
from datasets.catalogue.pages.layers import Dot, class_dot, class_dots, voxel_size
from datasets.catalogue.pages.parts import Stills, lead_of, specimen_of, stills_of
from datasets.catalogue.presentation import format_count, format_voxel
from datasets.catalogue.queries.dataset_cards import CardContent
from datasets.catalogue.queries.dataset_rows import DatasetRow
from datasets.catalogue.queries.organelles import OrganelleNode
from datasets.catalogue.queries.visibility import is_released
from datasets.catalogue.slices import Picture, picture_of


@dataclass(frozen=True)
class GalleryCard:
    """One dataset in the gallery."""

    title: str
    url: str
    organism: str
    sample: str
    lead: str
    voxel: str
    content: str
    """How many layers it has, and how much ground truth."""
    organelles: tuple[Dot, ...]
    stills: Stills
    is_elsewhere: bool
    is_public: bool


@dataclass(frozen=True)
class TableRow:
    """One dataset in the table."""

    title: str
    url: str
    row: DatasetRow
    voxel: str
    organelles: tuple[Dot, ...]


@dataclass(frozen=True)
class Place:
    """A curated view that is worth seeing."""

    title: str
    dataset_title: str
    url: str
    picture: Picture


@dataclass(frozen=True)
class GalleryPage:
    """A list of datasets, as cards or as rows, with what narrows it."""

    cards: tuple[GalleryCard, ...]
    rows: tuple[TableRow, ...]
    browser: Browser
    organelles: tuple[Dot, ...]
    places: tuple[Place, ...]
    count: str
    corrected: tuple[tuple[str, str], ...]
    newer_url: str
    older_url: str
    may_publish: bool

    @property
    def is_empty(self) -> bool:
        return not (self.cards or self.rows)


def gallery_page(
    cards: Iterable[GalleryCard],
    browser: Browser,
    organelles: Iterable[OrganelleNode] = (),
    *,
    rows: Iterable[DatasetRow] = (),
    places: Iterable[Place] = (),
    total: int,
    corrected: Mapping[str, Sequence[str]] | None = None,
    newer_url: str = "",
    older_url: str = "",
    may_publish: bool,
) -> GalleryPage:
    """The list of datasets, as ``cards`` or as ``rows``; the classes seen in all."""
    return GalleryPage(
        cards=tuple(cards),
        rows=tuple(map(table_row, rows)),
        browser=browser,
        organelles=tuple(class_dot(node.organelle) for node in organelles if node.total),
        places=tuple(places),
        count=format_count(total, "dataset"),
        corrected=tuple((said, " or ".join(words)) for said, words in (corrected or {}).items()),
        newer_url=newer_url,
        older_url=older_url,
        may_publish=may_publish,
    )


def places_in(views: Iterable[tuple[View, set[str]]], most: int) -> list[Place]:
    """Up to ``most`` views that have a picture, the first of each version before the second of any.

    Args:
        views: each with the names of its version's pictures.
    """
    by_version: dict[int, list[Place]] = {}
    for view, pictures in views:
        version = view.version
        if picture := picture_of(version, f"view-{view.name}", pictures):
            url = f"{reverse('catalogue:viewer', kwargs={'ref': str(version)})}?view={view.name}"
            by_version.setdefault(version.pk, []).append(Place(view.title, version.title, url, picture))
    rounds = zip_longest(*by_version.values())
    return [place for each in rounds for place in each if place is not None][:most]


def table_row(row: DatasetRow) -> TableRow:
    """A dataset in the table; of its classes the whole ones."""
    facts = {it.short_name: it for it in load_facts()}
    return TableRow(
        title=row.title,
        url=reverse("catalogue:dataset", kwargs={"ref": row.name}),
        row=row,
        voxel=voxel_of(row),
        organelles=tuple(class_dot(facts[it]) for it in row.organelles if it in facts and not facts[it].parent),
    )


def voxel_of(row: DatasetRow) -> str:
    """The voxel's size in words; empty where it is not known."""
    return format_voxel(dict(zip("xyz", row.voxel_nm, strict=True))) if row.voxel_nm else ""


def describe_content(layers: int, crops: int) -> str:
    """How many layers a dataset has, and how much ground truth."""
    said = [format_count(layers, "layer")] if layers or not crops else []
    return ", ".join([*said, format_count(crops, "crop")] if crops else said)


def gallery_card(version: DatasetVersion, content: CardContent, pictures: set[str]) -> GalleryCard:
    """A dataset in the gallery; ``pictures`` are the names of those there are."""
    return GalleryCard(
        title=version.title,
        url=reverse("catalogue:dataset", kwargs={"ref": version.dataset.name}),
        organism=specimen_of(version).organism,
        sample=specimen_of(version).sample,
        lead=lead_of(version)[0],
        voxel=voxel_size(content.image),
        content=describe_content(content.layers, content.crops),
        organelles=class_dots(content.organelles),
        stills=stills_of(version, content.image, pictures),
        is_elsewhere=not content.here and bool(content.layers or content.crops),
        is_public=is_released(version.dataset),
    )
