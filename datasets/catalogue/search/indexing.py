"""Keeping what the search and the facets are asked true. Actions call these within their own transactions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from datasets.catalogue import models
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import (
    Contribution,
    Dataset,
    DatasetFacet,
    Model,
    Person,
    Publication,
    SearchEntry,
    SearchSaid,
    SearchState,
    Task,
)
from datasets.catalogue.queries.datasets import newest_of
from datasets.catalogue.queries.lineages import organelle_lineages
from datasets.catalogue.search import full_text
from datasets.catalogue.search.documents import (
    Said,
    describe_class,
    load_datasets,
    said_of_collection,
    said_of_dataset,
    said_of_model,
    said_of_person,
    said_of_publication,
    said_of_task,
    words_by_field,
)
from datasets.catalogue.search.facets import LONGEST_VALUE, facet_values, write_facets
from datasets.catalogue.search.vocabulary import fingerprint

_RULES = 2
"""Of what is indexed, and how; a change of theirs makes all entries anew with the next migration."""

_AT_ONCE = 500
_BEGUN = datetime(2020, 1, 1, tzinfo=UTC)

type _Row = tuple[SearchEntry, list[Said]]


@transaction.atomic
def index_dataset(dataset: Dataset) -> None:
    """After another version of it became the newest, or none is left."""
    _lock()
    _index_datasets([dataset.pk])
    people = Contribution.objects.filter(version__dataset=dataset).values_list("person", flat=True)
    _index_people(set(people))


@transaction.atomic
def index_person(key: int) -> None:
    """After a person was changed or deleted."""
    _lock()
    _index_people([key])
    _index_datasets(_newest().filter(contributions__person=key).values_list("dataset", flat=True))


@transaction.atomic
def index_organization(key: int) -> None:
    """After an organization was changed or deleted."""
    _lock()
    _index_datasets(_newest().filter(affiliations__organization=key).values_list("dataset", flat=True))
    for kind in (SearchEntry.Kind.MODEL, SearchEntry.Kind.COLLECTION):
        _index_named(kind, _NAMED[kind][0]._default_manager.filter(organization=key).values_list("pk", flat=True))


@transaction.atomic
def index_named(kind: str, keys: Iterable[int] | None = None) -> None:
    """After models, collections or tasks were changed or deleted; None: whichever."""
    _lock()
    if keys is None:
        keys = {
            *_NAMED[kind][0]._default_manager.values_list("pk", flat=True),
            *SearchEntry.objects.filter(kind=kind).values_list("object_id", flat=True),
        }
    _index_named(kind, keys)


@transaction.atomic
def rebuild() -> int:
    """Make all anew. Returns the number of entries."""
    state = _lock()
    full_text.remove_all()
    for table in (SearchSaid, SearchEntry, DatasetFacet):
        rows: Any = table._default_manager.all()
        rows._raw_delete(rows.db)  # nothing else points to them
    for keys in batched(Dataset.objects.order_by("pk").values_list("pk", flat=True), _AT_ONCE):
        _write_datasets(keys)
    for keys in batched(Person.objects.order_by("pk").values_list("pk", flat=True), _AT_ONCE):
        _write(_people(keys))
    for named, rows_of in _NAMED.values():
        for keys in batched(named._default_manager.order_by("pk").values_list("pk", flat=True), _AT_ONCE):
            _write(rows_of(keys))
    state.fingerprint = _fingerprint()
    state.save()
    return SearchEntry.objects.count()


def refresh() -> None:
    """Make all anew where it was made by other rules, or not yet."""
    if SearchState.objects.values_list("fingerprint", flat=True).first() != _fingerprint():
        rebuild()


def _fingerprint() -> str:
    return hashlib.sha256(f"{_RULES} {fingerprint()}".encode()).hexdigest()


def _lock() -> SearchState:
    """One at a time: whoever waits sees what the one before has written. What processes keep of it is of no state of
    the catalogue any more."""
    bump_revision()
    SearchState.objects.get_or_create(id=1)
    return SearchState.objects.select_for_update().get(id=1)


def _index_datasets(keys: Iterable[int]) -> None:
    keys = sorted(set(keys))
    _remove(Q(dataset__in=keys))
    DatasetFacet.objects.filter(dataset__in=keys).delete()
    _write_datasets(keys)


def _index_people(keys: Iterable[int]) -> None:
    keys = list(keys)
    _remove(Q(kind=SearchEntry.Kind.PERSON, object_id__in=keys))
    _write(_people(keys))


def _index_named(kind: str, keys: Iterable[int]) -> None:
    keys = list(keys)
    _remove(Q(kind=kind, object_id__in=keys))
    _write(_NAMED[kind][1](keys))


def _remove(which: Q) -> None:
    entries = list(SearchEntry.objects.filter(which).values_list("pk", flat=True))
    full_text.remove(entries)
    SearchEntry.objects.filter(pk__in=entries).delete()


def _newest() -> Any:
    return newest_of(Dataset.objects.all())


def _write_datasets(datasets: Sequence[int]) -> None:
    lineages = organelle_lineages(with_synonyms=True)
    classes = {key: describe_class(line) for key, line in lineages.items()}
    versions = dict(_newest().filter(dataset__in=datasets).values_list("pk", "frozen_at"))
    rows: list[_Row] = []
    facets: list[tuple[int, str, str]] = []
    for document in load_datasets(list(versions)):
        version = document.version
        entry = _entry(
            SearchEntry.Kind.DATASET,
            version.pk,
            version.frozen_at,
            dataset_id=version.dataset_id,
            grouped_as=version.dataset_id,
            voxels=document.voxels,
            fineness=1000 / document.voxel_nm if document.voxel_nm else 0,
        )
        rows.append((entry, said_of_dataset(document, classes)))
        facets += [
            (version.dataset_id, facet, value[:LONGEST_VALUE]) for facet, value in facet_values(document, lineages)
        ]
    _write([*rows, *_publications(versions)])
    write_facets(facets)


def _publications(versions: dict[int, datetime]) -> Iterator[_Row]:
    for row in (
        Publication.objects.filter(version__in=list(versions))
        .select_related("version")
        .defer("version__record", "version__kept")
    ):
        entry = _entry(
            SearchEntry.Kind.PUBLICATION,
            row.pk,
            versions[row.version_id],
            dataset_id=row.version.dataset_id,
            grouped_as=_number(row.key),
        )
        yield entry, said_of_publication(row)


def _people(keys: Collection[int]) -> Iterator[_Row]:
    """Those who contributed to a newest version; others are known to nobody."""
    seen = Contribution.objects.filter(person=OuterRef("pk"), version__in=_newest().values("pk"))
    for person in Person.objects.filter(Exists(seen), pk__in=keys):
        yield _entry(SearchEntry.Kind.PERSON, person.pk, _BEGUN, grouped_as=person.pk), said_of_person(person)


def _models(keys: Collection[int]) -> Iterator[_Row]:
    for model in Model.objects.filter(pk__in=keys).select_related("organization").prefetch_related("versions"):
        entry = _entry(SearchEntry.Kind.MODEL, model.pk, model.created_at, grouped_as=model.pk)
        yield entry, said_of_model(model)


def _collections(keys: Collection[int]) -> Iterator[_Row]:
    for row in models.Collection.objects.filter(pk__in=keys).select_related("organization"):
        entry = _entry(SearchEntry.Kind.COLLECTION, row.pk, row.created_at, grouped_as=row.pk)
        yield entry, said_of_collection(row)


def _tasks(keys: Collection[int]) -> Iterator[_Row]:
    classes = _describe_classes()
    for task in Task.objects.filter(pk__in=keys).prefetch_related("organelles"):
        yield _entry(SearchEntry.Kind.TASK, task.pk, task.created_at, grouped_as=task.pk), said_of_task(task, classes)


_NAMED: dict[str, tuple[Any, Callable[[Collection[int]], Iterator[_Row]]]] = {
    SearchEntry.Kind.MODEL: (Model, _models),
    SearchEntry.Kind.COLLECTION: (models.Collection, _collections),
    SearchEntry.Kind.TASK: (Task, _tasks),
}
"""What has a name and is no dataset's: its table, and what makes its entries."""


def _describe_classes() -> dict[int, str]:
    return {key: describe_class(line) for key, line in organelle_lineages(with_synonyms=True).items()}


def _write(rows: Iterable[_Row]) -> None:
    rows = list(rows)
    SearchEntry.objects.bulk_create([entry for entry, _ in rows], batch_size=1000)
    SearchSaid.objects.bulk_create(
        [SearchSaid(entry=entry, said=[[it.weight, it.what, it.text] for it in said]) for entry, said in rows],
        batch_size=500,
    )
    full_text.write([(entry.pk, words_by_field(said)) for entry, said in rows])


def _entry(kind: str, key: int, at: datetime, **columns: Any) -> SearchEntry:
    number = full_text.entry_id(kind, int((at - _BEGUN).total_seconds()), key)
    return SearchEntry(id=number, kind=kind, object_id=key, **columns)


def _number(key: str) -> int:
    """A number for a publication's key, that no other has."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
