"""What a curator can get wrong: each is refused by its name, with a fix, and nothing of it stays."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from django.core.management import CommandError, call_command
from numcodecs import LZ4, Delta

from datasets.catalogue.models import Dataset, Person
from datasets.publishing.actions import DataNotPublishable, publish
from datasets.publishing.inspection import inspect
from datasets.publishing.specification import SpecificationInvalid, check_specification
from datasets.storage.errors import StorageError
from datasets.storage.keys import InvalidKey
from datasets.volumes.errors import CisternaError
from datasets.volumes.problems import errors_of
from tests.samples import em_levels, label_levels, specification, write_container, write_image

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def container(data_root: Path) -> Path:
    return write_container(data_root / "small.zarr")


def _publish(**changes: Any) -> Any:
    checked = check_specification(specification("data:small.zarr", **changes))
    return publish(specification=checked, base=Path(), by=None)


def _assert_nothing_stays(data_root: Path) -> None:
    assert not Dataset.objects.exists()
    assert not Person.objects.exists()
    assert list((data_root.parent / "own").iterdir()) == []


def _rewrite(document: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(document.read_text())
    change(data)
    document.write_text(json.dumps(data))


def _multiscale(data: dict[str, Any]) -> Any:
    return data["attributes"]["ome"]["multiscales"][0]


def _swap_levels(data: dict[str, Any]) -> None:
    first, second = _multiscale(data)["datasets"]
    first["coordinateTransformations"], second["coordinateTransformations"] = (
        second["coordinateTransformations"],
        first["coordinateTransformations"],
    )


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "not-ome-zarr": lambda data: data["attributes"].clear(),
    "multiscales": lambda data: data["attributes"]["ome"].update(multiscales=[]),
    "datasets": lambda data: _multiscale(data).update(datasets=[]),
    "level-missing": lambda data: _multiscale(data)["datasets"][1].update(path="nowhere"),
    "levels-order": _swap_levels,
    "level-shape": lambda data: _multiscale(data)["datasets"][1]["coordinateTransformations"][0].update(
        scale=[40, 40, 40]
    ),
    "axes-space-count": lambda data: [axis.update(type="channel") for axis in _multiscale(data)["axes"]],
    "axis-type": lambda data: _multiscale(data)["axes"][0].update(type=3),
    "axes-order": lambda data: _multiscale(data)["axes"][2].update(type="time"),
    "length-unit-unknown": lambda data: _multiscale(data)["axes"][0].update(unit="micron"),
    "ngff-version-unsupported": lambda data: data["attributes"]["ome"].update(version="0.6"),
    "zarr-metadata-invalid": lambda data: data.update(node_type="tree"),
    "array-not-image": lambda data: data.update(node_type="array"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_metadata_that_cannot_be_published(container: Path, data_root: Path, rule: str) -> None:
    _rewrite(container / "em" / "zarr.json", BROKEN[rule])
    with pytest.raises(DataNotPublishable) as refused:
        _publish()
    assert rule in {problem.id for path, problem in refused.value.problems if path == "em"}
    assert all(problem.fix for _, problem in refused.value.problems)
    assert rule in str(refused.value)
    _assert_nothing_stays(data_root)


def _filtered(folder: Path) -> None:
    write_image(folder, em_levels(), version="0.4")
    for level, array in enumerate(em_levels()):
        place = folder / str(level)
        for path in sorted(place.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        zarr.create_array(place, data=array, zarr_format=2, filters=[Delta(dtype="u1")], chunks=(16, 16, 16))


UNVIEWABLE: dict[str, Callable[[Path], object]] = {
    "dtype-not-viewable": lambda folder: write_image(folder, [level.astype("f8") for level in em_levels()]),
    "int64-not-viewable": lambda folder: write_image(folder, [level.astype("i8") for level in em_levels()]),
    "int64-not-viewable in Zarr v2": lambda folder: write_image(
        folder, [level.astype("i8") for level in em_levels()], version="0.4"
    ),
    "filters-not-viewable": _filtered,
    "codec-not-viewable": lambda folder: write_image(folder, em_levels(), version="0.4", compressors=[LZ4()]),
    "axes-not-viewable": lambda folder: write_image(folder, em_levels(), names={"z": "section"}),
}


@pytest.mark.parametrize("case", UNVIEWABLE)
def test_what_the_viewer_would_not_show_truly_is_refused_unless_it_is_only_downloaded(
    data_root: Path, case: str, client: Any
) -> None:
    UNVIEWABLE[case](data_root / "small.zarr" / "em")
    write_image(data_root / "small.zarr" / "labels" / "cells", label_levels())
    rule = case.split(" ")[0]
    found = inspect("data:small.zarr/em")
    assert (found.conformant, found.publishable, found.downloadable) == (True, False, True)
    with pytest.raises(DataNotPublishable) as refused:
        _publish()
    assert {problem.id for _, problem in refused.value.problems} == {rule}
    _assert_nothing_stays(data_root)

    volumes = specification("")["volumes"]
    volumes[0]["download_only"] = True
    _publish(volumes=volumes, views=[])

    em, cells = client.get("/api/v1/datasets/small-cell/").json()["volumes"]
    assert (em["viewable"], cells["viewable"]) == (False, True)
    page = client.get("/datasets/small-cell/").content.decode()
    assert ("?layers=em" in page, "download only" in page, "?layers=labels/cells" in page) == (False, True, True)
    state = client.get("/api/v1/datasets/small-cell/state").json()
    assert [layer["name"] for layer in state["layers"]] == ["labels/cells"]


def test_a_dataset_of_downloads_alone_has_pages(data_root: Path, client: Any) -> None:
    write_image(data_root / "small.zarr" / "em", [level.astype("f8") for level in em_levels()])
    volumes = [{"path": "em", "kind": "em", "title": "EM", "download_only": True}]
    _publish(volumes=volumes, views=[])
    assert client.get("/datasets/small-cell/").status_code == 200
    assert client.get("/api/v1/datasets/small-cell/state").json().get("layers", []) == []
    page = client.get("/datasets/small-cell/").content.decode()
    assert "Its layers can be downloaded, not viewed" in page
    assert "Explore in 3D" not in page


def test_labels_that_are_no_whole_numbers_are_refused(container: Path, data_root: Path) -> None:
    write_image(container / "labels" / "soft", [level.astype("f4") for level in label_levels()])
    volumes = [specification("")["volumes"][0], {"path": "labels/soft", "kind": "mask", "title": "Soft"}]
    with pytest.raises(DataNotPublishable, match="labels-not-integers"):
        _publish(volumes=volumes, views=[])
    _assert_nothing_stays(data_root)


@pytest.mark.parametrize(
    ("shape", "translation_nm"),
    [((40, 48, 58), None), ((40, 48, 56), (0, 0, 11)), ((40, 48, 56), (-11, 0, 0)), ((80, 96, 112), None)],
)
def test_labels_that_reach_beyond_their_image_are_refused(
    data_root: Path, container: Path, shape: tuple[int, int, int], translation_nm: Any
) -> None:
    (container / "labels" / "cells").rename(container / "labels" / "before")
    write_image(container / "labels" / "cells", label_levels(shape), translation_nm=translation_nm)
    with pytest.raises(DataNotPublishable, match="labels-outside-image"):
        _publish()
    _assert_nothing_stays(data_root)


@pytest.mark.parametrize(
    ("shape", "voxel_nm", "translation_nm"),
    [
        ((40, 48, 56), (10, 10, 10), (0, 0, 0)),
        ((40, 48, 57), (10, 10, 10), (0, 0, 0)),  # one voxel more is rounding
        ((20, 24, 28), (20, 20, 20), (5, 5, 5)),  # the second level of the image
        ((8, 8, 8), (10, 10, 10), (100, 120, 140)),  # a crop
        ((16, 16, 16), (2.5, 2.5, 2.5), (96.25, 96.25, 96.25)),  # finer than the image
    ],
)
def test_labels_on_the_grid_of_their_image_are_not_warned_of(
    container: Path, shape: tuple[int, int, int], voxel_nm: Any, translation_nm: Any
) -> None:
    (container / "labels" / "cells").rename(container / "labels" / "before")
    write_image(
        container / "labels" / "cells", label_levels(shape, 1), voxel_nm=voxel_nm, translation_nm=translation_nm
    )
    assert not [problem for _, problem in _publish().warnings if problem.id.startswith("labels-")]


@pytest.mark.parametrize(
    ("voxel_nm", "translation_nm"),
    [((10, 10, 10), (0, 0, 5)), ((12, 12, 12), (1, 1, 1)), ((20, 20, 20), (0, 0, 0)), ((10, 10, 10.2), (0, 0, 0))],
)
def test_labels_on_another_grid_are_published_and_warned_of(
    container: Path, voxel_nm: Any, translation_nm: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (container / "labels" / "cells").rename(container / "labels" / "before")
    write_image(
        container / "labels" / "cells", label_levels((16, 16, 16), 1), voxel_nm=voxel_nm, translation_nm=translation_nm
    )
    warnings = [problem for path, problem in _publish().warnings if path == "labels/cells"]
    assert "labels-on-other-grid" in {problem.id for problem in warnings}


def test_labels_need_only_fit_one_of_several_images(container: Path) -> None:
    write_image(container / "overview", em_levels((24, 24, 24)), voxel_nm=(40, 40, 40))
    volumes = [{"path": "em", "kind": "em", "title": "EM"}, {"path": "overview", "kind": "em", "title": "Overview"}]
    write_image(container / "wide", label_levels((80, 90, 90), 1))
    _publish(volumes=[*volumes, {"path": "wide", "kind": "mask", "title": "Wide"}], views=[])


def test_a_damaged_chunk_is_named(container: Path, data_root: Path) -> None:
    for chunk in (container / "em" / "1" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"not a chunk")
    with pytest.raises(StorageError, match="cannot be decoded"):
        _publish()
    _assert_nothing_stays(data_root)


@pytest.mark.parametrize(
    "path", ["../em", "em/../em", "./em", "em//0", "/em", "em/", "%2e%2e/em", "em%2Fs0", "em\x00", "labels\\cells", ""]
)
def test_a_volume_path_that_is_no_plain_path_is_refused(container: Path, path: str) -> None:
    with pytest.raises(SpecificationInvalid) as refused:
        _publish(volumes=[{"path": path, "kind": "em", "title": "EM"}], views=[])
    assert all(where == "volumes.0.path" for where, _ in refused.value.findings)


@pytest.mark.parametrize("data", ["data:../own", "data:a//b", "data:small.zarr\\em", "data:./small.zarr"])
def test_a_data_address_that_is_no_plain_path_is_refused(container: Path, data: str) -> None:
    assert [problem.id for problem in errors_of(inspect(data).problems)] == ["invalid-key"]
    with pytest.raises(InvalidKey) as refused:
        publish(specification=check_specification(specification(data)), base=Path(), by=None)
    assert refused.value.fix


@pytest.mark.parametrize(
    "data",
    ["/etc", "../../../etc", "file:///etc", "s3://elsewhere/cell", "https://example.org/cell.zarr"],
)
def test_data_outside_the_roots(container: Path, data_root: Path, data: str) -> None:
    with pytest.raises(CisternaError) as refused:
        publish(specification=check_specification(specification(data)), base=data_root, by=None)
    assert refused.value.slug == "outside-roots"
    assert "CISTERNA_ROOT_" in refused.value.fix
    _assert_nothing_stays(data_root)


def test_a_symlink_out_of_the_root_is_refused(container: Path, data_root: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "outside", em_levels())
    (container / "em").rename(container / "em-before")
    (container / "em").symlink_to(tmp_path / "outside")
    with pytest.raises(DataNotPublishable, match="invalid-key"):
        _publish()
    _assert_nothing_stays(data_root)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"colour": "red"}, "colour"),
        ({"specimen": {"organism": "x", "strain": "y"}}, "specimen.strain"),
        ({"volumes": []}, "volumes"),
        ({"volumes": [{"path": "em", "kind": "em", "title": "EM", "download_only": True}]}, "views"),
        ({"volumes": [{"path": "em", "kind": "em", "title": "EM"}] * 2}, "volumes"),
        ({"title": "x" * 301}, "title"),
        ({"specimen": {"ncbi_taxon": 2**31}}, "specimen.ncbi_taxon"),
        ({"acquisition": {"method": "FIB-SEM", "voltage_kv": math.inf}}, "acquisition.voltage_kv"),
        ({"publications": [{"title": "x", "doi": "10.1000/one"}] * 2}, "publications"),
    ],
)
def test_a_specification_with_a_field_that_is_not_known_or_not_right(change: dict[str, Any], where: str) -> None:
    with pytest.raises(SpecificationInvalid) as refused:
        check_specification(specification("data:small.zarr", **change))
    assert where in {field for field, _ in refused.value.findings}


def test_the_command_says_what_is_wrong_in_one_line_each(container: Path, tmp_path: Path) -> None:
    (container / "em" / "1" / "zarr.json").unlink()
    spec = tmp_path / "small.toml"
    spec.write_text(
        'name = "small"\ntitle = "Small"\nlicence = "CC0-1.0"\ndata = "data:small.zarr"\n'
        '[acquisition]\nmethod = "FIB-SEM"\n[[volumes]]\npath = "em"\nkind = "em"\ntitle = "EM"\n'
    )
    with pytest.raises(CommandError, match="data-not-publishable: em: level-missing at 1"):
        call_command("publish", str(spec))


def test_a_title_of_180_letters_and_one_with_html_are_stored_as_they_are(container: Path, client: Any) -> None:
    title = "</script><script>alert(1)</script>&amp;" + "ü" * 141
    assert len(title) == 180
    version = _publish(title=title, volumes=[{**volume, "title": title} for volume in specification("")["volumes"]])
    assert version.version.title == title
    document = client.get("/api/v1/datasets/small-cell/")
    assert document.json()["title"] == title
    assert document["Content-Type"] == "application/json"
    state = client.get("/api/v1/datasets/small-cell/state")
    assert title in state.json()["title"]
    for path in ("/datasets/small-cell/", "/datasets/", "/", "/datasets/small-cell/view/"):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "</script><script>" not in page.replace("</script>\n", "")


def test_a_volume_without_any_voxel_is_refused(data_root: Path) -> None:
    folder = write_image(data_root / "cell", em_levels())
    _rewrite(folder / "1" / "zarr.json", lambda data: data.update(shape=[0, 24, 28]))
    assert "level-empty" in {problem.id for problem in inspect("data:cell").problems}
    _rewrite(folder / "1" / "zarr.json", lambda data: data["chunk_grid"]["configuration"].update(chunk_shape=[0, 1, 1]))
    assert "zarr-metadata-invalid" in {problem.id for problem in inspect("data:cell").problems}


def test_metadata_that_list_a_million_levels_are_not_followed(data_root: Path) -> None:
    folder = write_image(data_root / "cell", [np.zeros((8, 8, 8), "u1")])

    def many(data: dict[str, Any]) -> None:
        (level,) = _multiscale(data)["datasets"]
        _multiscale(data)["datasets"] = [{**level, "path": str(n)} for n in range(2000)]

    _rewrite(folder / "zarr.json", many)
    assert [problem.id for problem in errors_of(inspect("data:cell").problems)] == ["levels-too-many"]
