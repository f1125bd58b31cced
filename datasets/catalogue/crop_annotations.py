"""Crops as a layer of the viewer: a box for each region of ground truth, with its name and its classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Prefetch, Q, QuerySet

from datasets.catalogue.models import Crop, CropCoverage, DatasetVersion
from datasets.catalogue.presentation import format_list

LAYER = "ground-truth-crops"
TITLE = "Ground truth crops"
COLOUR = "#ffd166"

MOST_CROPS = 500
"""A state says of so many; a state with thousands of boxes is slow to read, and too long to be shared."""

_SHADER = "void main() {\n  setColor(defaultColor());\n  setBoundingBoxBorderWidth(2.0);\n}\n"


@dataclass(frozen=True)
class CropBox:
    """A crop as the viewer shows it; corners (x, y, z) in nm, voxels counted to their edges."""

    name: str
    title: str
    classes: str
    low_nm: tuple[float, float, float]
    high_nm: tuple[float, float, float]


def crop_boxes(version: DatasetVersion) -> list[CropBox]:
    """The crops of ``version`` in the space that people meet first, at most :data:`MOST_CROPS`, by name."""
    coverage = Prefetch("coverage", CropCoverage.objects.select_related("organelle").order_by("organelle__rank"))
    return [
        CropBox(crop.name, _title(crop), _classes(crop), *crop.box_nm)
        for crop in _placed(version).order_by("name").prefetch_related(coverage)[:MOST_CROPS]
    ]


def crop_count(version: DatasetVersion) -> int:
    """How many crops ``version`` has in the space that people meet first."""
    return _placed(version).count()


def has_crops(version: DatasetVersion) -> bool:
    """Whether ``version`` has a crop in the space that people meet first."""
    return _placed(version).exists()


def layer_name(paths: Sequence[str]) -> str:
    """The name of the layer of crops beside layers at ``paths``."""
    name = LAYER
    while name in paths:
        name += "-"
    return name


def crop_layer(boxes: Sequence[CropBox], *, name: str, visible: bool) -> dict[str, Any]:
    """A layer of local annotations, as JSON in the order and with the numbers with which Neuroglancer writes it."""
    return {
        "type": "annotation",
        "source": {
            "url": "local://annotations",
            "transform": {"outputDimensions": {axis: [1e-9, "m"] for axis in "xyz"}},
        },
        "annotationColor": COLOUR,
        "annotations": [
            {
                "pointA": _float32(box.low_nm),
                "pointB": _float32(box.high_nm),
                "type": "axis_aligned_bounding_box",
                "id": box.name,
                "description": " · ".join(filter(None, (box.title, box.classes))),
            }
            for box in boxes
        ],
        "shader": _SHADER,
        "name": name,
        **({} if visible else {"visible": False}),
    }


def bounds_nm(boxes: Sequence[CropBox]) -> tuple[dict[str, float], dict[str, float]] | None:
    """Low and high corner of all boxes together, by axis; ``None`` of none."""
    if not boxes:
        return None
    low = np.min([box.low_nm for box in boxes], axis=0)
    high = np.max([box.high_nm for box in boxes], axis=0)
    return dict(zip("xyz", low.tolist(), strict=True)), dict(zip("xyz", high.tolist(), strict=True))


def _placed(version: DatasetVersion) -> QuerySet[Crop]:
    return version.crops.filter(Q(space=None) | Q(space__main=True))


def _title(crop: Crop) -> str:
    return crop.title or f"Crop {crop.name}"


def _classes(crop: Crop) -> str:
    """Which classes are labelled in it, and which were looked for in vain."""
    by_found: dict[str, list[str]] = {}
    for coverage in crop.coverage.all():
        by_found.setdefault(coverage.found, []).append(coverage.organelle.long_name)
    present, absent = by_found.get("present", []), by_found.get("absent", [])
    words = [crop.get_use_display(), format_list(present), f"no {format_list(absent)}" if absent else ""]
    return " · ".join(filter(None, words))


def _float32(values: Sequence[float]) -> list[float]:
    return [float(np.float32(value)) for value in values]
