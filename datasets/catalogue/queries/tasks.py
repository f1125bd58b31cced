"""Tasks, each with the ground truth that one user may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, prefetch_related_objects

from datasets.catalogue.models import Crop, OrganelleClass, Task
from datasets.catalogue.queries.crops import with_content
from datasets.catalogue.queries.datasets import NotFound, published_versions, with_version
from datasets.catalogue.queries.visibility import Viewer


def visible_tasks(user: Viewer) -> QuerySet[Any]:
    """All tasks by name with their classes, each with its ``crop_count``, of those crops that ``user`` may see."""
    seen = Q(crops__version__in=published_versions(user).values("pk"))
    counted: QuerySet[Any] = tasks_with_classes().annotate(crop_count=Count("crops", filter=seen))
    return counted


def load_crops(user: Viewer) -> Prefetch[str]:
    """What is to be loaded of tasks for the crops that ``user`` may see to be named."""
    crops = Crop.objects.filter(version__in=published_versions(user).values("pk"))
    return Prefetch("crops", with_version(crops).order_by("version_id", "name"))


def crops_of_task(task: Task, user: Viewer) -> QuerySet[Crop]:
    """Its crops of published versions that ``user`` may see, with what a list shows."""
    return with_content(task.crops.filter(version__in=published_versions(user).values("pk")))


def tasks_with_classes() -> QuerySet[Task]:
    """All tasks by name, with their classes alone."""
    return Task.objects.order_by("name").prefetch_related(
        Prefetch("organelles", OrganelleClass.objects.order_by("rank"))
    )


def named_task(name: str) -> Task:
    """The task ``name``, with its classes alone.

    Raises:
        NotFound: there is none.
    """
    task: Task = _one(tasks_with_classes(), name)
    return task


def find_task(name: str, user: Viewer) -> Task:
    """The task ``name`` with its crops, as :func:`visible_tasks` counts them.

    Raises:
        NotFound: there is none.
    """
    task: Task = _one(visible_tasks(user), name)
    prefetch_related_objects([task], load_crops(user))
    return task


def _one(tasks: QuerySet[Any], name: str) -> Any:
    task = tasks.filter(name=name).first()
    if task is None:
        raise NotFound(f"No task is called {name!r}", where=name, fix="See /tasks/")
    return task
