"""Sitemaps (sitemaps.org, 0.9): the address of every page that everyone may see, and when it changed last.

An index names parts of bounded length. Where a part of the datasets begins and ends is counted once for each state of
the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.http import RFC3986_SUBDELIMS

from datasets.catalogue.models import Collection, OrganelleClass, Task, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.queries.catalogue_state import catalogue_state
from datasets.catalogue.queries.datasets import NotFound, newest_seen
from datasets.catalogue.queries.models import visible_models
from datasets.catalogue.queries.people import visible_people

MOST_ADDRESSES = 20_000
"""In one sitemap. The format allows 50,000 and 50 MB, which so many of the longest addresses come near to."""

_MOST_SITEMAPS = 50_000  # in an index; no database counts as far as an address can

_LISTS = ("gallery", "datasets", "organelles", "crops", "publications", "models", "tasks", "collections", "api")
_ANY = "any"
_PLAIN = f"{RFC3986_SUBDELIMS}/~:@"  # as Django writes addresses
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

type Entry = tuple[str, datetime | None]
"""The path of a page, and when it changed last, where that is known."""


@dataclass(frozen=True)
class Part:
    """The newest versions, in the order of their keys, that one sitemap has: their pages, and their segmentations'."""

    first: int
    last: int
    changed: datetime


def sitemap_index(site_url: str) -> bytes:
    """``/sitemap.xml``: the address of every other sitemap, and when a page of it changed last."""
    entries: list[Entry] = [(reverse("catalogue:sitemap_pages"), None)]
    for number, part in enumerate(parts_of_datasets(*catalogue_state()), 1):
        entries.append((reverse("catalogue:sitemap_datasets", kwargs={"number": number}), part.changed))
    people = -(-visible_people(None).count() // MOST_ADDRESSES)
    entries += [(reverse("catalogue:sitemap_people", kwargs={"number": number + 1}), None) for number in range(people)]
    return _written("sitemapindex", "sitemap", entries, site_url)


def sitemap_pages(site_url: str) -> bytes:
    """Lists, and what stands beside datasets: organelle classes, models, tasks and collections."""
    return _written("urlset", "url", _pages(), site_url)


def sitemap_datasets(number: int, site_url: str) -> bytes:
    """The ``number``-th sitemap of datasets and their segmentations, from 1.

    Raises:
        NotFound: there are fewer.
    """
    parts = parts_of_datasets(*catalogue_state())
    if not 1 <= number <= len(parts):
        raise _absent(number)
    return _written("urlset", "url", _datasets(parts[number - 1]), site_url)


def sitemap_people(number: int, site_url: str) -> bytes:
    """The ``number``-th sitemap of people, from 1.

    Raises:
        NotFound: there are fewer.
    """
    people = visible_people(None).order_by("pk").values_list("pk", flat=True)
    is_possible = 1 <= number <= _MOST_SITEMAPS
    found = list(people[(number - 1) * MOST_ADDRESSES : number * MOST_ADDRESSES]) if is_possible else []
    if not found:
        raise _absent(number)
    entries = ((reverse("catalogue:person", kwargs={"number": pk}), None) for pk in found)
    return _written("urlset", "url", entries, site_url)


def _absent(number: int) -> NotFound:
    return NotFound("There are fewer sitemaps", where=str(number), fix="See /sitemap.xml")


@lru_cache(maxsize=1)
def parts_of_datasets(stamp: int | None, released: int) -> tuple[Part, ...]:
    """The sitemaps of datasets, in a state of the catalogue."""
    labels = Count("volumes", filter=Q(volumes__kind__in=LABEL_KINDS))
    rows = newest_seen(None).order_by("pk").values_list("pk", "frozen_at").annotate(labels=labels)
    parts: list[Part] = []
    size = 0
    for pk, frozen_at, count in rows:
        size += count + 1
        if not parts or size > MOST_ADDRESSES:
            parts.append(Part(pk, pk, frozen_at))
            size = count + 1
        else:
            parts[-1] = Part(parts[-1].first, pk, max(parts[-1].changed, frozen_at))
    return tuple(parts)


def _datasets(part: Part) -> Iterator[Entry]:
    versions = newest_seen(None).filter(pk__range=(part.first, part.last)).order_by("pk")
    changed: dict[int, datetime] = {}
    ways: dict[int, tuple[str, str]] = {}
    rows: Any = versions.values_list("pk", "dataset__name", "number", "frozen_at")
    for pk, name, number, frozen_at in rows:
        # Django takes 40 µs for an address: those of layers differ by their path alone.
        layer = reverse("catalogue:segmentation", kwargs={"ref": f"{name}@{number}", "path": _ANY})
        before, _, behind = layer.rpartition(_ANY)
        ways[pk], changed[pk] = (before, behind), frozen_at
        yield reverse("catalogue:dataset", kwargs={"ref": name}), frozen_at
    layers = Volume.objects.filter(version__in=versions.order_by().values("pk"), kind__in=LABEL_KINDS)
    left = MOST_ADDRESSES - len(ways)
    for pk, path in layers.order_by("version_id", "pk").values_list("version_id", "path")[:left]:
        if pk in ways:
            before, behind = ways[pk]
            yield f"{before}{quote(path, safe=_PLAIN)}{behind}", changed[pk]


def _pages() -> Iterator[Entry]:
    for name in _LISTS:
        yield reverse(f"catalogue:{name}"), None
    yield reverse("guides"), None
    classes = OrganelleClass.objects.order_by("rank").values_list("short_name", flat=True)
    named: tuple[tuple[str, Any], ...] = (
        ("model", visible_models(None)),
        ("task", Task.objects.order_by("name")),
        ("collection", Collection.objects.order_by("name")),
    )
    for short_name in classes:
        yield reverse("catalogue:organelle", kwargs={"short_name": short_name}), None
    for kind, rows in named:
        for name in rows.values_list("name", flat=True)[: MOST_ADDRESSES // 4]:
            yield reverse(f"catalogue:{kind}", kwargs={"name": name}), None


def _written(root: str, element: str, entries: Iterable[Entry], site_url: str) -> bytes:
    start = escape(site_url)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_NAMESPACE}">']
    for path, changed in entries:
        when = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{start}{escape(path)}</loc>{when}</{element}>")
    return "\n".join([*lines, f"</{root}>", ""]).encode()
