"""Each rule on its own: broken in one place, it and it alone is found, there, with a fix."""

import copy
import re
from pathlib import Path

import pytest

from datasets.volumes.array_rules import ARRAY_RULES, VIEWER_RULES
from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.conformance import check_image, check_levels, check_viewable
from datasets.volumes.multiscales import parse_multiscales
from datasets.volumes.problems import errors_of
from datasets.volumes.rules import RULES

SCALE = {"type": "scale", "scale": [1, 40, 4, 4]}
HALF_SCALE = {"type": "scale", "scale": [1, 40, 8, 8]}
SHIFT = {"type": "translation", "translation": [0, 0, 2, 2]}
VALID = {
    "name": "em",
    "type": "mean",
    "axes": [
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", "unit": "nanometer"},
        {"name": "y", "type": "space", "unit": "nanometer"},
        {"name": "x", "type": "space", "unit": "nanometer"},
    ],
    "datasets": [
        {"path": "s0", "coordinateTransformations": [SCALE]},
        {"path": "s1", "coordinateTransformations": [HALF_SCALE, SHIFT]},
    ],
    "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, 1]}],
}
CHANNEL = {"color": "00FF00", "window": {"min": 0, "max": 255, "start": 10, "end": 200}}
VERSIONS = ["0.4", "0.5"]


def attributes_of(multiscale, version, **beside):
    if version == "0.5":
        return {"ome": {"version": "0.5", "multiscales": [multiscale], **beside}}
    return {"multiscales": [{**multiscale, "version": "0.4"}], **beside}


def changed(path, value):
    """VALID with the value at ``path`` (keys and positions) replaced; None removes it."""
    multiscale = copy.deepcopy(VALID)
    *parents, last = path
    place = multiscale
    for step in parents:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return multiscale


def found(problems):
    return {(problem.id, problem.where) for problem in problems}


COMMON = "coordinateTransformations"  # those of the multiscale

# rule, place that is changed, what is put there, where the rule finds it
BROKEN = [
    ("name-missing", ["name"], None, "name"),
    ("downsampling-type-missing", ["type"], None, "type"),
    ("axes-count", ["axes"], None, "axes"),
    ("axes-count", ["axes"], [], "axes"),
    ("axes-count", ["axes", 0], "c", "axes/0"),
    ("axis-name", ["axes", 1, "name"], None, "axes/1/name"),
    ("axis-name", ["axes", 1, "name"], "", "axes/1/name"),
    ("axis-names-unique", ["axes", 3, "name"], "y", "axes"),
    ("axis-type", ["axes", 0, "type"], 7, "axes/0/type"),
    ("axis-type-missing", ["axes", 0, "type"], None, "axes/0/type"),
    ("axes-spatial-order", ["axes"], [VALID["axes"][i] for i in (0, 3, 2, 1)], "axes"),
    ("axes-order", ["axes"], [VALID["axes"][i] for i in (1, 0, 2, 3)], "axes"),
    ("axis-unit", ["axes", 1, "unit"], "micron", "axes/1/unit"),
    ("axis-unit", ["axes", 0], {"name": "t", "type": "time", "unit": "micrometer"}, "axes/0/unit"),
    ("axis-unit-missing", ["axes", 1, "unit"], None, "axes/1/unit"),
    ("datasets", ["datasets"], None, "datasets"),
    ("datasets", ["datasets"], [], "datasets"),
    ("datasets", ["datasets", 1], "s1", "datasets/1"),
    ("dataset-path", ["datasets", 1, "path"], 1, "datasets/1/path"),
    ("dataset-path", ["datasets", 1, "path"], "", "datasets/1/path"),
    ("dataset-path", ["datasets", 1, "path"], "../s1", "datasets/1/path"),
    ("dataset-path", ["datasets", 1, "path"], "/s1", "datasets/1/path"),
    ("dataset-paths-unique", ["datasets", 1, "path"], "s0/", "datasets"),
    ("transforms", ["datasets", 0, "coordinateTransformations"], None, "datasets/0/coordinateTransformations"),
    ("transforms", ["datasets", 0, "coordinateTransformations"], [], "datasets/0/coordinateTransformations"),
    ("transforms", [COMMON], [], COMMON),
    ("scale-count", [COMMON], [SHIFT], COMMON),
    ("scale-count", [COMMON], [SCALE, SCALE], COMMON),
    ("translation-count", [COMMON], [SCALE, SHIFT, SHIFT], COMMON),
    ("translation-order", [COMMON], [SHIFT, SCALE], COMMON),
    ("transform-type", [COMMON], [SCALE, {"type": "identity"}], f"{COMMON}/1/type"),
    ("scale-positive", [COMMON, 0, "scale", 1], 0, f"{COMMON}/0/scale"),
    ("scale-positive", [COMMON, 0, "scale", 1], -4, f"{COMMON}/0/scale"),
    ("transform-numbers", [COMMON, 0, "scale", 1], "4", f"{COMMON}/0/scale"),
    ("transform-numbers", [COMMON, 0, "scale", 1], True, f"{COMMON}/0/scale"),
    ("transform-numbers", [COMMON, 0, "scale", 1], float("nan"), f"{COMMON}/0/scale"),
    ("transform-numbers", [COMMON, 0, "scale"], None, f"{COMMON}/0/scale"),
    ("transform-length", [COMMON, 0, "scale"], [1, 1, 1], f"{COMMON}/0/scale"),
    ("levels-order", ["datasets"], VALID["datasets"][::-1], "datasets/1"),
    ("levels-same-scale", ["datasets", 1, "coordinateTransformations"], [SCALE], "datasets/1"),
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_found_in_what_is_right(version):
    assert check_image(attributes_of(VALID, version, omero={"channels": [CHANNEL]})) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("rule", "path", "value", "where"), BROKEN)
