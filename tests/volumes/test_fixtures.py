"""Images written by other software, judged by their authors: our verdict on the attributes alone against theirs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from datasets.volumes.conformance import check_image, check_levels
from datasets.volumes.lengths import LengthUnitUnknown
from datasets.volumes.multiscales import parse_multiscales
from datasets.volumes.problems import errors_of

pytestmark = pytest.mark.shared_data

OLDER = "valid by the rules of 0.1 to 0.3, which state no version; to us it lacks what 0.4 demands"
# Rows on which we differ from the recorded verdict, each with (theirs, ours) and the reason.
DIFFERENT = {
    "biotools-examples/invalid/image-03.zarr": ("invalid", "valid", "its array is absent: seen with the arrays, below"),
    "vizarr-recorded/v0.4/idr0062-multiscale/labels/0": ("disputed", "valid", "arrays not recorded: seen below"),
    "ngff-spec/0.4/tests/image_suite.json#0": (
        "valid", "invalid", "a scale of 2 numbers for 3 axes, which the text of 0.4 forbids and the schema cannot say"
    ),
    "ngff-spec/0.1/examples/image/valid/image.json": ("valid", "invalid", OLDER),
    "ngff-spec/0.3/examples/image/valid/image.json": ("valid", "invalid", OLDER),
    "ngff-spec/0.3/examples/image/valid/missing_version.json": ("valid", "invalid", OLDER),
}  # fmt: skip
NEED_ARRAYS = ["biotools-examples/invalid/image-03.zarr", "vizarr-recorded/v0.4/idr0062-multiscale/labels/0"]


def read_json(path: Path) -> Any:
    """The examples of the specification carry // comments."""
    return json.loads(re.sub(r"(?m)(^|(?<=[\s,{}\[\]]))//.*$", "", path.read_text()))


def read_attributes(folder: Path, fixture: str, kind: str) -> dict[str, Any]:
    """The attributes of a row: of a group, a file of attributes, or the n-th case of a suite (``path#n``)."""
    match kind:
        case "suite-case":
            path, number = fixture.split("#")
            return read_json(folder / path)["tests"][int(number)]["data"]
        case "zarr-v2-group":
            return read_json(folder / fixture / ".zattrs")
        case "zarr-v3-group":
            return read_json(folder / fixture / "zarr.json")["attributes"]
    document = read_json(folder / fixture)
    return document.get("attributes", document)


@pytest.fixture
def images(shared_data: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Fixture → (verdict, attributes) of every image group whose metadata state 0.4, 0.5 or no version."""
    folder = shared_data / "ome-zarr"
    lines = [line for line in (folder / "EXPECTED.tsv").read_text().splitlines() if not line.startswith("#")]
    rows = {}
    for line in lines[1:]:
        fixture, verdict, kind, declared = line.split("\t")[:4]
        if declared not in ("0.4", "0.5", "none", "ome:none"):
            continue
        attributes = read_attributes(folder, fixture, kind)
        if "multiscales" in attributes.get("ome", attributes):
            rows[fixture] = (verdict, attributes)
    return rows


def verdict_of(attributes: dict[str, Any]) -> str:
    return "invalid" if errors_of(check_image(attributes)) else "valid"


def test_our_verdicts_are_those_recorded_but_for_the_reasons_listed(images):
    assert len(images) == 69
    different = {
        fixture: (verdict, verdict_of(attributes))
        for fixture, (verdict, attributes) in images.items()
        if verdict.removesuffix("-with-warning") != verdict_of(attributes)
    }
    assert different == {fixture: (theirs, ours) for fixture, (theirs, ours, _) in DIFFERENT.items()}


def test_what_its_author_warns_of_has_a_warning(images):
    warned = [attributes for verdict, attributes in images.values() if verdict == "valid-with-warning"]
    assert warned
    assert all(check_image(attributes) for attributes in warned)


def test_what_the_attributes_cannot_show_the_arrays_do(images):
    for fixture in NEED_ARRAYS:
        (multiscale,) = parse_multiscales(images[fixture][1])
        problems = check_levels(multiscale, {})
        assert [problem.id for problem in problems] == ["level-missing"] * len(multiscale.levels)


def test_every_valid_image_is_read_unless_its_unit_is_unknown(images):
    refused = set()
    for fixture, (_, attributes) in images.items():
        if verdict_of(attributes) != "valid":
            continue
        try:
            multiscales = parse_multiscales(attributes)
        except LengthUnitUnknown:
            refused.add(fixture)
            continue
        for multiscale in multiscales:
            for level in multiscale.levels:
                assert set(level.scale_nm) == set(multiscale.axes.spatial.names)
                assert all(size > 0 for size in level.scale_nm.values())
    assert refused == {"ngff-spec/0.4/tests/image_suite.json#2"}  # "micron": allowed, but a size in it cannot be told


def test_the_levels_of_a_pyramid_of_neuroglancer_begin_at_one_edge(images):
    """Its own example of NGFF: scale doubled, translation shifted by half a fine voxel each time."""
    _, attributes = images["neuroglancer/datasource/zarr/ome_zarr/simple_0.5"]
    (multiscale,) = parse_multiscales(attributes)
    edges = {tuple(low for low, _ in level.bounds_nm((8, 8)).values()) for level in multiscale.levels}
    assert edges == {(-2.0, -15.0)}
