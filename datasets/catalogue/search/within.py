"""Segmentations and crops: found through the classes that a question names and the datasets that it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from datasets.catalogue.addresses import layer_url
from datasets.catalogue.models import Coverage, Crop, CropCoverage, SearchEntry, Volume
from datasets.catalogue.queries.crops import crops_with
from datasets.catalogue.queries.datasets import of_newest, with_version
from datasets.catalogue.queries.organelles import NEWEST_FIRST
from datasets.catalogue.queries.segmentations import volumes_with
from datasets.catalogue.search.classes import Reading
from datasets.catalogue.search.full_text import ABOUT, ABOUT_EXACTLY, ANYWHERE, TEXT, Ranked
from datasets.catalogue.search.hits import Group, Hit, Kind, make_group, said_of_entry
from datasets.catalogue.search.passages import reasons_for
from datasets.catalogue.search.questions import Question
from datasets.catalogue.search.searches import Search

MOST_DATASETS = 300
"""Of so many of the best datasets the rows are looked for."""


@dataclass(frozen=True)
class _Rows:
    """How a kind's rows are found.

    Args:
        all: every row, of whatever version.
        showing: those that show some classes, by their keys.
        coverage: which classes a row shows; ``owner``: the row, from there.
        order: of an index over all rows.
    """

    all: QuerySet[Any]
    showing: Callable[[QuerySet[Any], Sequence[int], str], QuerySet[Any]]
    coverage: QuerySet[Any]
    owner: str
    order: tuple[str, ...]


_ROWS = {
    "segmentation": _Rows(
        Volume.objects.filter(segmentation__isnull=False),
        volumes_with,
        Coverage.objects.all(),
        "segmentation__volume",
        NEWEST_FIRST,
    ),
    "crop": _Rows(Crop.objects.all(), crops_with, CropCoverage.objects.all(), "crop", ("version_id", "name")),
}


def group_within(kind: Kind, search: Search, most: int, start: int, count_to: int) -> Group:
    """The segmentations or crops of the classes that are named, in the datasets that the other words find; where no
    class is named, or there are none, those of the datasets that are about the question."""
    rows, reading = _ROWS[kind], search.reading
    keys = _keys(rows, search, reading, search.datasets_of_rest() if reading.rest.terms else [], count_to)
    if not keys and reading.classes and reading.rest.terms:
        reading = Reading((), Question((), {}), search.question)
        keys = _keys(rows, search, reading, search.ranked("dataset"), count_to)
    tier = ANYWHERE + 1  # found only because its dataset is: behind all else
    if reading.classes:
        tier = ABOUT if reading.begins else ABOUT_EXACTLY
    hits = tuple(_hits(kind, rows, reading, keys[start : start + most]))
    return make_group(kind, len(keys), tier, hits, count_to)


def _keys(rows: _Rows, search: Search, reading: Reading, datasets: Sequence[Ranked], count_to: int) -> list[int]:
    found = rows.all
    if reading.rest.terms:
        found = found.filter(version__in=[it.key for it in datasets if it.is_about][:MOST_DATASETS])
    else:
        found = found.filter(of_newest(search.user))
    if reading.classes:
        found = rows.showing(found, list(search.class_keys.values()), Coverage.Found.PRESENT)
    return list(found.order_by(*rows.order).values_list("pk", flat=True)[: count_to + 1])


def _hits(kind: Kind, rows: _Rows, reading: Reading, keys: Sequence[int]) -> Any:
    if not keys:
        return
    loaded = {it.pk: it for it in with_version(rows.all.model._default_manager.filter(pk__in=keys))}
    shown: dict[int, set[str]] = {key: set() for key in keys}
    if reading.classes:
        present = rows.coverage.filter(found=Coverage.Found.PRESENT, **{f"{rows.owner}__in": keys})
        for key, name in present.values_list(rows.owner, "organelle__short_name"):
            shown[key].add(name)
    entries = {}
    if reading.rest.terms:
        versions = {it.version_id for it in loaded.values()}
        rows_of = SearchEntry.objects.filter(kind="dataset", object_id__in=versions).select_related("text")
        entries = {it.object_id: it for it in rows_of}
    for key in keys:
        row = loaded.get(key)
        if row is None:
            continue
        why = next(
            (reasons_for(it.said, reading.named) for it in reading.classes if it.fact.short_name in shown[key]), ()
        )
        if entry := entries.get(row.version_id):
            about = [each for each in said_of_entry(entry) if each.weight != TEXT]
            why += reasons_for(about, reading.rest)
        dataset = row.version.dataset.name
        if isinstance(row, Volume):
            yield Hit(kind, key, f"{dataset}/{row.path}", row.title, layer_url(row.version, row), why)
        else:
            url = f"{reverse('catalogue:crops')}?{urlencode({'dataset': dataset})}"
            yield Hit(kind, key, f"{dataset}/{row.name}", str(row), url, why)
