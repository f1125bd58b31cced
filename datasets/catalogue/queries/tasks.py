"""Tasks, each with the ground truth that one user may see."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from datasets.catalogue.models import Crop, OrganelleClass, Task
from datasets.catalogue.queries.crops import with_content
from datasets.catalogue.queries.datasets import NotFound, published_versions
from datasets.catalogue.queries.visibility import Viewer


def visible_tasks(user: Viewer) -> QuerySet[Task]:
    """All tasks by name, with their crops of published versions that ``user`` may see."""
    crops = Crop.objects.filter(version__in=published_versions(user).values("pk")).select_related("version__dataset")
    return Task.objects.order_by("name").prefetch_related(
        Prefetch("organelles", OrganelleClass.objects.order_by("rank")),
        Prefetch("crops", crops.order_by("version_id", "name")),
    )


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
    task = tasks_with_classes().filter(name=name).first()
    if task is None:
        raise NotFound(f"No task is called {name!r}", where=name, fix="See /tasks/")
    return task


def find_task(name: str, user: Viewer) -> Task:
    """The task ``name``.

    Raises:
        NotFound: there is none.
    """
    task = visible_tasks(user).filter(name=name).first()
    if task is None:
        raise NotFound(f"No task is called {name!r}", where=name, fix="See /api/v1/tasks/")
    return task
