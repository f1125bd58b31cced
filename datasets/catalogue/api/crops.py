"""Ground truth over all datasets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request

from datasets.catalogue.api.content import CropSerializer
from datasets.catalogue.api.filters import Filter, choice, dataset, exact, organelle, voxel
from datasets.catalogue.api.lists import Key, ListView, read_number, read_text
from datasets.catalogue.models import Coverage, Crop, Segmentation
from datasets.catalogue.queries.crops import crops_with, visible_crops


def _present(rows: QuerySet[Crop], classes: Any) -> QuerySet[Crop]:
    return crops_with(rows, classes, Coverage.Found.PRESENT)


def _absent(rows: QuerySet[Crop], classes: Any) -> QuerySet[Crop]:
    return crops_with(rows, classes, Coverage.Found.ABSENT)


CROP_FILTERS: tuple[Filter, ...] = (
    organelle(_present, description="In which the class, or what is part of it, was labelled"),
    organelle(_absent, name="absent", parts=False, description="In which the class was looked for and not found"),
    choice("use", "use", "That a challenge keeps for this use", Crop.Use.values),
    choice("method", "method", "Labelled in this way", Segmentation.Method.values),
    exact("name", "name", "Of this name", pattern=r"[-a-zA-Z0-9_]+"),
    *voxel(""),
)


class AllCrops(ListView):
    """The ground truth of all datasets, of the newest version of each: dataset by dataset, by name."""

    serializer = CropSerializer
    order = (Key("version_id", read_number), Key("name", read_text))
    filters: ClassVar[tuple[Filter, ...]] = (dataset("version__dataset__name"), *CROP_FILTERS)

    def rows(self, request: Request, **named: Any) -> QuerySet[Crop]:
        return visible_crops(request.user)
