"""What the page of the search says, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.organelles import load_facts
from datasets.catalogue.pages.gallery import describe_content, voxel_of
from datasets.catalogue.pages.parts import Stills, stills_of
from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.dataset_rows import DatasetRow
from datasets.catalogue.queries.visibility import is_released
from datasets.catalogue.search.hits import MOST_COUNTED, Found, Group, Hit, Kind
from datasets.catalogue.search.passages import Passage, Reason

_NOUNS: Mapping[Kind, str] = {
    "dataset": "dataset",
    "organelle": "organelle class",
    "segmentation": "segmentation",
    "crop": "crop",
    "model": "model",
    "publication": "publication",
    "person": "person",
    "collection": "collection",
    "task": "task",
}
_PLURALS = {"organelle class": "organelle classes", "person": "people"}
_OF_TITLE = ("title", "name")

EXAMPLES = ("mitochondria", "GO:0005794", "HeLa", "fruit fly", "cancer cell line")
"""Questions that show what can be asked."""


@dataclass(frozen=True)
class DatasetFound:
    """What stands beside a dataset that was found."""

    stills: Stills
    organism: str
    voxel: str
    content: str
    is_public: bool


@dataclass(frozen=True)
class FoundItem:
    """Something that was found: its title, and why, with the words asked for marked. A dataset has a picture."""

    title: Passage
    name: str
    url: str
    why: tuple[Reason, ...]
    colour: str
    dataset: DatasetFound | None


@dataclass(frozen=True)
class FoundGroup:
    """What was found of one kind; ``all_url`` leads to the others."""

    kind: Kind
    count: str
    items: tuple[FoundItem, ...]
    all_url: str


@dataclass(frozen=True)
class SearchPage:
    """An answer of the search. ``corrected``: a word, and what was read in its place."""

    text: str
    kind: str
    groups: tuple[FoundGroup, ...]
    corrected: tuple[tuple[str, str], ...]
    everything_url: str
    newer_url: str
    older_url: str
    examples: tuple[tuple[str, str], ...]


def search_page(
    text: str,
    found: Found,
    datasets: Mapping[int, DatasetFound],
    *,
    kind: str = "",
    page: int = 1,
    last: int = 1,
) -> SearchPage:
    """What was found for ``text``: some of each kind, or one ``page`` of ``last`` of one ``kind``.

    Args:
        datasets: what is said of those found, by the keys of their versions.
    """
    return SearchPage(
        text=text,
        kind=kind,
        groups=tuple(_group(it, text, datasets, whole=bool(kind)) for it in found.groups),
        corrected=tuple((said, " or ".join(words)) for said, words in found.corrected.items()),
        everything_url=search_url(text) if kind else "",
        newer_url=search_url(text, kind=kind, page=page - 1) if page > 1 else "",
        older_url=search_url(text, kind=kind, page=page + 1) if page < last else "",
        examples=tuple((it, search_url(it)) for it in EXAMPLES),
    )


def dataset_found(version: DatasetVersion, row: DatasetRow, pictures: set[str]) -> DatasetFound:
    """What stands beside a dataset, from its row in a table and the names of its pictures."""
    return DatasetFound(
        stills=stills_of(version, None, pictures),
        organism=row.organism,
        voxel=voxel_of(row),
        content=describe_content(row.layers, row.crops),
        is_public=is_released(version.dataset),
    )


def search_url(text: str, **more: str | int) -> str:
    """The search for ``text``."""
    return f"{reverse('catalogue:search')}?{urlencode({'q': text, **more})}"


def _group(group: Group, text: str, datasets: Mapping[int, DatasetFound], *, whole: bool) -> FoundGroup:
    noun = _NOUNS[group.kind]
    plural = _PLURALS.get(noun, f"{noun}s")
    count = f"More than {MOST_COUNTED:,} {plural}" if group.is_more else format_count(group.count, noun, plural)
    is_all = whole or group.count <= len(group.hits)
    return FoundGroup(
        kind=group.kind,
        count=count,
        items=tuple(_item(hit, datasets.get(hit.key)) for hit in group.hits),
        all_url="" if is_all else search_url(text, kind=group.kind),
    )


def _item(hit: Hit, dataset: DatasetFound | None) -> FoundItem:
    """A title that holds words asked for has them marked, and is no reason beside itself."""
    of_title = next((it for it in hit.why if it.what in _OF_TITLE and it.text == hit.title), None)
    title = of_title.passage if of_title else ((hit.title, False),)
    colours = {it.short_name: it.colour for it in load_facts()} if hit.kind == "organelle" else {}
    return FoundItem(
        title=title,
        name="" if hit.name == hit.title else hit.name,
        url=hit.url,
        why=tuple(it for it in hit.why if it is not of_title),
        colour=colours.get(hit.name, ""),
        dataset=dataset if hit.kind == "dataset" else None,
    )
