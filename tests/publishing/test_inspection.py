"""Inspection tells what is there and what is wrong with it, from metadata alone."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import zarr
from django.core.management import call_command

from datasets.publishing.inspection import inspect
from datasets.volumes.problems import errors_of
from tests.samples import em_levels, write_image


def _ids(address: str) -> list[str]:
    inspection = inspect(address)
    assert not inspection.publishable
    return [problem.id for problem in errors_of(inspection.problems)]


@pytest.mark.parametrize(("version", "zarr_format"), [("0.4", 2), ("0.5", 3)])
def test_levels_sizes_and_voxels_are_those_of_the_data(data_root: Path, version: str, zarr_format: int) -> None:
    write_image(
        data_root / "cell.zarr", em_levels(), voxel_nm=(5.24, 4, 4), translation_nm=(10, 20, 30), version=version
    )

    found = inspect("data:cell.zarr").to_json()

    assert found["publishable"]
    assert found["conformant"]
    assert (found["ngff_version"], found["zarr_format"], found["axes"]) == (version, zarr_format, ["z", "y", "x"])
    assert found["voxel_size_nm"] == {"z": 5.24, "y": 4.0, "x": 4.0}
    assert [level["shape"] for level in found["levels"]] == [[40, 48, 56], [20, 24, 28]]
    assert found["levels"][0]["translation_nm"] == {"z": 10.0, "y": 20.0, "x": 30.0}
    assert found["size_bytes"] == 40 * 48 * 56 + 20 * 24 * 28


def test_a_sharded_array_tells_chunks_and_shards(data_root: Path) -> None:
    write_image(data_root / "cell.zarr", [np.zeros((32, 32, 32), "u1")], chunk=8, shard=16)
    level = inspect("data:cell.zarr").levels[0]
    assert (level.facts.chunk_shape, level.facts.shard_shape) == ((8, 8, 8), (16, 16, 16))


def test_no_chunk_is_read(data_root: Path) -> None:
    write_image(data_root / "cell.zarr", em_levels())
    for chunk in (data_root / "cell.zarr").rglob("c/*/*/*"):
        chunk.write_bytes(b"not a chunk")
    assert inspect("data:cell.zarr").publishable


def test_what_is_not_a_zarr_is_named(data_root: Path) -> None:
    (data_root / "notes").mkdir()
    assert _ids("data:notes") == ["not-zarr"]
    assert _ids("data:nowhere") == ["not-zarr"]


def test_a_group_without_multiscales_is_no_image(data_root: Path) -> None:
    zarr.create_group(data_root / "plain.zarr", zarr_format=3)
    assert _ids("data:plain.zarr") == ["not-ome-zarr"]


def test_broken_json_is_not_an_absent_file(data_root: Path) -> None:
    folder = write_image(data_root / "cell.zarr", em_levels())
    (folder / "zarr.json").write_text('{"zarr_format": 3, ')
    assert _ids("data:cell.zarr") == ["zarr-metadata-invalid"]


def test_a_missing_level_is_named(data_root: Path) -> None:
    folder = write_image(data_root / "cell.zarr", em_levels())
    (folder / "1" / "zarr.json").unlink()
    assert _ids("data:cell.zarr") == ["level-missing"]


def test_a_level_that_leads_out_of_the_image_is_refused(data_root: Path) -> None:
    folder = write_image(data_root / "cell.zarr", em_levels())
    document = json.loads((folder / "zarr.json").read_text())
    document["attributes"]["ome"]["multiscales"][0]["datasets"][1]["path"] = "../other/0"
    (folder / "zarr.json").write_text(json.dumps(document))
    assert _ids("data:cell.zarr") == ["dataset-path"]


def test_a_symlink_out_of_the_root_is_refused(data_root: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "outside.zarr", em_levels())
    (data_root / "cell.zarr").symlink_to(tmp_path / "outside.zarr")
    assert _ids("data:cell.zarr") == ["invalid-key"]


def test_an_address_outside_the_roots_is_refused_by_name(data_root: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "outside.zarr", em_levels())
    assert _ids(str(tmp_path / "outside.zarr")) == ["outside-roots"]
    assert _ids("s3://elsewhere/cell.zarr") == ["outside-roots"]


def test_a_dtype_the_viewer_cannot_show_keeps_it_from_being_published_but_conformant(data_root: Path) -> None:
    write_image(data_root / "cell.zarr", [level.astype("f8") for level in em_levels()])
    inspection = inspect("data:cell.zarr")
    assert inspection.conformant
    assert not inspection.publishable


def test_a_path_a_file_url_and_a_root_name_are_the_same_address(data_root: Path) -> None:
    folder = write_image(data_root / "cell.zarr", em_levels())
    inspections = [inspect(str(folder)), inspect(folder.as_uri()), inspect("data:cell.zarr")]
    assert {(i.root.name, i.key) for i in inspections if i.root} == {("data", "cell.zarr")}


def test_the_command_exits_with_1_when_it_could_not_be_published(data_root: Path) -> None:
    write_image(data_root / "cell.zarr", em_levels())
    out = StringIO()
    call_command("inspect", "data:cell.zarr", "--json", stdout=out)
    assert json.loads(out.getvalue())["publishable"] is True

    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("inspect", "data:nowhere", "--json", stdout=out)
    assert stopped.value.code == 1
    problem = json.loads(out.getvalue())["problems"][0]
    assert set(problem) == {"id", "severity", "where", "message", "fix", "scope"}
