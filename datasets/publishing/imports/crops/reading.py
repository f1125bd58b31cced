"""The tables in which the challenge publishes its crops, known by their columns.

- Places: a row for each class that was annotated in a crop, ``crop_name, dataset, class_label, voxel_size,
  translation, shape``; lengths are ``[z;y;x]`` in nm. The file's name says whether it is for training or for the test.
- Addresses: a row for each crop, ``crop_number, collection, alignment, crop_url, em_url``.
- Classes: ``field_name, class_id``, the numbers of the classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.catalogue.models import Crop
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.publishing.imports.documents import ADDRESS, ImportInvalid
from datasets.publishing.imports.tables import Row, Table, read_table

PLACES = ("crop_name", "dataset", "class_label", "voxel_size", "translation", "shape")
ADDRESSES = ("crop_number", "collection", "alignment", "crop_url", "em_url")
CLASSES = ("field_name", "class_id")
_MOST_VOXELS = 2**31 - 1

type Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Box:
    """Where a crop lies, each (x, y, z): the sides of a voxel and the centre of the first in nm, voxels in number."""

    voxel_nm: Triple
    translation_nm: Triple
    shape: Triple

    def to_json(self) -> dict[str, list[float]]:
        """As it is kept: z, y, x, under the columns' names."""
        lengths = {"voxel_size": self.voxel_nm, "translation": self.translation_nm, "shape": self.shape}
        return {name: list(reversed(values)) for name, values in lengths.items()}


@dataclass
class Annotated:
    """One crop, gathered from all tables."""

    row: Row
    """Where it is met first."""

    name: str
    use: str
    box: Box
    labels: list[str] = field(default_factory=list)
    address: Row | None = None
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Crops:
    """What the tables say: crops by dataset, numbers by class, rows of crops without a place; and what is left out."""

    by_dataset: dict[str, list[Annotated]]
    class_numbers: dict[str, int]
    without_place: tuple[Row, ...]
    left_out: tuple[tuple[Path, str], ...]
    """Files of which not everything is imported, and what that is."""


def read_crops(path: Path) -> Crops:
    """Read a table, or all tables of a folder.

    Raises:
        ImportInvalid: a table is broken, two rows disagree, or no table gives the places of crops.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    tables = [read_table(file) for file in files]
    found: dict[tuple[str, str], Annotated] = {}
    for table in tables:
        if table.holds(PLACES):
            _read_places(table, found)
    if not found:
        raise ImportInvalid(
            "There are no places of crops here", where=str(path), fix=f"Name a CSV file with the columns {PLACES}"
        )
    without_place = [row for table in tables if table.holds(ADDRESSES) for row in _read_addresses(table, found)]
    by_dataset: dict[str, list[Annotated]] = {}
    for (dataset, _), crop in found.items():
        by_dataset.setdefault(dataset, []).append(crop)
    return Crops(
        by_dataset,
        _read_classes(table for table in tables if table.holds(CLASSES)),
        tuple(without_place),
        tuple(_left_out(tables)),
    )


def _left_out(tables: Iterable[Table]) -> Iterable[tuple[Path, str]]:
    for table in tables:
        others = [column for column in table.columns if column not in CLASSES]
        if table.holds(PLACES) or table.holds(ADDRESSES):
            continue
        if not table.holds(CLASSES):
            yield table.path, "a table of another kind, left out"
        elif others:
            yield table.path, f"read for the numbers of classes; left out: {', '.join(others)}"


def _read_places(table: Table, found: dict[tuple[str, str], Annotated]) -> None:
    use = _use_of(table.path)
    for row in table.rows:
        dataset = row.text(
            "dataset", most=57, pattern=DATASET_NAME, says="a dataset's name has small letters, digits, - and _"
        )
        name = row.text(
            "crop_name", most=80, pattern="[A-Za-z0-9_-]+", says="a crop's name has letters, digits, - and _"
        )
        label = row.text("class_label", most=200, pattern=r".*\S.*", says="a class has a name")
        box = _box(row)
        crop = found.setdefault((dataset, name), Annotated(row, name, use, box))
        if crop.use != use:
            raise row.refuse(
                f"Crop {name} is named for {crop.use or 'no'} use in {crop.row.path.name}, line {crop.row.line}",
                "crop_name",
                fix="A crop is for training or for the test: take it out of one of the files",
            )
        if label in crop.labels:
            raise row.refuse(f"Crop {name} has the class {label!r} twice", "class_label")
        crop.labels.append(label)
        others: dict[str, Any] = {column: cell for column, cell in row.cells.items() if column not in PLACES}
        if box != crop.box:
            others |= box.to_json()
        if others:
            crop.kept.setdefault("classes", {})[label] = others


def _read_addresses(table: Table, found: dict[tuple[str, str], Annotated]) -> Iterable[Row]:
    for row in table.rows:
        row.text("alignment", most=80, pattern="[A-Za-z0-9_-]*", says="an alignment has letters, digits, - and _")
        for column in ("crop_url", "em_url"):
            row.text(
                column,
                most=1000,
                pattern=f"({ADDRESS})?",
                says="an address begins with https://, http://, s3:// or gs://",
            )
        crop = found.get((row.cells["collection"], row.cells["crop_number"]))
        if crop is None:
            yield row
        elif crop.address is not None:
            raise row.refuse(f"Crop {crop.name} has an address twice, first in line {crop.address.line}", "crop_number")
        else:
            crop.address = row
            others = {column: cell for column, cell in row.cells.items() if column not in ADDRESSES}
            crop.kept |= {"address": others} if others else {}


def _read_classes(tables: Iterable[Table]) -> dict[str, int]:
    numbers = {}
    for row in (row for table in tables for row in table.rows):
        if not re.fullmatch("[0-9]{1,9}", row.cells["class_id"]):
            raise row.refuse(f"{row.cells['class_id'][:60]!r} is no number of a class", "class_id")
        numbers[row.cells["field_name"]] = int(row.cells["class_id"])
    return numbers


def _box(row: Row) -> Box:
    for column, what in (("voxel_size", "A voxel's sides are"), ("shape", "Numbers of voxels are")):
        if min(row.numbers(column)) <= 0:
            raise row.refuse(f"{what} greater than 0", column)
    shape = row.numbers("shape")
    if any(not number.is_integer() or number > _MOST_VOXELS for number in shape):
        raise row.refuse("Numbers of voxels are whole", "shape")
    voxel, translation, shape = (_turned(row.numbers(column)) for column in ("voxel_size", "translation", "shape"))
    return Box(voxel, translation, shape)


def _turned(zyx: Triple) -> Triple:
    z, y, x = zyx
    return x, y, z


def _use_of(path: Path) -> str:
    words = set(re.split(r"[^a-z]+", path.stem.lower()))
    uses = [use for use, names in _USES.items() if words & names]
    return uses[0] if len(uses) == 1 else ""


_USES = {Crop.Use.TRAIN.value: {"train", "training"}, Crop.Use.TEST.value: {"test", "testing"}}
