"""Groups that hold images: named for what they are, with the images that their metadata tell of."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import zarr

from datasets.publishing.inspection import Inspection, inspect
from datasets.publishing.reports import describe
from datasets.volumes.problems import errors_of
from tests.samples import em_levels, label_levels, write_image


def _group(folder: Path, attributes: dict[str, Any], *, version: str) -> Path:
    if version == "0.5":
        attributes = {"ome": {"version": "0.5", **attributes}}
    zarr.create_group(folder, zarr_format=3 if version == "0.5" else 2, attributes=attributes)
    return folder


def _consolidate(folder: Path, zarr_format: int) -> None:
    with pytest.warns(UserWarning, match="onsolidated") if zarr_format == 3 else contextlib.nullcontext():
        zarr.consolidate_metadata(zarr.storage.LocalStore(folder))


def _ids(found: Inspection) -> list[str]:
    return [problem.id for problem in errors_of(found.problems)]


@pytest.fixture(params=["0.4", "0.5"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_labels_are_listed_and_an_image_tells_of_its_labels(data_root: Path, version: str) -> None:
    write_image(data_root / "cell", em_levels(), version=version)
    _group(data_root / "cell" / "labels", {"labels": ["nuclei", "deep/mito"]}, version=version)
    write_image(data_root / "cell" / "labels" / "nuclei", label_levels(), version=version)

    labels, image = inspect("data:cell/labels"), inspect("data:cell")

    assert (labels.kind, labels.conformant, _ids(labels)) == ("labels", None, ["labels-not-image"])
    assert labels.images == image.images == ("cell/labels/nuclei", "cell/labels/deep/mito")
    assert image.publishable
    assert labels.to_json()["images"][0] == "data:cell/labels/nuclei"
    assert "    data:cell/labels/nuclei" in list(describe(labels))


def test_a_collection_tells_of_its_images(data_root: Path, version: str) -> None:
    collection = _group(data_root / "slide", {"bioformats2raw.layout": 3}, version=version)
    for number in ("0", "1", "10", "2"):
        (collection / number).mkdir()
    found = inspect("data:slide")
    assert (found.kind, _ids(found)) == ("bioformats2raw", ["collection-not-image"])
    assert found.images == ("slide/0", "slide/1", "slide/2", "slide/10")

    _group(collection / "OME", {"series": ["1", "0"]}, version=version)
    assert inspect("data:slide").images == ("slide/1", "slide/0")
    series = inspect("data:slide/OME")
    assert (series.kind, _ids(series)) == ("series", ["collection-not-image"])
    assert series.images == ("slide/1", "slide/0")


def test_a_plate_and_a_well_are_named_with_fields(data_root: Path, version: str) -> None:
    stated = {} if version == "0.5" else {"version": "0.4"}
    wells = [{"path": path, "rowIndex": 0, "columnIndex": n} for n, path in enumerate(("A/1", "A/2"))]
    plate = {"plate": {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}], "wells": wells, **stated}}
    _group(data_root / "screen", plate, version=version)
    _group(
        data_root / "screen" / "A" / "1",
        {"well": {"images": [{"path": "0"}, {"path": "1"}], **stated}},
        version=version,
    )

    screen, well = inspect("data:screen"), inspect("data:screen/A/1")

    assert (screen.kind, _ids(screen)) == ("plate", ["plate-not-publishable"])
    assert (well.kind, _ids(well)) == ("well", ["well-not-publishable"])
    assert screen.images == well.images == ("screen/A/1/0", "screen/A/1/1")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_tell_of_images_anywhere_below(data_root: Path, zarr_format: int) -> None:
    for group in ("", "recon-1", "recon-1/labels"):
        zarr.create_group(data_root / "cell.zarr" / group, zarr_format=zarr_format)  # type: ignore[arg-type]
    version = "0.4" if zarr_format == 2 else "0.5"
    write_image(data_root / "cell.zarr" / "recon-1" / "em", em_levels(), version=version)
    write_image(data_root / "cell.zarr" / "recon-1" / "labels" / "mito", label_levels(), version=version)
    assert inspect("data:cell.zarr").images == ()  # nothing tells of them, and no folder is searched
    _consolidate(data_root / "cell.zarr", zarr_format)
    found = inspect("data:cell.zarr")
    assert _ids(found) == ["not-ome-zarr"]
    assert found.images == ("cell.zarr/recon-1/em", "cell.zarr/recon-1/labels/mito")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_that_went_stale_are_pointed_out(data_root: Path, zarr_format: int) -> None:
    folder = write_image(data_root / "cell", em_levels(), version="0.4" if zarr_format == 2 else "0.5")
    _consolidate(folder, zarr_format)
    assert "consolidated-metadata-differ" not in {problem.id for problem in inspect("data:cell").problems}

    document = folder / "0" / ("zarr.json" if zarr_format == 3 else ".zarray")
    data = json.loads(document.read_text())
    data["shape"][0] += 1
    document.write_text(json.dumps(data))
    found = inspect("data:cell")
    (problem,) = [problem for problem in found.problems if problem.id == "consolidated-metadata-differ"]
    assert (problem.severity, problem.where) == ("warning", "0")
    assert found.levels[0].facts.shape[0] == 41  # the array's own document is believed, as by the viewer


def test_several_images_in_one_group_are_warned_of(data_root: Path) -> None:
    folder = write_image(data_root / "cell", em_levels())
    data = json.loads((folder / "zarr.json").read_text())
    multiscales = data["attributes"]["ome"]["multiscales"]
    multiscales.append({**multiscales[0], "name": "another"})
    (folder / "zarr.json").write_text(json.dumps(data))
    found = inspect("data:cell")
    assert found.publishable
    assert "several-multiscales" in {problem.id for problem in found.problems}


def test_other_formats_and_what_lies_in_a_folder_are_named(data_root: Path) -> None:
    for name, document, content in (
        ("old.n5", "attributes.json", {"n5": "2.5.0"}),
        ("cells", "info", {"data_type": "uint8", "scales": [], "type": "image"}),
        ("notes", "readme.txt", {}),
    ):
        (data_root / name).mkdir()
        (data_root / name / document).write_text(json.dumps(content))
    (data_root / "cell.zarr.zip").write_bytes(b"PK")
    assert _ids(inspect("data:old.n5")) == ["n5-not-supported"]
    assert _ids(inspect("data:cells")) == ["precomputed-not-supported"]
    assert "readme.txt" in inspect("data:notes").problems[0].message
    assert _ids(inspect("data:cell.zarr.zip")) == ["not-zarr"]
    assert "zip" in inspect("data:cell.zarr.zip").problems[0].fix


def test_a_single_level_is_told_from_an_image(data_root: Path, version: str) -> None:
    write_image(data_root / "cell", em_levels(), version=version)
    found = inspect("data:cell/0")
    assert _ids(found) == ["array-not-image"]
    assert "group above" in found.problems[0].fix


def test_metadata_without_arrays_conform_but_cannot_be_published(data_root: Path, version: str) -> None:
    folder = write_image(data_root / "cell", em_levels(), version=version)
    for level in ("0", "1"):
        (folder / level).rename(data_root / level)
    found = inspect("data:cell")
    assert (found.conformant, _ids(found)) == (True, ["arrays-absent"])
    (folder / "notes.txt").write_text("somebody was here")
    found = inspect("data:cell")
    assert (found.conformant, _ids(found)) == (False, ["level-missing"] * 2)


def test_a_group_without_its_document_is_pointed_out(data_root: Path) -> None:
    folder = write_image(data_root / "cell", em_levels(), version="0.4")
    (folder / ".zgroup").unlink()
    found = inspect("data:cell")
    assert (found.conformant, found.downloadable, _ids(found)) == (True, False, ["zgroup-missing"])
