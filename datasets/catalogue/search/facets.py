"""Facets of datasets: which values each has, and how many datasets have each.

Several values of one facet are *or*, several facets are *and*. A facet is counted without its own choice: what is
counted is what one would get by choosing that, too.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from datasets.catalogue.models import Dataset, DatasetFacet, RevisionStamp
from datasets.catalogue.queries.lineages import Lineage
from datasets.catalogue.queries.visibility import Viewer, count_released, opened_alone_to, visible_to
from datasets.catalogue.search.documents import DatasetDocument

FACETS = {
    "organism": "Organism",
    "sample": "Sample",
    "treatment": "Treatment",
    "organelle": "Organelle",
    "method": "Segmented by",
    "modality": "Imaged by",
    "voxel": "Voxel size",
    "ground_truth": "Ground truth",
    "licence": "Licence",
    "institution": "Institution",
    "year": "Year",
}
"""Each facet, as people call it."""

_VOXEL_NM = (4, 8, 16, 32)
VOXEL_RANGES = ("up to 4 nm", "4 to 8 nm", "8 to 16 nm", "16 to 32 nm", "over 32 nm")
"""By the longest side: the upper bound belongs to the range."""

type Chosen = Mapping[str, Collection[str]]
"""Values by facet."""


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet, and how many datasets have it."""

    value: str
    count: int
    is_chosen: bool


def facet_values(document: DatasetDocument, lineages: dict[int, Lineage]) -> Iterator[tuple[str, str]]:
    """The facets of a dataset with their values."""
    version = document.version
    specimen, acquisition = (getattr(version, name, None) for name in ("specimen", "acquisition"))
    said = [
        ("organism", specimen.organism if specimen else ""),
        *(("treatment" if kind == "treatment" else "sample", label) for kind, label in document.terms),
        *(("organelle", it.short_name) for key in document.labelled for it in lineages[key]),
        *(("method", method) for method in document.methods),
        ("modality", acquisition.method if acquisition else ""),
        ("ground_truth", "yes" if document.ground_truth else ""),
        ("licence", version.licence),
        *(("institution", title) for _, title in document.institutions),
        ("year", str(version.frozen_at.year)),
    ]
    if (side := document.voxel_nm) is not None:
        said.append(("voxel", VOXEL_RANGES[bisect.bisect_left(_VOXEL_NM, side)]))
    yield from dict.fromkeys((facet, value) for facet, value in said if value)


def having(datasets: QuerySet[Dataset], chosen: Chosen) -> QuerySet[Dataset]:
    """Those of ``datasets`` that have one of the chosen values of each facet."""
    for facet, values in chosen.items():
        if values:
            datasets = datasets.filter(Exists(_rows(facet, values).filter(dataset=OuterRef("pk"))))
    return datasets


def count_facets(user: Viewer, chosen: Chosen, found: QuerySet[Any] | None = None) -> dict[str, list[FacetValue]]:
    """For each facet its values among the datasets that ``user`` may see, the most frequent first.

    Args:
        found: keys of the datasets among which is counted, as a query; None: all.
    """
    chosen = {facet: values for facet, values in chosen.items() if values}
    if found is None and not chosen:
        return _listed(_count_all(user), chosen)
    datasets = visible_to(user)
    if found is not None:
        datasets = datasets.filter(pk__in=found)
    counts = _count(having(datasets, chosen))
    for facet in chosen:
        others = {other: values for other, values in chosen.items() if other != facet}
        counts = {key: number for key, number in counts.items() if key[0] != facet}
        counts |= _count(having(datasets, others), facet)
    return _listed(counts, chosen)


type _Counts = dict[tuple[str, str], int]


def _count_all(user: Viewer) -> _Counts:
    """Of all that ``user`` may see; what everyone may see is counted once for each state of the catalogue."""
    stamp = RevisionStamp.objects.values_list("value", flat=True).first()
    counts = dict(released_facets(stamp, count_released()))
    for key, number in _count(opened_alone_to(user)).items():
        counts[key] = counts.get(key, 0) + number
    return counts


@lru_cache(maxsize=1)
def released_facets(stamp: int | None, released: int) -> _Counts:
    """Of the datasets that are open to everyone. The stamp changes with them, but not when an embargo ends."""
    return _count(visible_to(None))


def _count(datasets: QuerySet[Dataset], facet: str = "") -> _Counts:
    rows = DatasetFacet.objects.filter(dataset__in=datasets.order_by().values("pk"))
    rows = rows.filter(facet=facet) if facet else rows
    counted: Any = rows.order_by().values_list("facet", "value").annotate(number=Count("pk"))
    return {(name, value): number for name, value, number in counted}


def _rows(facet: str, values: Collection[str]) -> QuerySet[DatasetFacet]:
    return DatasetFacet.objects.filter(facet=facet, value__in=values)


def _listed(counts: _Counts, chosen: Chosen) -> dict[str, list[FacetValue]]:
    listed: dict[str, list[FacetValue]] = {facet: [] for facet in FACETS}
    for (facet, value), number in counts.items():
        listed[facet].append(FacetValue(value, number, value in chosen.get(facet, ())))
    for facet, values in chosen.items():  # a choice that nothing has is shown, to be taken back
        there = {it.value for it in listed[facet]}
        listed[facet] += [FacetValue(value, 0, True) for value in values if value not in there]
    for found in listed.values():
        found.sort(key=lambda it: (-it.count, it.value))
    listed["voxel"].sort(key=lambda it: VOXEL_RANGES.index(it.value) if it.value in VOXEL_RANGES else 99)
    listed["year"].sort(key=lambda it: it.value, reverse=True)
    return listed
