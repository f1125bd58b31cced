"""Crops, segmentations, publications and models as rows of a table, for as many as there are; see `dataset_rows`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.addresses import doi_url, layer_url, web_url
from datasets.catalogue.models import Coverage, Crop, CropCoverage, Model, ModelVersion, Publication, Specimen, Volume
from datasets.catalogue.queries.models import count_made
from datasets.catalogue.queries.organelles import NEWEST_FIRST
from datasets.catalogue.queries.paging import AT_ONCE, rows_in_order
from datasets.catalogue.queries.publications import NamedPublication, group_publications, keys_by_title
from datasets.catalogue.queries.visibility import Viewer

type _Covered = list[Coverage] | list[CropCoverage]


@dataclass(frozen=True)
class CropRow:
    """A crop.

    Args:
        use: what a challenge keeps it for.
        space: the space that its box lies in; empty for the only one.
        voxel_nm, low_nm, high_nm: x, y, z; the corners are those of its outer voxels.
        shape: numbers of voxels, x, y, z.
        present, absent: the classes that were labelled, and that were looked for in vain, by short name.
    """

    dataset: str
    version: int
    crop: str
    title: str
    dataset_title: str
    use: str
    method: str
    space: str
    voxel_nm: tuple[float, ...]
    shape: tuple[int, ...]
    low_nm: tuple[float, ...]
    high_nm: tuple[float, ...]
    present: tuple[str, ...]
    absent: tuple[str, ...]
    labels_url: str
    image_url: str
    url: str


@dataclass(frozen=True)
class SegmentationRow:
    """A segmentation.

    Args:
        voxel_nm: x, y, z of its finest level; none where its data are kept elsewhere.
        organelles: the classes it shows, by short name.
        kept_at: where its data are, if not here.
    """

    dataset: str
    version: int
    path: str
    title: str
    dataset_title: str
    organism: str
    type: str
    method: str
    voxel_nm: tuple[float, ...]
    organelles: tuple[str, ...]
    kept_at: str
    url: str


@dataclass(frozen=True)
class PublicationRow:
    """A publication, with the names of the datasets that name it."""

    kind: str
    title: str
    citation: str
    doi: str
    datasets: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class ModelRow:
    """A model; ``layers`` are those that it made, in the newest versions that the caller may see."""

    name: str
    title: str
    architecture: str
    organization: str
    versions: tuple[str, ...]
    newest_released: dt.date | None
    layers: int
    licence: str
    code_url: str
    description: str
    url: str


def crop_rows(crops: QuerySet[Crop], most: int) -> Iterator[CropRow]:
    """The first ``most`` of crops that the caller may show, dataset by dataset, by name."""
    for crop in rows_in_order(crops, ("version_id", "name"), most):
        low, high = crop.box_nm
        covered = list(crop.coverage.all())
        chosen = urlencode({"dataset": crop.version.dataset.name, "crop": crop.name})
        yield CropRow(
            **_named(crop),
            crop=crop.name,
            title=crop.title,
            use=crop.use,
            method=crop.method,
            space=crop.space.name if crop.space else "",
            voxel_nm=crop.voxel_nm,
            shape=crop.shape,
            low_nm=low,
            high_nm=high,
            present=_classes(covered, Coverage.Found.PRESENT),
            absent=_classes(covered, Coverage.Found.ABSENT),
            labels_url=crop.labels_url,
            image_url=crop.image_url,
            url=f"{reverse('catalogue:crops')}?{chosen}",
        )


def segmentation_rows(volumes: QuerySet[Volume], most: int) -> Iterator[SegmentationRow]:
    """The first ``most`` of segmentations that the caller may show, with their cards, the newest first."""
    for volume in rows_in_order(volumes, NEWEST_FIRST, most):
        specimen: Specimen | None = getattr(volume.version, "specimen", None)
        scale = volume.levels[0]["scale_nm"] if volume.levels else {}
        yield SegmentationRow(
            **_named(volume),
            path=volume.path,
            title=volume.title,
            organism=specimen.organism if specimen else "",
            type=volume.segmentation.type,
            method=volume.segmentation.method,
            voxel_nm=tuple(scale[axis] for axis in "xyz" if axis in scale),
            organelles=_classes(list(volume.segmentation.coverage.all()), Coverage.Found.PRESENT),
            kept_at=volume.external_url,
            url=layer_url(volume.version, volume),
        )


def publication_rows(
    publications: QuerySet[Publication], chosen: QuerySet[Publication], most: int
) -> Iterator[PublicationRow]:
    """The first ``most`` of ``chosen``, by title, each with all of its datasets among ``publications``."""
    for keys in batched(keys_by_title(chosen)[:most], AT_ONCE):
        yield from map(_publication, group_publications(publications, keys))


def model_rows(models: QuerySet[Model], user: Viewer, most: int) -> Iterator[ModelRow]:
    """The first ``most`` of models that ``user`` may know of, by name."""
    rows = rows_in_order(models.prefetch_related("versions"), ("name",), most)
    for some in batched(rows, AT_ONCE):
        made = count_made(some, user)
        yield from (_model(it, made.get(it.pk, 0)) for it in some)


def _publication(group: list[NamedPublication]) -> PublicationRow:
    first = group[0]
    return PublicationRow(
        kind=first.kind,
        title=first.title,
        citation=next((it.citation for it in group if it.citation), ""),
        doi=first.doi,
        datasets=tuple(dict.fromkeys(it.dataset for it in group)),
        url=doi_url(first.doi) or web_url(first.url),
    )


def _model(model: Model, made: int) -> ModelRow:
    versions: list[ModelVersion] = sorted(model.versions.all(), key=lambda it: (-it.rank, it.label))
    return ModelRow(
        name=model.name,
        title=model.title,
        architecture=model.architecture,
        organization=model.organization.title if model.organization else "",
        versions=tuple(it.label for it in versions),
        newest_released=versions[0].released_on if versions else None,
        layers=made,
        licence=model.licence,
        code_url=web_url(model.code_url),
        description=model.description,
        url=reverse("catalogue:model", kwargs={"name": model.name}),
    )


def _named(row: Crop | Volume) -> dict[str, Any]:
    version = row.version
    return {"dataset": version.dataset.name, "version": version.number, "dataset_title": version.title}


def _classes(covered: _Covered, found: str) -> tuple[str, ...]:
    kept = sorted((it.organelle for it in covered if it.found == found), key=lambda it: it.rank)
    return tuple(it.short_name for it in kept)
