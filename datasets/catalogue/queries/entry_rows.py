"""Models, collections, tasks, organelle classes, people and what these contributed to, as lists of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, DateField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse

from datasets.catalogue.addresses import web_url
from datasets.catalogue.models import CollectionMember, Contribution, Model, ModelVersion, OrganelleClass, Person, Task
from datasets.catalogue.queries.collections import all_collections
from datasets.catalogue.queries.datasets import newest_versions, of_newest
from datasets.catalogue.queries.models import count_made, visible_models
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.organelles import OrganelleNode
from datasets.catalogue.queries.people import known_people, visible_contributions
from datasets.catalogue.queries.row_lists import RowList
from datasets.catalogue.queries.tasks import tasks_with_classes
from datasets.catalogue.queries.visibility import Viewer

MODEL_ORDERS = Orders(
    {
        "title": ("folded_title", "name"),
        "architecture": ("folded_architecture", "name"),
        "organization": ("folded_organization", "name"),
        "newest": ("-released", "name"),
    },
    first="title",
)
"""Not by the number of layers: which of them the caller may see is asked of each, for a page of models alone."""

COLLECTION_ORDERS = Orders(
    {
        "title": ("folded_title", "name"),
        "organization": ("folded_organization", "name"),
        "datasets": ("-dataset_count", "name"),
    },
    first="title",
)
TASK_ORDERS = Orders({"title": ("folded_title", "name"), "classes": ("-class_count", "name")}, first="title")
PERSON_ORDERS = Orders({"name": ("name", "id")}, first="name")
"""As the index has it; how many datasets there are of each is counted for a page alone."""
ORGANELLE_ORDERS = Orders(
    {
        "listed": ("rank", "short_name"),
        "name": ("folded_name", "short_name"),
        "term": ("go_id", "rank", "short_name"),
        "segmentations": ("-segmentation_count", "rank", "short_name"),
        "datasets": ("-dataset_count", "rank", "short_name"),
    },
    first="listed",
)
CONTRIBUTION_ORDERS = Orders(
    {
        "dataset": ("dataset_title", "version_id"),
        "organization": ("folded_organization", "version_id"),
        "newest": ("-version_id",),
    },
    first="dataset",
)
"""Of one person, who is named once by each version."""

_BEFORE_ALL = dt.date(1, 1, 1)


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


@dataclass(frozen=True)
class CollectionRow:
    """A collection; ``datasets`` is the number of those that the caller may see."""

    name: str
    title: str
    organization: str
    datasets: int
    doi: str
    web_url: str
    description: str
    url: str


@dataclass(frozen=True)
class TaskRow:
    """A task with its classes, by short name."""

    name: str
    title: str
    classes: tuple[str, ...]
    description: str
    url: str


@dataclass(frozen=True)
class PersonRow:
    """A person; ``datasets`` is the number of those that the caller may see they contributed to."""

    name: str
    orcid: str
    datasets: int
    url: str


@dataclass(frozen=True)
class OrganelleRow:
    """A class of structures.

    Args:
        name, part_of: short names.
        segmentations: how many the caller may see that label it.
        datasets: how many they may see in which it, or a part of it, is segmented or is ground truth.
    """

    name: str
    title: str
    part_of: str
    go_id: str
    go_label: str
    synonyms: tuple[str, ...]
    colour: str
    segmentations: int
    datasets: int
    url: str


@dataclass(frozen=True)
class ContributionRow:
    """What someone did for a dataset, in CRediT's roles, and for whom; ``version`` is its newest."""

    dataset: str
    version: int | None
    dataset_title: str
    roles: tuple[str, ...]
    organization: str
    url: str


def model_list(user: Viewer) -> RowList[ModelRow]:
    """The models that ``user`` may know of."""
    newest = ModelVersion.objects.filter(model=OuterRef("pk")).order_by("-rank", "label").values("released_on")
    sorted_by = {
        "folded_title": Lower("title"),
        "folded_architecture": Lower("architecture"),
        "folded_organization": Lower(Coalesce("organization__title", Value(""))),
        "released": Coalesce(Subquery(newest[:1]), Value(_BEFORE_ALL, output_field=DateField())),
    }

    def write(models: Sequence[Model]) -> Iterator[ModelRow]:
        made = count_made(models, user)
        return (_model(it, made.get(it.pk, 0)) for it in models)

    found = visible_models(user).prefetch_related("versions")
    return RowList(ModelRow, found, MODEL_ORDERS, write, sorted_by)


