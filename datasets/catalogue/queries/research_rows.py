"""Crops, segmentations and publications as rows of a table, for as many as there are; see `dataset_rows`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.addresses import doi_url, layer_url, web_url
from datasets.catalogue.models import Coverage, Crop, CropCoverage, Publication, Specimen, Volume
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.organelles import NEWEST_FIRST
from datasets.catalogue.queries.paging import AT_ONCE
from datasets.catalogue.queries.publications import NamedPublication, group_publications, keys_in_order
from datasets.catalogue.queries.row_lists import RowList

CROP_ORDERS = Orders(
    {
        "newest": ("-version_id", "-name"),
        "name": ("name", "version_id"),
        "dataset": ("dataset_title", "version_id", "name"),
        "size": ("-size", "version_id", "name"),
        "resolution": ("voxel", "version_id", "name"),
        "use": ("use", "version_id", "name"),
    },
    first="-newest",
    indexed=["newest"],
)
"""Of a million crops only the order of the index is asked for: those of the version that was begun last first, or last.
Others are asked of so few that these can be counted."""

SEGMENTATION_ORDERS = Orders(
    {
        "newest": NEWEST_FIRST,
        "title": ("folded_title", "version_id", "path"),
        "dataset": ("dataset_title", "version_id", "path"),
        "organism": ("organism", "version_id", "path"),
        "kind": ("segmentation__type", "version_id", "path"),
        "method": ("segmentation__method", "version_id", "path"),
    },
    first="newest",
    indexed=["newest"],
)

MADE_ORDERS = Orders(
    {
        **SEGMENTATION_ORDERS.columns,
        "version": ("-model_rank", "model_label", "version_id", "path"),
        "run": ("run_name", "version_id", "path"),
    },
    first=SEGMENTATION_ORDERS.first,
    indexed=SEGMENTATION_ORDERS.indexed,
)

type _Covered = list[Coverage] | list[CropCoverage]

_SORTED_BY: dict[str, Any] = {
    "folded_title": Lower("title"),
    "dataset_title": Lower("version__title"),
    "organism": Coalesce("version__specimen__organism", Value("")),
}


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
class MadeRow(SegmentationRow):
    """A segmentation that a model made: by which of its versions, in which run."""

    model_version: str
    run: str


@dataclass(frozen=True)
class PublicationRow:
    """A publication, with the names of the datasets that name it."""

    kind: str
    title: str
    citation: str
    doi: str
    datasets: tuple[str, ...]
    url: str


def crop_list(crops: QuerySet[Crop]) -> RowList[CropRow]:
    """Crops that the caller may show, with what a list shows of each."""
    voxel = F("voxel_x_nm") * F("voxel_y_nm") * F("voxel_z_nm")
    sorted_by = {
        "dataset_title": Lower("version__title"),
        "size": voxel * F("shape_x") * F("shape_y") * F("shape_z"),
        "voxel": voxel,
    }
    return RowList(CropRow, crops, CROP_ORDERS, lambda some: map(_crop, some), sorted_by)


def segmentation_list(volumes: QuerySet[Volume]) -> RowList[SegmentationRow]:
    """Segmentations that the caller may show, with their cards."""
    return RowList(SegmentationRow, volumes, SEGMENTATION_ORDERS, lambda some: map(_segmentation, some), _SORTED_BY)


def made_list(volumes: QuerySet[Volume]) -> RowList[MadeRow]:
    """Segmentations that a model made and the caller may show, with their cards and runs."""
    version = "segmentation__run__model_version"
    sorted_by = _SORTED_BY | {
        "model_rank": F(f"{version}__rank"),
        "model_label": F(f"{version}__label"),
        "run_name": F("segmentation__run__name"),
    }
    return RowList(MadeRow, volumes, MADE_ORDERS, lambda some: map(_made, some), sorted_by)


def publication_rows(
    publications: QuerySet[Publication], chosen: QuerySet[Publication], sort: str, most: int
) -> Iterator[PublicationRow]:
    """The first ``most`` of ``chosen`` in an order, each with all of its datasets among ``publications``."""
    for keys in batched(keys_in_order(chosen, sort)[:most], AT_ONCE):
        yield from map(publication_row, group_publications(publications, keys))


def _crop(crop: Crop) -> CropRow:
    low, high = crop.box_nm
    covered = list(crop.coverage.all())
    chosen = urlencode({"dataset": crop.version.dataset.name, "crop": crop.name})
    return CropRow(
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


def _segmentation(volume: Volume) -> SegmentationRow:
    specimen: Specimen | None = getattr(volume.version, "specimen", None)
    scale = volume.levels[0]["scale_nm"] if volume.levels else {}
    return SegmentationRow(
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


def _made(volume: Volume) -> MadeRow:
    run = volume.segmentation.run
    assert run is not None, "what a model made was made in one of its runs"
    return MadeRow(**vars(_segmentation(volume)), model_version=run.model_version.label, run=run.name)


def publication_row(group: Sequence[NamedPublication]) -> PublicationRow:
    """One publication as all of its datasets name it."""
    first = group[0]
    return PublicationRow(
        kind=first.kind,
        title=first.title,
        citation=next((it.citation for it in group if it.citation), ""),
        doi=first.doi,
        datasets=tuple(dict.fromkeys(it.dataset for it in group)),
        url=doi_url(first.doi) or web_url(first.url),
    )


def _named(row: Crop | Volume) -> dict[str, Any]:
    version = row.version
    return {"dataset": version.dataset.name, "version": version.number, "dataset_title": version.title}


def _classes(covered: _Covered, found: str) -> tuple[str, ...]:
    kept = sorted((it.organelle for it in covered if it.found == found), key=lambda it: it.rank)
    return tuple(it.short_name for it in kept)