def test_a_broken_rule_is_found_alone_and_in_its_place(rule, path, value, where, version):
    problems = check_image(attributes_of(changed(path, value), version))
    prefix = "/ome/multiscales/0/" if version == "0.5" else "/multiscales/0/"
    assert found(problems) == {(rule, prefix + where)}
    assert all(problem.severity == RULES[rule][0] and problem.message and problem.fix for problem in problems)


@pytest.mark.parametrize(
    ("rule", "types"),
    [
        ("axes-space-count", ["channel", None, "space"]),
        ("axes-space-count", ["space"] * 4),
        ("axes-other-count", ["time", "time", "space", "space"]),
        ("axes-other-count", ["channel", "angle", "space", "space"]),
        ("axes-count", ["time", "channel", "space", "space", "space", "space"]),
        ("axes-count", ["space"]),
    ],
)
def test_axes_that_are_too_many_or_too_few(rule, types):
    axes = [{"name": f"axis{n}"} | ({"type": kind} if kind else {}) for n, kind in enumerate(types)]
    multiscale = {**VALID, "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [
        {"type": "scale", "scale": [1] * len(axes)}]}]}  # fmt: skip
    assert rule in {problem.id for problem in errors_of(check_image(attributes_of(multiscale, "0.5")))}


@pytest.mark.parametrize(
    ("omero", "rule", "where"),
    [
        ([], "omero", "/omero"),
        ({}, "omero", "/omero/channels"),
        ({"channels": [7]}, "omero", "/omero/channels/0"),
        ({"channels": [{**CHANNEL, "window": 7}]}, "omero-window", "/omero/channels/0/window"),
        ({"channels": [{**CHANNEL, "window": {**CHANNEL["window"], "end": "100"}}]}, "omero-window",
         "/omero/channels/0/window/end"),
        ({"channels": [{**CHANNEL, "window": {**CHANNEL["window"], "end": 10}}]}, "omero-window-order",
         "/omero/channels/0/window"),
        ({"channels": [{**CHANNEL, "color": "green"}]}, "omero-color", "/omero/channels/0/color"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", VERSIONS)
def test_display_of_channels(omero, rule, where, version):
    prefix = "/ome" if version == "0.5" else ""
    assert found(check_image(attributes_of(VALID, version, omero=omero))) == {(rule, prefix + where)}


@pytest.mark.parametrize(("version", "rule"), [("0.4", "omero-window"), ("0.5", "omero-channel-incomplete")])
def test_the_schema_of_0_4_demands_a_window_that_of_0_5_does_not(version, rule):
    problems = check_image(attributes_of(VALID, version, omero={"channels": [{"color": "00FF00"}]}))
    assert [problem.id for problem in problems] == [rule]
    assert bool(errors_of(problems)) == (version == "0.4")


@pytest.mark.parametrize(
    ("attributes", "rule", "where"),
    [
        ({}, "not-ome-zarr", "/"),
        ({"ome": {"version": "0.5"}}, "not-ome-zarr", "/ome"),
        ({"multiscales": []}, "multiscales", "/multiscales"),
        ({"multiscales": {}}, "multiscales", "/multiscales"),
        ({"multiscales": [7]}, "multiscales", "/multiscales/0"),
        ({"multiscales": [VALID]}, "version-missing", "/multiscales/0/version"),
        ({"ome": {"multiscales": [VALID]}}, "version-missing", "/ome/version"),
        ({"multiscales": [{**VALID, "version": "0.5"}]}, "ngff-version-unsupported", "/multiscales/0/version"),
        ({"ome": {"version": "0.4", "multiscales": [VALID]}}, "ngff-version-unsupported", "/ome/version"),
    ],
)
def test_the_frame_around_the_image(attributes, rule, where):
    assert found(check_image(attributes)) == {(rule, where)}


def test_the_fix_of_a_translation_before_the_scale_keeps_the_positions():
    transforms = [{"type": "translation", "translation": [0, 1, 2, 3]}, {"type": "scale", "scale": [1, 40, 4, 4]}]
    (problem,) = check_image(attributes_of({**VALID, "coordinateTransformations": transforms}, "0.5"))
    assert "[0, 40, 8, 12]" in problem.fix


# --- arrays -----------------------------------------------------------------------------------------------------------


def facts(shape=(1, 10, 101, 100), **changes):
    return ArrayFacts(**{
        "shape": shape, "dtype": "uint8", "chunk_shape": (1, 64, 64, 64), "zarr_format": 3,
        "codecs": ("bytes", "zstd"), "dimension_names": ("c", "z", "y", "x"), **changes,
    })  # fmt: skip


@pytest.fixture
def multiscale():
    return parse_multiscales(attributes_of(VALID, "0.5"))[0]


@pytest.mark.parametrize("size", [50, 51])
def test_levels_may_round_odd_sizes_down_or_up(multiscale, size):
    assert check_levels(multiscale, {"s0": facts(), "s1": facts((1, 10, size, 50))}) == []


@pytest.mark.parametrize(
    ("rule", "arrays"),
    [
        ("level-missing", {"s0": facts()}),
        ("level-axes", {"s0": facts(), "s1": facts((10, 50, 50))}),
        ("level-dtype", {"s0": facts(), "s1": facts((1, 10, 51, 50), dtype="uint16")}),
        ("level-shape", {"s0": facts(), "s1": facts((1, 10, 49, 50))}),
        ("level-shape", {"s0": facts(), "s1": facts((1, 10, 101, 50))}),
        ("level-shape", {"s0": facts(), "s1": facts((1, 9, 51, 50))}),
        ("level-shape", {"s0": facts(), "s1": facts((2, 10, 51, 50))}),
        ("level-zarr-format", {"s0": facts(), "s1": facts((1, 10, 51, 50), zarr_format=2, dimension_names=None)}),
        ("level-dimension-names", {"s0": facts(), "s1": facts((1, 10, 51, 50), dimension_names=tuple("cxyz"))}),
        ("level-dimension-names-missing", {"s0": facts(), "s1": facts((1, 10, 51, 50), dimension_names=None)}),
    ],
)
def test_arrays_that_do_not_fit(multiscale, rule, arrays):
    problems = check_levels(multiscale, arrays)
    assert found(problems) == {(rule, "s1")}
    assert all(problem.severity == ARRAY_RULES[rule][0] and problem.fix for problem in problems)


def test_a_level_without_its_half_voxel_shift_is_pointed_out(multiscale):
    unshifted = changed(["datasets", 1, "coordinateTransformations"], [HALF_SCALE])
    (multiscale,) = parse_multiscales(attributes_of(unshifted, "0.5"))
    problems = check_levels(multiscale, {"s0": facts(), "s1": facts((1, 10, 51, 50))})
    assert found(problems) == {("level-offset", "s1")}
    assert "translation 2 along" in problems[0].fix
    assert errors_of(problems) == []


def test_0_4_in_zarr_v3_is_pointed_out():
    (multiscale,) = parse_multiscales(attributes_of(VALID, "0.4"))
    two = {"s0": facts(zarr_format=2, dimension_names=None), "s1": facts((1, 10, 51, 50), dimension_names=None)}
    assert found(check_levels(multiscale, two)) == {("level-zarr-format-new", "s1")}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        *(({"dtype": dtype}, "dtype-not-viewable") for dtype in ("bool", "float16", "float64", "complex64", "str160")),
        ({"dtype": "int64"}, "int64-not-viewable"),
        ({"dtype": "int64", "zarr_format": 2, "codecs": ("zlib",)}, "int64-not-viewable"),
        ({"zarr_format": 2, "codecs": ("zstd",), "filters": ("delta",)}, "filters-not-viewable"),
        ({"zarr_format": 2, "codecs": ("lz4",)}, "codec-not-viewable"),
        ({"codecs": ("bytes", "numcodecs.lzma")}, "codec-not-viewable"),
    ],
)
def test_what_the_viewer_cannot_show(changes, rule):
    (problem,) = check_viewable(facts(**changes), "s0")
    assert (problem.id, problem.where, problem.severity) == (rule, "s0", VIEWER_RULES[rule][0])
    assert problem.scope == "viewing"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float32"])
def test_what_the_viewer_shows(dtype):
    assert check_viewable(facts(dtype=dtype)) == []
    codecs = ("blosc",)
    assert check_viewable(facts(dtype=dtype, zarr_format=2, codecs=codecs, dimension_names=None)) == []


def test_the_page_lists_every_rule_with_its_words_and_severity():
    page = (Path(__file__).parents[2] / "docs/problems/ngff-invalid.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (error|warning) \|$", page, re.MULTILINE)
    assert {rule: (severity, words) for rule, words, severity in rows} == {**RULES, **ARRAY_RULES, **VIEWER_RULES}
