"""Datasets as rows of a table: what is said of each in a few words, for as many as there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import Count, Model

from datasets.catalogue.models import Crop, DatasetFacet, DatasetVersion, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.paging import AT_ONCE


@dataclass(frozen=True)
class DatasetRow:
    """A dataset, by its newest version.

    Args:
        voxel_nm: x, y, z, as the acquisition says, else of the first image; none where neither does.
        organelles: the classes that are segmented or labelled, and what they are part of, by short name.
    """

    name: str
    version: int
    title: str
    published: dt.date
    organism: str
    ncbi_taxon: int | None
    sample: tuple[str, ...]
    treatment: tuple[str, ...]
    method: str
    voxel_nm: tuple[float, ...]
    layers: int
    crops: int
    organelles: tuple[str, ...]
    institution: tuple[str, ...]
    licence: str
    url: str


def dataset_rows(versions: Sequence[int]) -> Iterator[DatasetRow]:
    """The rows of newest versions that the caller may show, by their keys, in that order."""
    for keys in batched(versions, AT_ONCE):
        found = {it["pk"]: it for it in DatasetVersion.objects.filter(pk__in=keys).values(*_VALUES)}
        layers, crops = _count(Volume, keys), _count(Crop, keys)
        facets = _facets(it["dataset"] for it in found.values())
        voxels = _voxels([key for key, it in found.items() if None in _said(it)])
        for key in keys:
            if (version := found.get(key)) is not None:
                said = facets.get(version["dataset"], {})
                voxel = voxels.get(key) or _said(version)
                yield _row(version, voxel, layers.get(key, 0), crops.get(key, 0), said)


_VOXEL = tuple(f"acquisition__voxel_{axis}_nm" for axis in "xyz")
_VALUES = (
    *("pk", "dataset", "dataset__name", "number", "title", "frozen_at", "licence"),
    *("specimen__organism", "specimen__ncbi_taxon", "acquisition__method", *_VOXEL),
)


def _row(
    version: dict[str, Any], voxel: tuple[float | None, ...], layers: int, crops: int, facets: dict[str, list[str]]
) -> DatasetRow:
    return DatasetRow(
        name=version["dataset__name"],
        version=version["number"],
        title=version["title"],
        published=version["frozen_at"].date(),
        organism=version["specimen__organism"] or "",
        ncbi_taxon=version["specimen__ncbi_taxon"],
        sample=tuple(facets.get("sample", ())),
        treatment=tuple(facets.get("treatment", ())),
        method=version["acquisition__method"] or "",
        voxel_nm=tuple(side for side in voxel if side is not None),
        layers=layers,
        crops=crops,
        organelles=tuple(facets.get("organelle", ())),
        institution=tuple(facets.get("institution", ())),
        licence=version["licence"],
        url=f"/datasets/{version['dataset__name']}@{version['number']}/",
    )


def _said(version: dict[str, Any]) -> tuple[float | None, ...]:
    return tuple(version[name] for name in _VOXEL)


def _voxels(versions: Sequence[int]) -> dict[int, tuple[float, ...]]:
    """The finest voxels of the versions' first images."""
    found: dict[int, tuple[float, ...]] = {}
    images = Volume.objects.filter(version__in=versions, kind=Kind.EM).order_by("version", "rank", "path")
    for version, levels in images.values_list("version", "levels"):
        scale = levels[0]["scale_nm"] if levels else {}
        if version not in found and scale.keys() >= set("xyz"):
            found[version] = tuple(scale[axis] for axis in "xyz")
    return found


def _count(rows: type[Model], versions: Sequence[int]) -> dict[int, int]:
    counted: Any = rows._default_manager.filter(version__in=versions).order_by().values_list("version")
    return dict(counted.annotate(number=Count("pk")))


def _facets(datasets: Iterable[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = {}
    rows = DatasetFacet.objects.filter(dataset__in=list(datasets)).order_by("facet", "value")
    for dataset, facet, value in rows.values_list("dataset", "facet", "value"):
        found.setdefault(dataset, {}).setdefault(facet, []).append(value)
    return found
