"""Facets of datasets: which values each has, written down and read for all at once."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import connection

from datasets.catalogue.queries.lineages import Lineage
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

LONGEST_VALUE = 300


def facet_values(document: DatasetDocument, lineages: Mapping[int, Lineage]) -> Iterator[tuple[str, str]]:
    """The facets of a dataset with their values; of organelles also what they are part of."""
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


def write_facets(rows: Sequence[tuple[int, str, str]]) -> None:
    """Write dataset, facet and value; as rows without objects, of which there are some forty for each dataset."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO catalogue_datasetfacet (dataset_id, facet, value) VALUES (%s, %s, %s)", list(rows)
        )


def read_facets() -> Iterable[tuple[str, str, str]]:
    """Each value of each facet, with the keys of the datasets that have it, joined by commas."""
    keys = "group_concat(dataset_id)" if connection.vendor == "sqlite" else "string_agg(CAST(dataset_id AS text), ',')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT facet, value, {keys} FROM catalogue_datasetfacet GROUP BY facet, value")  # noqa: S608
        return list(cursor.fetchall())
