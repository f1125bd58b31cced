"""A dataset's next version: revised from the newest, and frozen."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    Contribution,
    CoordinateSpace,
    Coverage,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    ExternalMesh,
    Mount,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    State,
    Transform,
    View,
    Volume,
)
from datasets.catalogue.records import Record, write_record
from datasets.catalogue.search.indexing import index_dataset
from datasets.volumes.errors import CisternaError

_SAID = ("title", "description", "licence", "credit", "keywords", "kept")

# The tables of a version's content, each with its foreign keys to rows of the version. A table stands behind those it
# points to.
CONTENT: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Mount, ("version",)),
    (Specimen, ("version",)),
    (SpecimenTerm, ("specimen",)),
    (Acquisition, ("version",)),
    (Contribution, ("version",)),
    (Affiliation, ("version",)),
    (Publication, ("version",)),
    (View, ("version",)),
    (CoordinateSpace, ("version",)),
    (Volume, ("version",)),
    (ExternalMesh, ("volume",)),
    (Transform, ("volume", "space")),
    (Segmentation, ("volume",)),
    (Coverage, ("segmentation",)),
    (Crop, ("version", "space")),
    (CropCoverage, ("crop",)),
)


class DraftExists(CisternaError):
    """A dataset has one draft at most."""

    slug = "draft-exists"
    status = 409
    title = "There is a draft already"


class NothingToRevise(CisternaError):
    """No version of the dataset has been published yet."""

    slug = "nothing-to-revise"
    status = 409
    title = "There is no published version"


@transaction.atomic
def revise(*, dataset: Dataset, by: AbstractBaseUser | None) -> DatasetVersion:
    """Copy everything the newest published version says into a draft. The caller has asked whether ``by`` may.

    Raises:
        DraftExists, NothingToRevise
    """
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if dataset.versions.filter(number=None).exists():
        raise DraftExists(
            "It was begun already", where=dataset.name, fix=f"Go on with /datasets/{dataset.name}@draft/, or delete it"
        )
    newest = dataset.versions.filter(state=State.PUBLISHED).order_by("-number").first()
    if newest is None:
        raise NothingToRevise("Publish its first version first", where=dataset.name)
    draft = DatasetVersion.objects.create(dataset=dataset, **{name: getattr(newest, name) for name in _SAID})
    copy_content(newest, draft)
    bump_revision()
    record_event(
        by=by,
        action="version.revise",
        subject=dataset.name,
        before={"version": str(newest)},
        after={"version": str(draft)},
    )
    return draft


@transaction.atomic
def freeze(*, draft: DatasetVersion, by: AbstractBaseUser | None, record: Record | None = None) -> DatasetVersion:
    """Number a draft and store its record; from now on it does not change. The caller has asked whether ``by`` may.

    Args:
        record: of the draft as it is, from a caller who has written it already.
    """
    dataset = Dataset.objects.select_for_update().get(pk=draft.dataset_id)
    assert hasattr(draft, "specimen"), "it says what was imaged"
    assert hasattr(draft, "acquisition"), "it says how"
    newest = dataset.versions.exclude(number=None).order_by("-number").first()
    draft.record, draft.record_digest = record or write_record(draft)
    draft.number = newest.number + 1 if newest and newest.number else 1
    draft.state, draft.frozen_at = State.PUBLISHED, timezone.now()
    draft.save()
    index_dataset(dataset)
    bump_revision()
    record_event(by=by, action="version.publish", subject=str(draft), after={"record_digest": draft.record_digest})
    return draft


def copy_content(source: DatasetVersion, target: DatasetVersion) -> None:
    """Copy the rows of ``source`` into ``target``, which has none: every table of :data:`CONTENT`."""
    copy_tables(source, target, tuple(_KEYS))


def copy_tables(source: DatasetVersion, target: DatasetVersion, tables: tuple[type[Model], ...]) -> None:
    """Copy the rows of some tables. Spaces that the rows are in are those of the same name in ``target``, and are
    copied where there is none."""
    copies: dict[tuple[type[Model], int], Model] = {(DatasetVersion, source.pk): target}
    if CoordinateSpace not in tables:
        copies.update(_spaces(source, target))
    for table, keys in CONTENT:
        if table not in tables:
            continue
        rows = list(content_of(source, table))
        olds = [row.pk for row in rows]
        for row in rows:
            row.pk = None
            row._state.adding = True
            for key in keys:
                if (old := getattr(row, f"{key}_id")) is not None:
                    setattr(row, key, copies[_parent(table, key), old])
        table._default_manager.bulk_create(rows, batch_size=500)
        copies.update({(table, old): row for old, row in zip(olds, rows, strict=True)})


def _spaces(source: DatasetVersion, target: DatasetVersion) -> dict[tuple[type[Model], int], Model]:
    there = {space.name: space for space in target.spaces.all()}
    pairs: dict[tuple[type[Model], int], Model] = {}
    for space in source.spaces.filter(crops__isnull=False).distinct():
        if space.name not in there:
            there[space.name] = CoordinateSpace.objects.create(
                version=target, name=space.name, title=space.title, description=space.description
            )
        pairs[CoordinateSpace, space.pk] = there[space.name]
    return pairs


def content_of[Row: Model](version: DatasetVersion, table: type[Row]) -> QuerySet[Row]:
    """The rows of one table of :data:`CONTENT` that belong to ``version``, in the order they were made."""
    path = ""
    parent: type[Model] = table
    while parent is not DatasetVersion:
        key = _KEYS[parent][0]
        path, parent = f"{path}__{key}" if path else key, _parent(parent, key)
    return table._default_manager.filter(**{path: version}).order_by("pk")


_KEYS = dict(CONTENT)


def _parent(table: type[Model], key: str) -> type[Model]:
    model = table._meta.get_field(key).related_model
    assert isinstance(model, type), "a foreign key of a loaded model"
    return model
