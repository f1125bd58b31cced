"""A dataset's next version: a copy of all that the newest says, and then frozen."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from datasets.catalogue.actions.versions import CONTENT, DraftExists, NothingToRevise, content_of, freeze, revise
from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    AuditEvent,
    Contribution,
    CoordinateSpace,
    Coverage,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    ExternalMesh,
    Model,
    ModelRun,
    ModelVersion,
    Mount,
    OrganelleClass,
    Organization,
    Person,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    Transform,
    View,
    Volume,
)
from datasets.catalogue.records import build_record
from datasets.catalogue.row_rules import _CONTENT

pytestmark = pytest.mark.django_db

AHEAD = [[4, 0, 0, 0], [0, -4, 0, 6400], [0, 0, 5.24, 0]]


def everything() -> DatasetVersion:
    """A draft that says something in every table of the model."""
    draft = DatasetVersion.objects.create(
        dataset=Dataset.objects.create(name="cell"), title="A cell", kept={"softwareAvailability": "open"}
    )
    Mount.objects.create(version=draft, path="em", root="own", key="cell/em")
    specimen = Specimen.objects.create(version=draft, organism="Human", ncbi_taxon=9606)
    for label, curie in (("Overexpression", ""), ("H89", "CHEBI:44436")):
        SpecimenTerm.objects.create(specimen=specimen, kind="treatment", label=label, curie=curie)
    Acquisition.objects.create(
        version=draft,
        method="FIB-SEM",
        started_on=datetime.date(2020, 10, 9),
        **{f"voxel_{axis}_nm": 4 for axis in "xyz"},
    )
    person = Person.objects.create(name="Laurel Haak", orcid="0000-0001-5109-3700")
    Contribution.objects.create(version=draft, person=person, roles=["Data curation"])
    institute = Organization.objects.create(name="institute", title="The institute", ror="013sk6x84")
    Affiliation.objects.create(version=draft, organization=institute)
    Publication.objects.create(version=draft, kind="data", doi="10.25378/janelia.13469964", title="EM")
    View.objects.create(version=draft, name="default", title="Default view", layers=["mito"])
    space = CoordinateSpace.objects.create(version=draft, name="recon-1", main=True)
    volume = Volume.objects.create(
        version=draft,
        path="mito",
        kind="segmentation",
        title="Mitochondria",
        axes=["z", "y", "x"],
        external_url="s3://bucket/cell.n5/labels/mito",
        external_format="n5",
    )
    ExternalMesh.objects.create(volume=volume, name="mito", url="s3://bucket/mesh", format="x", matrix=AHEAD)
    Transform.objects.create(volume=volume, space=space, matrix=AHEAD)
    model = Model.objects.create(name="unet", title="U-Net")
    run = ModelRun.objects.create(model_version=ModelVersion.objects.create(model=model, label="1"), name="first")
    mito = OrganelleClass.objects.get(short_name="mito")
    segmentation = Segmentation.objects.create(volume=volume, type="instance", method="model", run=run)
    Coverage.objects.create(segmentation=segmentation, organelle=mito)
    crop = Crop.objects.create(version=draft, name="234", space=space, use="train", **a_box())
    CropCoverage.objects.create(crop=crop, organelle=mito, found="absent")
    return draft


def a_box() -> dict[str, Any]:
    return {
        f"{name}_{axis}{unit}": value
        for name, unit, value in (("voxel", "_nm", 2), ("translation", "_nm", 2760), ("shape", "", 400))
        for axis in "xyz"
    }


def test_a_revision_says_all_that_the_newest_version_says() -> None:
    first = freeze(draft=everything(), by=None)
    draft = revise(dataset=first.dataset, by=None)
    assert build_record(draft) == build_record(first)
    for table, _ in CONTENT:
        assert content_of(draft, table).count() == content_of(first, table).count() > 0, table
        assert not set(content_of(draft, table)) & set(content_of(first, table)), "rows of its own"
    assert draft.crops.get().space == draft.spaces.get()
    assert freeze(draft=draft, by=None).number == 2
    assert list(AuditEvent.objects.order_by("id").values_list("action", "subject")) == [
        ("version.publish", "cell@1"),
        ("version.revise", "cell"),
        ("version.publish", "cell@2"),
    ]


def test_there_is_one_draft_and_it_has_something_to_begin_from() -> None:
    draft = everything()
    with pytest.raises(DraftExists):
        revise(dataset=draft.dataset, by=None)
    draft.delete()
    with pytest.raises(NothingToRevise):
        revise(dataset=Dataset.objects.get(), by=None)


def test_every_table_of_the_content_is_held_when_frozen_and_copied_when_revised() -> None:
    assert {table.__name__ for table, _ in CONTENT} == set(_CONTENT)


@pytest.mark.parametrize("table", [table for table, _ in CONTENT], ids=lambda table: table.__name__)
def test_a_frozen_versions_rows_refuse_change(table: Any) -> None:
    version = freeze(draft=everything(), by=None)
    row = content_of(version, table).first()
    field = next(field for field in row._meta.concrete_fields if not field.primary_key)
    with pytest.raises(IntegrityError, match="frozen version"), transaction.atomic():
        table.objects.filter(pk=row.pk).update(**{field.attname: getattr(row, field.attname)})
    with pytest.raises(IntegrityError, match="frozen version"), transaction.atomic():
        table.objects.filter(pk=row.pk)._raw_delete("default")
    row.pk = None
    with pytest.raises(IntegrityError, match="frozen version"), transaction.atomic():
        row.save(force_insert=True)
