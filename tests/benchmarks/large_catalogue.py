"""A catalogue as large as the field may have in ten years, in the database that the settings name.

One dataset is written row by row, as the others are copies of it: its rows are copied in the database itself, which
takes a minute for a million and not an hour. All of it is written into drafts, that are then frozen together.
"""

from __future__ import annotations

import datetime as dt
import json

from django.db import connection, models, transaction

from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    CoordinateSpace,
    Coverage,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    OrganelleClass,
    Person,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    State,
    Transform,
    View,
    Volume,
)

ORGANISMS = (("Homo sapiens", 9606), ("Mus musculus", 10090), ("Danio rerio", 7955), ("Caenorhabditis elegans", 6239))
METHODS = ("FIB-SEM", "SBF-SEM", "ssTEM")
SEGMENTATIONS, CROPS = 20, 100
"""Of each dataset."""

RECORD = json.dumps({"says": "nothing of a cell, at the length that real records have".center(17_500)})

_BOX = {f"{name}_{axis}{unit}": 4 for name, unit in (("voxel", "_nm"), ("translation", "_nm"), ("shape", ""))
        for axis in "xyz"}  # fmt: skip

_VERSION = "JOIN catalogue_datasetversion n ON n.id <> {one}"
_VOLUME = (
    "JOIN catalogue_volume o ON o.id = {volume} JOIN catalogue_volume n ON n.path = o.path AND n.version_id <> {one}"
)
_COPIES: tuple[tuple[type[models.Model], dict[str, str], str], ...] = (
    (SpecimenTerm, {"specimen_id": "n.id"}, "JOIN catalogue_specimen n ON n.version_id <> {one}"),
    *((table, {"version_id": "n.id"}, _VERSION) for table in (View, CoordinateSpace, Volume)),
    (Segmentation, {"volume_id": "n.id"}, _VOLUME.replace("{volume}", "t.volume_id")),
    (
        Transform,
        {"volume_id": "n.id", "space_id": "s.id"},
        _VOLUME.replace("{volume}", "t.volume_id") + " JOIN catalogue_coordinatespace s ON s.version_id = n.version_id",
    ),
    (
        Coverage,
        {"segmentation_id": "s.id"},
        "JOIN catalogue_segmentation f ON f.id = t.segmentation_id "
        + _VOLUME.replace("{volume}", "f.volume_id")
        + " JOIN catalogue_segmentation s ON s.volume_id = n.id",
    ),
    (
        Crop,
        {"version_id": "s.version_id", "space_id": "s.id"},
        "JOIN catalogue_coordinatespace s ON s.version_id <> {one}",
    ),
    (
        CropCoverage,
        {"crop_id": "n.id"},
        "JOIN catalogue_crop o ON o.id = t.crop_id JOIN catalogue_crop n ON n.name = o.name AND n.version_id <> {one}",
    ),
)
"""Each table to be copied from the version ``{one}``, which alone has rows in it: ``t`` is such a row, and the others'
rows have the owners that are said. A volume is told by its path, a crop by its name."""


@transaction.atomic
def fill(datasets: int) -> None:
    """Write ``datasets`` datasets, each with ``SEGMENTATIONS`` segmentations and ``CROPS`` crops, all public."""
    found = Dataset.objects.bulk_create(
        (Dataset(name=f"cell-{number:05}", visibility="public") for number in range(datasets)), batch_size=1000
    )
    drafts = DatasetVersion.objects.bulk_create(
        (
            DatasetVersion(dataset=dataset, title=f"Cell {number}", description="A cell.", licence="CC0-1.0")
            for number, dataset in enumerate(found)
        ),
        batch_size=1000,
    )
    _differing_rows(drafts)
    _template(drafts[0])
    for table, owners, joins in _COPIES:
        _copy(table, owners, joins.replace("{one}", str(drafts[0].pk)))
    DatasetVersion.objects.update(
        number=1,
        state=State.PUBLISHED,
        frozen_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        record=RECORD,
        record_digest="0" * 64,
    )


def _differing_rows(drafts: list[DatasetVersion]) -> None:
    specimens, acquisitions, publications, contributions = [], [], [], []
    people = Person.objects.bulk_create(
        (Person(name=f"Person {number}") for number in range(len(drafts) // 5 + 1)), batch_size=1000
    )
    for number, draft in enumerate(drafts):
        organism, taxon = ORGANISMS[number % len(ORGANISMS)]
        specimens.append(Specimen(version=draft, organism=organism, ncbi_taxon=taxon))
        method = METHODS[number % len(METHODS)]
        acquisitions.append(Acquisition(version=draft, method=method, voxel_x_nm=4, voxel_y_nm=4, voxel_z_nm=4))
        paper = number // 20  # twenty datasets a paper
        publications.append(
            Publication(version=draft, doi=f"10.1234/paper.{paper}", title=f"Paper {paper}", kind="paper")
        )
        contributions.append(Contribution(version=draft, person=people[number // 5], roles=["Investigation"]))
    for table, rows in (
        (Specimen, specimens),
        (Acquisition, acquisitions),
        (Publication, publications),
        (Contribution, contributions),
    ):
        table._default_manager.bulk_create(rows, batch_size=1000)  # type: ignore[arg-type]


def _template(draft: DatasetVersion) -> None:
    classes = list(OrganelleClass.objects.order_by("rank"))
    SpecimenTerm.objects.create(specimen=draft.specimen, kind="cell_line", label="HeLa")
    View.objects.create(version=draft, name="default", title="Default view", layers=["em"])
    space = CoordinateSpace.objects.create(version=draft, name="default", main=True)
    em = Volume.objects.create(version=draft, path="em", kind="em", title="EM", **_outside("em"))
    matrix = [[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]]
    Transform.objects.create(volume=em, space=space, matrix=matrix)
    for rank in range(SEGMENTATIONS):
        path = f"labels-{rank:02}"
        volume = Volume.objects.create(
            version=draft, rank=rank + 1, path=path, kind="segmentation", title=path, **_outside(path)
        )
        Transform.objects.create(volume=volume, space=space, matrix=matrix)
        segmentation = Segmentation.objects.create(volume=volume, type="instance", method="model")
        Coverage.objects.create(segmentation=segmentation, organelle=classes[rank % len(classes)])
    crops = Crop.objects.bulk_create(
        Crop(version=draft, name=f"crop-{number:03}", space=space, use="train", **_BOX) for number in range(CROPS)
    )
    CropCoverage.objects.bulk_create(
        CropCoverage(crop=crop, organelle=classes[number % len(classes)]) for number, crop in enumerate(crops)
    )


def _outside(path: str) -> dict[str, object]:
    url = f"s3://bucket/{path}"
    return {"external_url": url, "external_format": "n5", "axes": ["z", "y", "x"]}


def _copy(table: type[models.Model], owners: dict[str, str], joins: str) -> None:
    name = table._meta.db_table
    columns = [field.column for field in table._meta.concrete_fields if not field.primary_key]
    values = ", ".join(owners.get(column, f't."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {name} ({named}) SELECT {values} FROM {name} t {joins}")
        if connection.vendor == "postgresql":  # as its own housekeeping does after a while
            cursor.execute(f"ANALYZE {name}")
