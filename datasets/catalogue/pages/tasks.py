"""What the pages of tasks say, as data: which classes are to be found, and in which ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.models import OrganelleClass, Task
from datasets.catalogue.pages.crops import CropTable
from datasets.catalogue.pages.layers import Dot, class_dot
from datasets.catalogue.pages.models import CropCount, crop_counts
from datasets.catalogue.queries.ground_truth import MOST_COUNTED


@dataclass(frozen=True)
class ClassRow:
    """A class of a task: in how many of its crops it was found, looked for and absent, and not annotated.

    ``rest`` is ``None`` where the crops are too many to be counted.
    """

    dot: Dot
    present: int
    absent: int
    rest: int | None


@dataclass(frozen=True)
class TaskPage:
    """A task."""

    title: str
    name: str
    description: str
    classes: tuple[ClassRow, ...]
    datasets: tuple[CropCount, ...]
    more: str
    table: CropTable


def task_page(
    task: Task,
    organelles: Sequence[OrganelleClass],
    table: CropTable,
    *,
    count: int,
    classes: Sequence[Mapping[str, Any]],
    datasets: Sequence[Mapping[str, Any]],
) -> TaskPage:
    """The page of ``task``; ``classes`` and ``datasets`` count its crops that can be seen."""
    shown, more = crop_counts(datasets)
    counted = {it["organelle"]: it for it in classes}
    return TaskPage(
        title=task.title,
        name=task.name,
        description=task.description,
        classes=tuple(_class(it, counted.get(it.pk, {}), count) for it in organelles),
        datasets=shown,
        more=more,
        table=table,
    )


def _class(organelle: OrganelleClass, counted: Mapping[str, Any], count: int) -> ClassRow:
    present, absent = counted.get("present", 0), counted.get("absent", 0)
    rest = None if count > MOST_COUNTED else max(0, count - present - absent)
    return ClassRow(class_dot(organelle), present, absent, rest)
