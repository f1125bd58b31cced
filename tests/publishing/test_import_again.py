"""A dataset that is here already, and is imported: what becomes of what was said of it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    Dataset,
    DatasetVersion,
    Mount,
    Person,
    Specimen,
    Visibility,
)
from datasets.publishing.imports.crops.importing import import_crops
from datasets.publishing.imports.openorganelle.export import export
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from tests.publishing.test_import_openorganelle import a_dataset, write

pytestmark = pytest.mark.django_db


def test_what_changed_at_the_source_is_the_next_version(tmp_path: Path) -> None:
    folder = write(tmp_path, a_dataset())
    import_openorganelle(folder, visibility=Visibility.PRIVATE, by=None)
    changed = a_dataset()
    changed["metadata"]["title"] = "A larger fish"
    (report,) = import_openorganelle(write(tmp_path, changed), visibility=Visibility.PUBLIC, by=None)
    assert (report.version, report.outcome) == ("fish@2", "imported")
    newest = DatasetVersion.objects.get(number=2)
    assert newest.title == "A larger fish"
    assert newest.change_note == "Imported anew from OpenOrganelle's metadata"
    assert newest.dataset.visibility == "private", "who may see it stays"
    (report,) = import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None, dry_run=True)
    assert report.outcome == "unchanged"


def test_curators_may_go_on_with_what_was_imported(tmp_path: Path) -> None:
    folder = write(tmp_path, a_dataset())
    import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None)
    draft = revise(dataset=Dataset.objects.get(), by=None)
    draft.title, draft.licence, draft.keywords = "A better title", "CC-BY-4.0", ["fish", "fin"]
    draft.save()
    Contribution.objects.create(version=draft, person=Person.objects.create(name="Doe"))
    assert import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None)[0].outcome == "refused", "a draft"
    freeze(draft=draft, by=None)
    assert import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None)[0].outcome == "unchanged"
    changed = a_dataset(views=[])
    (report,) = import_openorganelle(write(tmp_path, changed), visibility=Visibility.PUBLIC, by=None)
    assert report.version == "fish@3"
    assert any("what was changed here since the last import is in fish@2 alone" in line.words for line in report.lines)
    assert Contribution.objects.filter(version__number=3).count() == 1, "of which the source does not speak"
    newest = DatasetVersion.objects.get(number=3)
    assert (newest.title, newest.licence, newest.keywords) == ("A fish", "CC-BY-4.0", ["fish", "fin"])
    assert [line.words for line in report.lines if line.where in ("licence", "keywords")] == [
        "CC-BY-4.0, as fish@2 says; the source does not speak of it",
        "fish, fin, as fish@2 says; the source does not speak of it",
    ]
    assert json.loads(newest.record)["licence"] == "CC-BY-4.0"
    assert import_openorganelle(tmp_path, visibility=Visibility.PUBLIC, by=None)[0].outcome == "unchanged"
    DatasetVersion.objects.filter(number=3).update(state="retired", retired_reason="wrong")
    assert import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None)[0].outcome == "refused", "retired"


def test_crops_that_came_first_stay_when_their_dataset_comes(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(
        "crop_name,dataset,class_label,voxel_size,translation,shape\n1,fish,mito,[4;2;2],[0;0;0],[9;9;9]\n"
    )
    (tmp_path / "addresses.csv").write_text(
        "crop_number,collection,alignment,crop_url,em_url\n1,fish,recon-1,s3://b/labels,s3://b/em\n"
    )
    import_crops(tmp_path, visibility=Visibility.PUBLIC, by=None)
    (report,) = import_openorganelle(write(tmp_path, a_dataset()), visibility=Visibility.PUBLIC, by=None)
    assert report.version == "fish@2"
    version = DatasetVersion.objects.get(number=2)
    assert export(version) == a_dataset()
    crop = version.crops.get(space__name="recon-1", space__version=version)
    assert [each.short_name for each in crop.organelles.all()] == ["mito"]
    assert [space.name for space in version.spaces.filter(main=True)] == ["default"]
    again = import_openorganelle(tmp_path / "fish", visibility=Visibility.PUBLIC, by=None)
    assert {(each.version, each.outcome) for each in again} == {("fish@2", "unchanged")}


def test_what_curators_changed_is_told_though_crops_came_after_it(tmp_path: Path) -> None:
    import_openorganelle(write(tmp_path, a_dataset()), visibility=Visibility.PUBLIC, by=None)
    freeze(draft=revise(dataset=Dataset.objects.get(), by=None), by=None)
    (table := tmp_path / "train.csv").write_text(
        "crop_name,dataset,class_label,voxel_size,translation,shape\n1,fish,mito,[4;2;2],[0;0;0],[9;9;9]\n"
    )
    import_crops(table, visibility=Visibility.PUBLIC, by=None)
    (report,) = import_openorganelle(write(tmp_path, a_dataset(views=[])), visibility=Visibility.PUBLIC, by=None)
    assert report.version == "fish@4"
    assert [line.words for line in report.lines if "since the last import" in line.words] == [
        "what was changed here since the last import is in fish@2 alone"
    ]


def test_a_dataset_with_data_of_its_own_is_refused_and_the_others_come_in(tmp_path: Path) -> None:
    version = DatasetVersion.objects.create(dataset=Dataset.objects.create(name="fish"), title="Ours")
    Specimen.objects.create(version=version)
    Acquisition.objects.create(version=version, method="other")
    Mount.objects.create(version=version, path="em", root="own", key="fish")
    freeze(draft=version, by=None)
    both = {"body": [a_dataset(), a_dataset(name="eel")]}
    (path := tmp_path / "all.json").write_text(json.dumps(both))
    out = StringIO()
    with pytest.raises(CommandError, match="Some datasets were refused"):
        call_command("import_openorganelle", str(path), "--json", stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {line["dataset"]: line["outcome"] for line in lines if "outcome" in line} == {
        "fish": "refused", "eel": "imported"
    }  # fmt: skip
    assert DatasetVersion.objects.get(dataset__name="fish").title == "Ours"
