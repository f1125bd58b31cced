"""Regions of ground truth, as one user may see them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from datasets.catalogue.models import Crop, CropCoverage, DatasetVersion, Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.queries.datasets import of_newest, with_version
from datasets.catalogue.queries.paging import rows_having
from datasets.catalogue.queries.visibility import Viewer

TOUCHING_NM = 1e-6


def visible_crops(user: Viewer) -> QuerySet[Crop]:
    """The crops of the newest versions that ``user`` may see, with what a list shows."""
    return with_content(Crop.objects.filter(of_newest(user)))


def crops_of(version: DatasetVersion) -> QuerySet[Crop]:
    """The crops of a version that the caller has found, by name."""
    return with_content(version.crops.order_by("name"))


def crops_with(crops: QuerySet[Crop], classes: Iterable[int], found: str) -> QuerySet[Crop]:
    """Those of which it is said of one of ``classes``, by their keys, that it was ``found`` so."""
    return rows_having(crops, CropCoverage.objects.filter(organelle__in=classes, found=found), "crop")


def with_content(crops: QuerySet[Crop]) -> QuerySet[Crop]:
    """With what a list shows of each."""
    return with_version(crops).select_related("space").prefetch_related("coverage__organelle")


def load_volumes_here() -> Prefetch[str]:
    """What is to be loaded of crops for :func:`volumes_around`."""
    volumes = Volume.objects.filter(external_url="").select_related("segmentation")
    return Prefetch("version__volumes", volumes.prefetch_related("segmentation__coverage__organelle"))


def volumes_around(crop: Crop) -> list[Volume]:
    """The volumes of the crop's version that reach into its box, and whose data the portal has, in the order of its
    page. Where the box lies in another space than theirs, the one people meet first, there are none."""
    if crop.space is not None and not crop.space.main:
        return []
    return [volume for volume in crop.version.volumes.all() if _meet(crop, volume)]


def _meet(crop: Crop, volume: Volume) -> bool:
    low, high = extent_nm(volume)
    box_low, box_high = (dict(zip("xyz", corner, strict=True)) for corner in crop.box_nm)
    # Sides such as 4.6 nm are not exact: what overlaps by less than this only touches.
    return bool(low) and all(min(high[it], box_high[it]) - max(low[it], box_low[it]) > TOUCHING_NM for it in low)
