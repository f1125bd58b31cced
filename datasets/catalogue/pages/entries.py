"""What the lists of models, collections, tasks and people say, and those on their pages, as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from datasets.catalogue.models import Segmentation
from datasets.catalogue.pages.list_tables import Cell, Column, Table, table_of
from datasets.catalogue.pages.sorting import Asked, Bar, bar
from datasets.catalogue.presentation import format_count, format_date, format_voxel
from datasets.catalogue.queries.entry_rows import (
    COLLECTION_ORDERS,
    CONTRIBUTION_ORDERS,
    MODEL_ORDERS,
    PERSON_ORDERS,
    TASK_ORDERS,
    CollectionRow,
    ContributionRow,
    ModelRow,
    PersonRow,
    TaskRow,
)
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.research_rows import MADE_ORDERS, MadeRow, SegmentationRow

_TYPES, _METHODS = dict(Segmentation.Type.choices), dict(Segmentation.Method.choices)


@dataclass(frozen=True)
class Entry:
    """Something in a list: a model, a task, a collection."""

    title: str
    url: str
    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ListKind[Row]:
    """A list with pages of one form.

    Args:
        lead: what it is, in a sentence.
        empty: what is said where nothing is in it.
        before: what stands before its number.
        entry: a row as people read it; ``None``: there is only the table.
    """

    name: str
    noun: str
    orders: Orders
    columns: tuple[Column[Row], ...]
    entry: Callable[[Row], Entry] | None
    lead: str = ""
    empty: str = ""
    before: str = ""

    @property
    def looks(self) -> tuple[str, ...]:
        return ("list", "table") if self.entry else ("table",)


@dataclass(frozen=True)
class EntriesPage:
    """A page of such a list; of ``entries`` and ``table`` there is one."""

    name: str
    lead: str
    empty: str
    count: str
    bar: Bar
    entries: tuple[Entry, ...]
    table: Table | None
    newer_url: str
    older_url: str


def entries_page[Row](
    kind: ListKind[Row],
    rows: Sequence[Row],
    asked: Asked,
    *,
    count: int,
    is_long: bool = False,
    newer_url: str,
    older_url: str,
) -> EntriesPage:
    """One page of the list of that kind, as it was asked for; ``is_long`` says what :func:`.read_asked` was told."""
    words = kind.orders.words(is_long=is_long)
    number = format_count(count, kind.noun, kind.name)
    return EntriesPage(
        name=kind.name,
        lead=kind.lead,
        empty=kind.empty,
        count=f"{kind.before} {number}".strip(),
        bar=bar(asked, words, among=number),
        entries=() if asked.is_table or not kind.entry else tuple(map(kind.entry, rows)),
        table=table_of(rows, kind.columns, asked, words) if asked.is_table and rows else None,
        newer_url=newer_url,
        older_url=older_url,
    )


def segmentation_columns[Row: SegmentationRow]() -> tuple[Column[Row], ...]:
    """What stands in every list of segmentations."""
    return (
        Column("Segmentation", lambda it: Cell(it.title, it.url), "title", is_wide=True),
        Column(
            "Dataset",
            lambda it: Cell(it.dataset_title, reverse("catalogue:dataset", kwargs={"ref": it.dataset})),
            "dataset",
            is_wide=True,
        ),
        Column("Organism", lambda it: Cell(it.organism, is_species=True), "organism"),
        Column("What it is", lambda it: Cell(str(_TYPES.get(it.type, it.type))), "kind"),
        Column("Made by", lambda it: Cell(str(_METHODS.get(it.method, it.method))), "method"),
        Column(
            "Voxel",
            lambda it: Cell(format_voxel(dict(zip("xyz", it.voxel_nm, strict=True))) if len(it.voxel_nm) == 3 else ""),
        ),
    )


def _model(row: ModelRow) -> Entry:
    made = format_count(row.layers, "layer") if row.layers else ""
    return Entry(row.title, row.url, row.description, tuple(filter(None, (row.architecture, made))))


def _collection(row: CollectionRow) -> Entry:
    return Entry(row.title, row.url, row.description, (format_count(row.datasets, "dataset"),))


def _task(row: TaskRow) -> Entry:
    return Entry(row.title, row.url, row.description, (format_count(len(row.classes), "class", "classes"),))


def _contribution(row: ContributionRow) -> Entry:
    return Entry(row.dataset_title, row.url, "", tuple(filter(None, (", ".join(row.roles), row.organization))))


MODELS = ListKind[ModelRow](
    name="models",
    noun="model",
    lead="What segmentations here were made with: which ground truth each model was trained on, and what it made.",
    empty="Nothing that is open to you says which model made it.",
    orders=MODEL_ORDERS,
    columns=(
        Column("Model", lambda it: Cell(it.title, it.url, it.name), "title", is_wide=True),
        Column("Architecture", lambda it: Cell(it.architecture), "architecture"),
        Column("By", lambda it: Cell(it.organization), "organization", is_wide=True),
        Column("Versions", lambda it: Cell(", ".join(it.versions))),
        Column(
            "Newest released",
            lambda it: Cell(format_date(it.newest_released) if it.newest_released else ""),
            "newest",
        ),
        Column("Layers made", lambda it: Cell(f"{it.layers:,}"), is_number=True),
        Column("Licence", lambda it: Cell(it.licence)),
    ),
    entry=_model,
)
COLLECTIONS = ListKind[CollectionRow](
    name="collections",
    noun="collection",
    lead="Datasets that belong together: a paper's, a challenge's.",
    empty="Nobody has put datasets together here.",
    orders=COLLECTION_ORDERS,
    columns=(
        Column("Collection", lambda it: Cell(it.title, it.url, it.name), "title", is_wide=True),
        Column("By", lambda it: Cell(it.organization), "organization", is_wide=True),
        Column("Datasets", lambda it: Cell(f"{it.datasets:,}"), "datasets", is_number=True),
        Column("DOI", lambda it: Cell(it.doi)),
    ),
    entry=_collection,
)
TASKS = ListKind[TaskRow](
    name="tasks",
    noun="task",
    lead="What models are compared by: organelles to find, and the ground truth to find them in.",
    empty="Nobody has set a task here.",
    orders=TASK_ORDERS,
    columns=(
        Column("Task", lambda it: Cell(it.title, it.url, it.name), "title", is_wide=True),
        Column("Classes", lambda it: Cell(f"{len(it.classes):,}"), "classes", is_number=True),
        Column("Which", lambda it: Cell(", ".join(it.classes)), is_wide=True),
    ),
    entry=_task,
)
PEOPLE = ListKind[PersonRow](
    name="people",
    noun="person",
    lead="Whoever contributed to a dataset here, under each name that datasets give them.",
    empty="No dataset that is open to you names anybody.",
    orders=PERSON_ORDERS,
    columns=(
        Column("Name", lambda it: Cell(it.name, it.url), "name", is_wide=True),
        Column(
            "ORCID", lambda it: Cell(it.orcid, f"https://orcid.org/{it.orcid}" if it.orcid else "", is_external=True)
        ),
        Column("Datasets", lambda it: Cell(f"{it.datasets:,}"), is_number=True),
    ),
    entry=None,
)
_OF_SEGMENTATIONS: tuple[Column[MadeRow], ...] = segmentation_columns()
MADE = ListKind[MadeRow](
    name="layers",
    noun="layer",
    before="Made",
    orders=MADE_ORDERS,
    columns=(
        *_OF_SEGMENTATIONS,
        Column("Model's version", lambda it: Cell(it.model_version), "version"),
        Column("Run", lambda it: Cell(it.run), "run"),
    ),
    entry=None,
)
CONTRIBUTIONS = ListKind[ContributionRow](
    name="datasets",
    noun="dataset",
    before="Contributed to",
    orders=CONTRIBUTION_ORDERS,
    columns=(
        Column("Dataset", lambda it: Cell(it.dataset_title, it.url, it.dataset), "dataset", is_wide=True),
        Column("Roles", lambda it: Cell(", ".join(it.roles)), is_wide=True),
        Column("For", lambda it: Cell(it.organization), "organization", is_wide=True),
        Column("Version", lambda it: Cell(f"{it.version}"), is_number=True),
    ),
    entry=_contribution,
)