def collection_list(user: Viewer) -> RowList[CollectionRow]:
    """All collections, each with the number of its datasets that ``user`` may see."""
    datasets = newest_versions(user).order_by().values("dataset")
    members = CollectionMember.objects.filter(collection=OuterRef("pk"), dataset__in=datasets).order_by()
    counted = members.values("collection").annotate(number=Count("pk")).values("number")
    found = all_collections().annotate(dataset_count=Coalesce(Subquery(counted), 0))
    sorted_by = {
        "folded_title": Lower("title"),
        "folded_organization": Lower(Coalesce("organization__title", Value(""))),
    }
    return RowList(CollectionRow, found, COLLECTION_ORDERS, lambda some: map(_collection, some), sorted_by)


def task_list() -> RowList[TaskRow]:
    """All tasks."""
    sorted_by = {"folded_title": Lower("title"), "class_count": Count("organelles")}
    return RowList(TaskRow, tasks_with_classes(), TASK_ORDERS, lambda some: map(_task, some), sorted_by)


def person_list(user: Viewer) -> RowList[PersonRow]:
    """Whoever contributed to a newest version that ``user`` may see."""

    def write(people: Sequence[Person]) -> Iterator[PersonRow]:
        seen = Contribution.objects.filter(of_newest(user), person__in=[it.pk for it in people]).order_by()
        counted = dict(seen.values_list("person").annotate(number=Count("pk")))
        return (_person(it, counted.get(it.pk, 0)) for it in people)

    return RowList(PersonRow, known_people(user), PERSON_ORDERS, write)


def organelle_list(tree: Iterable[OrganelleNode], datasets: Mapping[str, int]) -> RowList[OrganelleRow]:
    """All classes of a user's ``tree``; ``datasets`` counts those that they may see, by short name."""
    made = {node.organelle.short_name: node.segmentation_count for root in tree for node in root}

    def count(numbers: Mapping[str, int]) -> Case:
        known = (When(short_name=name, then=Value(numbers.get(name, 0))) for name in made)
        return Case(*known, default=Value(0))

    sorted_by = {
        "folded_name": Lower("long_name"),
        "segmentation_count": count(made),
        "dataset_count": count(datasets),
    }

    def write(some: Sequence[OrganelleClass]) -> Iterator[OrganelleRow]:
        return (_organelle(it, made.get(it.short_name, 0), datasets.get(it.short_name, 0)) for it in some)

    found = OrganelleClass.objects.select_related("parent")
    return RowList(OrganelleRow, found, ORGANELLE_ORDERS, write, sorted_by)


def contribution_list(person: Person, user: Viewer) -> RowList[ContributionRow]:
    """What ``person`` did for the newest versions that ``user`` may see."""
    sorted_by = {"dataset_title": Lower("version__title"), "folded_organization": Lower("organization")}
    found = visible_contributions(user).filter(person=person)
    return RowList(ContributionRow, found, CONTRIBUTION_ORDERS, lambda some: map(_contribution, some), sorted_by)


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


def _collection(it: Any) -> CollectionRow:
    return CollectionRow(
        name=it.name,
        title=it.title,
        organization=it.organization.title if it.organization else "",
        datasets=it.dataset_count,
        doi=it.doi,
        web_url=web_url(it.url),
        description=it.description,
        url=reverse("catalogue:collection", kwargs={"name": it.name}),
    )


def _task(task: Task) -> TaskRow:
    return TaskRow(
        name=task.name,
        title=task.title,
        classes=tuple(it.short_name for it in task.organelles.all()),
        description=task.description,
        url=reverse("catalogue:task", kwargs={"name": task.name}),
    )


def _person(person: Person, datasets: int) -> PersonRow:
    return PersonRow(
        name=person.name,
        orcid=person.orcid,
        datasets=datasets,
        url=reverse("catalogue:person", kwargs={"number": person.pk}),
    )


def _organelle(it: OrganelleClass, segmentations: int, datasets: int) -> OrganelleRow:
    return OrganelleRow(
        name=it.short_name,
        title=it.long_name,
        part_of=it.parent.short_name if it.parent else "",
        go_id=it.go_id,
        go_label=it.go_label,
        synonyms=tuple(it.synonyms),
        colour=it.colour,
        segmentations=segmentations,
        datasets=datasets,
        url=reverse("catalogue:organelle", kwargs={"short_name": it.short_name}),
    )


def _contribution(it: Contribution) -> ContributionRow:
    dataset = it.version.dataset.name
    return ContributionRow(
        dataset=dataset,
        version=it.version.number,
        dataset_title=it.version.title,
        roles=tuple(map(str, it.roles)),
        organization=it.organization,
        url=reverse("catalogue:dataset", kwargs={"ref": dataset}),
    )
