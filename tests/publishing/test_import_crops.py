"""The challenge's ground-truth crops: every row comes in, and can be said again."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from datasets.catalogue.models import AuditEvent, Crop, CropCoverage, Dataset, DatasetVersion, Visibility
from datasets.publishing.imports.crops.export import export_addresses, export_places
from datasets.publishing.imports.crops.importing import import_crops
from datasets.publishing.imports.documents import ImportInvalid

HEADER = "crop_name,dataset,class_label,voxel_size,translation,shape"
ROW = "1,fish,mito,[4.0;2.0;2.0],[0.5;-7.0;8.0],[10;20;30]"


def spoken(rows: Iterator[dict[str, str]] | list[dict[str, str]]) -> list[tuple[object, ...]]:
    """Rows in an order of their own, their lists as numbers."""
    return sorted(
        tuple(
            tuple(float(number) for number in cell[1:-1].split(";")) if cell.startswith("[") else cell
            for _, cell in sorted(row.items())
        )
        for row in rows
    )


def newest() -> list[DatasetVersion]:
    return list(DatasetVersion.objects.order_by("dataset__name", "-number").distinct())


@pytest.mark.django_db
def test_no_row_of_any_table_is_lost_and_a_second_import_changes_nothing(shared_data: Path) -> None:
    source = shared_data / "catalogue" / "cellmap-challenge"
    out = StringIO()
    call_command("import_crops", str(source), stdout=out)
    for use in ("train", "test"):
        with (source / f"{use}_crop_manifest.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert spoken(export_places(newest(), use)) == spoken(rows)
        assert {crop.use for crop in Crop.objects.filter(name__in={row["crop_name"] for row in rows})} == {use}
    with (source / "manifest.csv").open() as file:
        assert spoken(export_addresses(newest())) == spoken(list(csv.DictReader(file)))
    assert Crop.objects.count() == 176
    assert CropCoverage.objects.count() == 6802 + 231
    assert not CropCoverage.objects.exclude(found="present").exists()
    version = newest()[0]
    assert (version.title, version.licence, version.volumes.count()) == (version.dataset.name, "", 0)
    assert version.spaces.get().name == "recon-1"
    assert "zip_manifest.csv: not recognised: a table of another kind" in out.getvalue()
    assert "classes_long.csv: not recognised: read for the numbers of classes; left out: ids inc" in out.getvalue()
    assert f"{Dataset.objects.count()} datasets: {Dataset.objects.count()} imported" in out.getvalue()
    again = import_crops(source, visibility=Visibility.PUBLIC, by=None)
    assert {report.outcome for report in again.reports} == {"unchanged"}
    assert DatasetVersion.objects.count() == Dataset.objects.count()
    assert AuditEvent.objects.filter(action="crops.import").count() == Dataset.objects.count()


def write(folder: Path, *rows: str, name: str = "train_crops.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


@pytest.mark.django_db
def test_tables_nobody_has_seen_come_in_by_the_same_rules(tmp_path: Path) -> None:
    write(tmp_path, ROW, ROW.replace("mito", "chloroplast_mem"), ROW.replace("mito", "flux <b>capacitor</b>"))
    write(tmp_path, "2,fish,ld,[4;2;2],[0;0;0],[1;1;1]", name="test.csv")
    write(tmp_path, "chloroplast_mem,67", name="names.csv", header="field_name,class_id")
    write(
        tmp_path,
        "1,fish,Aligned_2,s3://b/labels,s3://b/em/fibsem,ann",
        "9,fish,Aligned_2,s3://b/labels,s3://b/em,ann",
        name="places.csv",
        header="crop_number,collection,alignment,crop_url,em_url,annotator",
    )
    (report,) = import_crops(tmp_path, visibility=Visibility.PRIVATE, by=None).reports
    first, second = Crop.objects.order_by("name")
    assert (first.use, second.use) == ("train", "test")
    assert first.voxel_nm == (2, 2, 4)
    assert first.shape == (30, 20, 10)
    assert first.box_nm == ((7, -8, -1.5), (67, 32, 38.5))
    assert sorted(each.short_name for each in first.organelles.all()) == ["chlor_mem", "mito"]
    assert first.kept["classes"] == {"flux <b>capacitor</b>": {}}
    assert first.kept["address"] == {"annotator": "ann"}
    assert first.space is not None
    assert (first.space.name, first.space.main) == ("Aligned_2", True)
    assert first.version.acquisition.method == "FIB-SEM"
    told = [str(line) for line in report.lines]
    assert any("crops.2: taken: voxel_size, translation, shape; class_label = ld" in line for line in told)
    assert any("class_label chloroplast_mem: mapped: the class chlor_mem" in line for line in told)
    assert any("flux <b>capacitor</b>: not recognised" in line for line in told)
    assert any("line 3: not recognised: no table gives the place of crop 9" in line for line in told)
    assert len(list(export_places([first.version], "train"))) == 3
    assert first.version.dataset.visibility == "private"


@pytest.mark.django_db
def test_a_dataset_that_is_here_says_beside_its_crops_all_it_said(tmp_path: Path) -> None:
    path = write(tmp_path, ROW)
    import_crops(path, visibility=Visibility.PUBLIC, by=None)
    more = write(tmp_path, ROW.replace("1,", "3,", 1).replace("mito", "er"), name="test_more.csv")
    (report,) = import_crops(more, visibility=Visibility.PUBLIC, by=None).reports
    assert (report.version, report.outcome) == ("fish@2", "imported")
    assert [crop.name for crop in Crop.objects.filter(version__number=2).order_by("name")] == ["1", "3"]
    (report,) = import_crops(path, visibility=Visibility.PUBLIC, by=None).reports
    assert (report.version, report.outcome) == ("fish@2", "unchanged")
    DatasetVersion.objects.create(dataset=Dataset.objects.get(), title="a draft")
    with pytest.raises(CommandError, match="refused"):
        call_command("import_crops", str(path), stdout=(out := StringIO()))
    assert "refused: it has a draft" in out.getvalue()


@pytest.mark.django_db
def test_places_alone_take_nothing_away(tmp_path: Path) -> None:
    places = write(tmp_path, ROW)
    write(
        tmp_path, "1,fish,A,s3://b/labels,s3://b/em,ann", name="addresses.csv",
        header="crop_number,collection,alignment,crop_url,em_url,annotator",
    )  # fmt: skip
    import_crops(tmp_path, visibility=Visibility.PUBLIC, by=None)
    (report,) = import_crops(places, visibility=Visibility.PUBLIC, by=None).reports
    assert (report.version, report.outcome) == ("fish@1", "unchanged")
    import_crops(write(tmp_path, ROW.replace("mito", "er")), visibility=Visibility.PUBLIC, by=None)
    crop = Crop.objects.get(version__number=2)
    assert crop.kept["address"] == {"annotator": "ann"}
    assert crop.space is not None
    assert (crop.space.name, crop.space.version, crop.labels_url) == ("A", crop.version, "s3://b/labels")


@pytest.mark.django_db
def test_a_class_that_two_rows_of_a_crop_name_is_told_of_that_crop(tmp_path: Path) -> None:
    synonym = ROW.replace("mito", "Mitochondrion")
    path = write(tmp_path, ROW, synonym, synonym.replace("1,", "2,", 1))
    (report,) = import_crops(path, visibility=Visibility.PUBLIC, by=None).reports
    told = [str(line) for line in report.lines]
    assert any("Mitochondrion: kept: the class mito, which another row of the same crop names; kept in 1 crops" in line
               for line in told)  # fmt: skip
    assert not any("no organelle class is called so" in line for line in told)
    assert any("crops.1: taken: voxel_size, translation, shape; class_label = mito" in line for line in told)
    assert any("crops.2: taken: voxel_size, translation, shape; class_label = Mitochondrion" in line for line in told)
    assert report.taken == 2 * 5 + 2


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["9" * 5000, "\u0663", "-1"])
def test_a_classs_number_is_a_number(tmp_path: Path, number: str) -> None:
    write(tmp_path, ROW)
    write(tmp_path, f"mito,{number}", name="names.csv", header="field_name,class_id")
    with pytest.raises(ImportInvalid, match="is no number of a class"):
        import_crops(tmp_path, visibility=Visibility.PUBLIC, by=None)


BROKEN = {
    "a number is missing": ("[4.0;2.0;2.0]", "[4.0;2.0]", "line 3, voxel_size: '[4.0;2.0]' is not three numbers"),
    "a side is negative": ("[4.0;2.0;2.0]", "[4.0;-2.0;2.0]", "line 3, voxel_size: A voxel's sides are greater than 0"),
    "a place is not a number": ("[0.5;-7.0;8.0]", "[NaN;1;1]", "line 3, translation: A number here is not finite"),
    "a place beyond any measure": ("[0.5;-7.0;8.0]", "[1e300;1;1]", "line 3, translation: A number here is too large"),
    "half a voxel": ("[10;20;30]", "[10;20.5;30]", "line 3, shape: Numbers of voxels are whole"),
    "too many voxels": ("[10;20;30]", "[10;20;3e10]", "line 3, shape: Numbers of voxels are whole"),
    "no name of a dataset": ("fish", "../fish", "line 3, dataset: '../fish' does not do"),
    "no name of a crop": ("1,fish", "<b>,fish", "line 3, crop_name: '<b>' does not do"),
    "a column too many": (",mito,", ",mito,x,", "line 3: 6 columns are expected, not 7"),
    "the same row": (ROW, ROW.replace("mito", "er"), "line 3, class_label: Crop 1 has the class 'er' twice"),
    "an open quotation": (",mito,", ',"mito,', "line 3: The file is not CSV"),
    "the character 0": ("mito", "mi\x00to", "line 3: A text has no character 0"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_table_names_file_line_and_column_and_nothing_comes_in(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write(tmp_path, ROW.replace("mito", "er"), ROW.replace(old, new))
    with pytest.raises(ImportInvalid) as caught:
        import_crops(path, visibility=Visibility.PUBLIC, by=None)
    assert str(caught.value).startswith(f"{path}, {message}")
    assert not Dataset.objects.exists()


@pytest.mark.django_db
def test_a_crop_is_not_for_training_and_for_the_test(tmp_path: Path) -> None:
    write(tmp_path, ROW, name="a_test.csv")
    write(tmp_path, ROW, name="b_train.csv")
    with pytest.raises(ImportInvalid, match=r"b_train.csv, line 2, crop_name: Crop 1 is named for test use in a_test"):
        import_crops(tmp_path, visibility=Visibility.PUBLIC, by=None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (f"{HEADER},note,note", f"{ROW},a,b", "line 1: The column 'note' is here twice"),
        (
            "crop_number,collection,alignment,crop_url,em_url",
            "1,fish,,javascript:alert(1),",
            "line 2, crop_url: 'javascript:alert(1)' does not do: an address begins with",
        ),
    ],
)
def test_a_table_is_refused_for_what_it_says_beside_the_places(
    tmp_path: Path, header: str, row: str, message: str
) -> None:
    write(tmp_path, ROW)
    other = write(tmp_path, row, name="other.csv", header=header)
    with pytest.raises(ImportInvalid) as caught:
        import_crops(tmp_path, visibility=Visibility.PUBLIC, by=None)
    assert str(caught.value).startswith(f"{other}, {message}")


@pytest.mark.django_db
def test_a_separator_of_another_script_ends_no_row(tmp_path: Path) -> None:
    import_crops(write(tmp_path, ROW.replace("mito", "mi\u2028to")), visibility=Visibility.PUBLIC, by=None)
    assert Crop.objects.get().kept["classes"] == {"mi\u2028to": {}}
