"""Segmentations over all datasets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request

from datasets.catalogue.api.content import VolumeSerializer
from datasets.catalogue.api.filters import Filter, choice, dataset, exact, organelle
from datasets.catalogue.api.lists import Key, ListView, read_number, read_text
from datasets.catalogue.models import Coverage, Segmentation, Volume
from datasets.catalogue.queries.segmentations import visible_segmentations, volumes_with
from datasets.catalogue.queries.visibility import models_visible_to


def _present(rows: QuerySet[Volume], classes: Any) -> QuerySet[Volume]:
    return volumes_with(rows, classes, Coverage.Found.PRESENT)


def _absent(rows: QuerySet[Volume], classes: Any) -> QuerySet[Volume]:
    return volumes_with(rows, classes, Coverage.Found.ABSENT)


SEGMENTATION_FILTERS: tuple[Filter, ...] = (
    organelle(_present, description="That show the class, or what is part of it"),
    organelle(_absent, name="absent", parts=False, description="In which the class was looked for and not found"),
    choice("type", "segmentation__type", "Whose values mean this", Segmentation.Type.values),
    choice("method", "segmentation__method", "Made in this way", Segmentation.Method.values),
)


class AllSegmentations(ListView):
    """The volumes of all datasets whose values mean something, of the newest version of each: dataset by dataset."""

    serializer = VolumeSerializer
    order = (Key("version_id", read_number), Key("path", read_text))
    filters: ClassVar[tuple[Filter, ...]] = (
        dataset("version__dataset__name"),
        *SEGMENTATION_FILTERS,
        exact("model", "segmentation__run__model_version__model__name", "Made by the model of this name"),
    )

    def rows(self, request: Request, **named: Any) -> QuerySet[Volume]:
        rows = visible_segmentations(request.user)
        if "model" in request.query_params:  # who may not know of a model may not find it by what it made
            rows = rows.filter(segmentation__run__model_version__model__in=models_visible_to(request.user))
        return rows
