"""What the pages of organelle classes say, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.addresses import layer_url
from datasets.catalogue.models import OrganelleClass, Volume
from datasets.catalogue.organelles import load_facts
from datasets.catalogue.pages.crops import count_of_crops, crops_url
from datasets.catalogue.pages.entries import segmentation_columns
from datasets.catalogue.pages.layers import describe_values, voxel_size
from datasets.catalogue.pages.list_tables import Cell, Column, Table, table_of
from datasets.catalogue.pages.parts import go_url, specimen_of
from datasets.catalogue.pages.publications import DatasetLink, dataset_link
from datasets.catalogue.pages.sorting import Asked, Bar, bar
from datasets.catalogue.pictures import layer_picture
from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.catalogue.queries.entry_rows import ORGANELLE_ORDERS, OrganelleRow
from datasets.catalogue.queries.organelles import OrganelleNode, lineage
from datasets.catalogue.queries.research_rows import SEGMENTATION_ORDERS, SegmentationRow
from datasets.catalogue.queries.selections import layer_reference
from datasets.catalogue.slices import NO_PICTURE, Picture, picture_of

OTHERS_SHOWN = 48
_COLUMNS = (
    Column[OrganelleRow]("Class", lambda it: Cell(it.title, it.url, it.name, it.colour), "name", is_wide=True),
    Column[OrganelleRow]("Part of", lambda it: Cell(_long_name(it.part_of))),
    Column[OrganelleRow](
        "Gene Ontology",
        lambda it: Cell(it.go_id, go_url(it.go_id), it.go_label, is_external=True),
        "term",
        is_wide=True,
    ),
    Column[OrganelleRow]("Segmentations", lambda it: Cell(f"{it.segmentations:,}"), "segmentations", is_number=True),
    Column[OrganelleRow]("Datasets", lambda it: _datasets(it), "datasets", is_number=True),
)


@dataclass(frozen=True)
class OrganelleEntry:
    """A class in a list or a tree; ``count`` is 0 where nobody labelled it. The picture shows one of them."""

    name: str
    url: str
    colour: str
    count: int
    parts: tuple[OrganelleEntry, ...]
    picture: Picture


@dataclass(frozen=True)
class OrganellesPage:
    """All classes, each below what it is part of, or as a table."""

    bar: Bar
    entries: tuple[OrganelleEntry, ...]
    table: Table | None
    class_count: str
    segmentation_count: str


@dataclass(frozen=True)
class SegmentationCard:
    """A segmentation in pictures."""

    selected_as: str
    title: str
    url: str
    dataset_title: str
    organism: str
    type: str
    method: str
    voxel: str
    picture: Picture
    is_elsewhere: bool


@dataclass(frozen=True)
class OtherLayer:
    """A layer that is about a class and does not label it."""

    title: str
    url: str
    what: str
    dataset: DatasetLink


@dataclass(frozen=True)
class OrganellePage:
    """One class: what it is, and where it can be seen."""

    name: str
    short_name: str
    colour: str
    go_id: str
    go_label: str
    go_url: str
    synonyms: tuple[str, ...]
    whole: tuple[OrganelleEntry, ...]
    parts: tuple[OrganelleEntry, ...]
    count: str
    bar: Bar
    cards: tuple[SegmentationCard, ...]
    table: Table | None
    others: tuple[OtherLayer, ...]
    more_others: bool
    crop_count: str
    crops_url: str
    newer_url: str
    older_url: str


def organelles_page(
    tree: Sequence[OrganelleNode],
    asked: Asked,
    newest: Mapping[int, tuple[Volume, set[str]]],
    *,
    rows: Sequence[OrganelleRow],
) -> OrganellesPage:
    """The page of all classes; ``newest`` has by class a segmentation with the names of its version's pictures, or
    ``rows`` are where a table is asked for. The atlas has one order: that of the parts of a cell."""
    words = ORGANELLE_ORDERS.words() if asked.is_table else ()
    shown = {
        pk: picture_of(volume.version, layer_picture(volume.path), pictures)
        for pk, (volume, pictures) in newest.items()
    }
    return OrganellesPage(
        bar=bar(asked if asked.is_table else replace(asked, sort=asked.first), words),
        entries=() if asked.is_table else tuple(_entry(node, shown) for node in tree),
        table=table_of(rows, _COLUMNS, asked, words) if rows else None,
        class_count=format_count(sum(1 for root in tree for _ in root), "class", "classes"),
        segmentation_count=format_count(sum(root.total for root in tree), "segmentation"),
    )


def organelle_page(
    node: OrganelleNode,
    asked: Asked,
    volumes: Iterable[tuple[Volume, set[str]]],
    *,
    rows: Sequence[SegmentationRow],
    is_long: bool,
    others: Sequence[Volume],
    crop_count: int,
    newer_url: str,
    older_url: str,
) -> OrganellePage:
    """The page of one class; ``volumes`` are its segmentations, each with the names of its version's pictures, or
    ``rows`` are where a table is asked for.

    ``others`` are at most ``OTHERS_SHOWN`` + 1 layers that are about it, too; ``crop_count`` counts its ground truth.
    """
    organelle = node.organelle
    count = format_count(node.segmentation_count, "segmentation")
    words = SEGMENTATION_ORDERS.words(is_long=is_long)
    return OrganellePage(
        name=organelle.long_name,
        short_name=organelle.short_name,
        colour=organelle.colour,
        go_id=organelle.go_id,
        go_label=organelle.go_label,
        go_url=go_url(organelle.go_id),
        synonyms=tuple(organelle.synonyms),
        whole=tuple(_named(it) for it in lineage(organelle)),
        parts=tuple(_entry(child) for child in node.children),
        count=count,
        bar=bar(asked, words, among=count),
        cards=tuple(_card(volume, pictures) for volume, pictures in volumes),
        table=table_of(rows, segmentation_columns(), asked, words) if rows else None,
        others=tuple(
            OtherLayer(it.title, layer_url(it.version, it), describe_values(it), dataset_link(it.version))
            for it in others[:OTHERS_SHOWN]
        ),
        more_others=len(others) > OTHERS_SHOWN,
        crop_count=count_of_crops(crop_count) if crop_count else "",
        crops_url=crops_url(organelle=organelle.short_name),
        newer_url=newer_url,
        older_url=older_url,
    )


def _long_name(short_name: str) -> str:
    return next((it.long_name for it in load_facts() if it.short_name == short_name), short_name)


def _datasets(row: OrganelleRow) -> Cell:
    url = f"{reverse('catalogue:datasets')}?{urlencode({'organelle': row.name})}" if row.datasets else ""
    return Cell(f"{row.datasets:,}", url)


def _entry(node: OrganelleNode, pictures: Mapping[int, Picture] = MappingProxyType({})) -> OrganelleEntry:
    return _named(
        node.organelle,
        count=node.segmentation_count,
        parts=tuple(_entry(child, pictures) for child in node.children),
        picture=pictures.get(node.organelle.pk, NO_PICTURE),
    )


def _named(
    organelle: OrganelleClass, *, count: int = 0, parts: tuple[OrganelleEntry, ...] = (), picture: Picture = NO_PICTURE
) -> OrganelleEntry:
    return OrganelleEntry(
        name=organelle.long_name,
        url=reverse("catalogue:organelle", kwargs={"short_name": organelle.short_name}),
        colour=organelle.colour,
        count=count,
        parts=parts,
        picture=picture,
    )


def _card(volume: Volume, pictures: set[str]) -> SegmentationCard:
    version = volume.version
    segmentation = segmentation_of(volume)
    return SegmentationCard(
        selected_as=layer_reference(version, volume),
        title=volume.title,
        url=layer_url(version, volume),
        dataset_title=version.title,
        organism=specimen_of(version).organism,
        type=segmentation.get_type_display() if segmentation else "",
        method=segmentation.get_method_display() if segmentation else "",
        voxel=voxel_size(volume),
        picture=picture_of(version, layer_picture(volume.path), pictures),
        is_elsewhere=volume.is_external,
    )
