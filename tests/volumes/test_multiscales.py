"""NGFF metadata read into one model: the specification's own example, and what must hold for any image."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ome_zarr_models.v04.image import ImageAttrs as ImageAttrs04
from ome_zarr_models.v05.image import ImageAttrs as ImageAttrs05

from datasets.volumes.lengths import NM_PER_UNIT, LengthUnitUnknown
from datasets.volumes.multiscales import NgffInvalid, NgffVersionUnsupported, NotOmeZarr, parse_multiscales

# NGFF 0.4 and 0.5, section "multiscales" metadata, the example there: "the voxel size for the first scale level
# (0.5 micrometer)", downscaled by 2 per level, and "the time unit (0.1 milliseconds), which is the same for each scale
# level".
SPECIFICATION_EXAMPLE = {
    "name": "example",
    "axes": [
        {"name": "t", "type": "time", "unit": "millisecond"},
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", "unit": "micrometer"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ],
    "datasets": [
        {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, size, size, size]}]}
        for n, size in enumerate((0.5, 1.0, 2.0))
    ],
    "coordinateTransformations": [{"type": "scale", "scale": [0.1, 1.0, 1.0, 1.0, 1.0]}],
    "type": "gaussian",
    "metadata": {"method": "skimage.transform.pyramid_gaussian", "version": "0.16.1"},
}


def as_version(version, *multiscales):
    """The attributes of an image group in which ``version`` keeps these multiscales."""
    if version == "0.5":
        return {"ome": {"version": "0.5", "multiscales": list(multiscales)}}
    return {"multiscales": [{**multiscale, "version": version} for multiscale in multiscales]}


def image(axes, levels, common=None):
    """One multiscale of ``axes`` (name, type, unit) and ``levels`` of (scale, translation)."""

    def transforms(scale, translation):
        listed = [{"type": "scale", "scale": list(scale)}]
        return [*listed, {"type": "translation", "translation": list(translation)}] if translation else listed

    multiscale = {
        "name": "image",
        "axes": [{"name": name, "type": kind} | ({"unit": unit} if unit else {}) for name, kind, unit in axes],
        "datasets": [{"path": f"s{n}", "coordinateTransformations": transforms(*lvl)} for n, lvl in enumerate(levels)],
    }
    return multiscale | ({"coordinateTransformations": transforms(*common)} if common else {})


ZYX = [(name, "space", "nanometer") for name in "zyx"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_example_of_the_specification(version):
    (multiscale,) = parse_multiscales(as_version(version, SPECIFICATION_EXAMPLE))
    assert multiscale.version == version
    assert multiscale.name == "example"
    assert multiscale.downsampling_type == "gaussian"
    assert multiscale.metadata["version"] == "0.16.1"
    assert multiscale.axes.names == tuple("tczyx")
    assert [level.path for level in multiscale.levels] == ["0", "1", "2"]
    assert [level.scale for level in multiscale.levels] == [
        (0.1, 1.0, 0.5, 0.5, 0.5),
        (0.1, 1.0, 1.0, 1.0, 1.0),
        (0.1, 1.0, 2.0, 2.0, 2.0),
    ]
    assert multiscale.levels[1].scale_nm == {"z": 1000.0, "y": 1000.0, "x": 1000.0}
    assert list(multiscale.levels[1].scale_nm) == ["z", "y", "x"]


def test_both_versions_are_read_into_the_same_levels():
    (old,), (new,) = (parse_multiscales(as_version(version, SPECIFICATION_EXAMPLE)) for version in ("0.4", "0.5"))
    assert old.levels == new.levels


def test_voxel_zero_is_centred_at_the_translation_and_covers_half_a_voxel_to_each_side():
    """Two levels made by averaging: their edges coincide, their centres do not."""
    axes = [("z", "space", "nanometer"), ("y", "space", "micrometer"), ("x", "space", "micrometer")]
    levels = [((40, 0.004, 0.004), (100, 0, 0)), ((40, 0.008, 0.008), (100, 0.002, 0.002))]
    (multiscale,) = parse_multiscales(as_version("0.5", image(axes, levels)))
    fine, coarse = multiscale.levels
    assert coarse.to_physical_nm({"z": 0, "y": 0, "x": 0}) == {"z": 100, "y": 2, "x": 2}
    assert fine.to_voxel({"z": 140, "y": 4, "x": 6}) == {"z": 1, "y": 1, "x": 1.5}
    assert coarse.translation_nm == {"z": 100, "y": 2, "x": 2}
    assert fine.bounds_nm((10, 100, 50)) == {"z": (80, 480), "y": (-2, 398), "x": (-2, 198)}
    assert coarse.bounds_nm((10, 50, 25)) == fine.bounds_nm((10, 100, 50))


def test_transformations_of_the_multiscale_come_after_those_of_the_dataset():
    levels = [((4, 2, 2), (8, 6, 6))]
    (multiscale,) = parse_multiscales(as_version("0.4", image(ZYX, levels, common=((10, 10, 1), (1, 2, 3)))))
    assert multiscale.levels[0].scale == (40, 20, 2)
    assert multiscale.levels[0].translation == (81, 62, 9)


@st.composite
def images(draw):
    """A valid multiscale: axes in any order, anisotropic scales, half-voxel shifts, perhaps a common transformation."""
    spatial = draw(st.permutations("zyx"))[: draw(st.integers(2, 3))]
    units = st.sampled_from(["nanometer", "micrometer", "angstrom", None])
    front = [*draw(st.sampled_from([[], [("t", "time", "second")]]))]
    front += draw(st.sampled_from([[], [("c", "channel", None)], [("angle", None, None)]]))
    axes = front + [(name, "space", draw(units)) for name in spatial]
    size = st.floats(0.1, 100)
    finest = [draw(size) for _ in axes]
    levels = []
    for n in range(draw(st.integers(1, 3))):
        scale = [s * 2**n if kind == "space" else s for s, (_, kind, _) in zip(finest, axes, strict=True)]
        levels.append((scale, [(s - s0) / 2 for s, s0 in zip(scale, finest, strict=True)]))
    common = draw(st.none() | st.just(([2.0] * len(axes), [5.0] * len(axes))))
    return image(axes, levels, common)


@given(images(), st.sampled_from(["0.4", "0.5"]), st.data())
def test_voxel_to_space_and_back(multiscale, version, data):
    (parsed,) = parse_multiscales(as_version(version, multiscale))
    for level in parsed.levels:
        voxel = {name: data.draw(st.integers(0, 10_000)) for name in parsed.axes.spatial.names}
        assert level.to_voxel(level.to_physical_nm(voxel)) == pytest.approx(voxel, rel=1e-9, abs=1e-6)


@given(images(), st.data())
def test_composed_is_one_after_another_in_nanometres(multiscale, data):
    """Against the metadata as written, multiplied out by hand."""
    (parsed,) = parse_multiscales(as_version("0.5", multiscale))
    for level, dataset in zip(parsed.levels, multiscale["datasets"], strict=True):
        voxel = {name: data.draw(st.integers(0, 10_000)) for name in parsed.axes.spatial.names}
        for position, axis in enumerate(multiscale["axes"]):
            if axis["type"] != "space":
                continue
            expected = voxel[axis["name"]]
            steps = (dataset["coordinateTransformations"], multiscale.get("coordinateTransformations", []))
            for step in itertools.chain(*steps):
                if step["type"] == "scale":
                    expected = expected * step["scale"][position]
                else:
                    expected = expected + step["translation"][position]
            stated = {a["unit"] for a in multiscale["axes"] if a["type"] == "space" and "unit" in a}
            expected *= NM_PER_UNIT[axis.get("unit", stated.pop() if len(stated) == 1 else "nanometer")]
            assert level.to_physical_nm(voxel)[axis["name"]] == pytest.approx(expected)


@given(images(), st.sampled_from(["0.4", "0.5"]))
def test_an_independent_reader_agrees_on_what_it_takes(multiscale, version):
    attributes = as_version(version, multiscale)
    (parsed,) = parse_multiscales(attributes)
    other = (ImageAttrs05 if version == "0.5" else ImageAttrs04).model_validate(attributes.get("ome", attributes))
    assert [axis.name for axis in other.multiscales[0].axes] == list(parsed.axes.names)
    assert [dataset.path for dataset in other.multiscales[0].datasets] == [level.path for level in parsed.levels]


@pytest.mark.parametrize(
    ("units", "scale_nm"),
    [
        ((None, None, None), {"z": 40, "y": 4, "x": 4}),
        ((None, "micrometer", None), {"z": 40_000, "y": 4000, "x": 4000}),
        ((None, "micrometer", "angstrom"), {"z": 40, "y": 4000, "x": 0.4}),
    ],
)
def test_a_space_axis_without_a_unit_is_in_that_of_the_others_or_in_nanometers(units, scale_nm):
    axes = [(name, "space", unit) for name, unit in zip("zyx", units, strict=True)]
    (multiscale,) = parse_multiscales(as_version("0.4", image(axes, [((40, 4, 4), None)])))
    assert multiscale.levels[0].scale_nm == pytest.approx(scale_nm)


@pytest.mark.parametrize("unit", ["micron", "pixel", "second"])
def test_a_unit_that_is_no_length_is_read_but_gives_no_nanometers(unit):
    axes = [("z", "space", "nanometer"), ("y", "space", "nanometer"), ("x", "space", unit)]
    (multiscale,) = parse_multiscales(as_version("0.4", image(axes, [((1, 1, 1), None)])))
    with pytest.raises(LengthUnitUnknown, match=f'axis x: "{unit}"'):
        _ = multiscale.levels[0].scale_nm


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.6", "0.6rc0", "0.5-dev", "abc123", 0.4])
def test_other_versions_are_refused_by_name(version):
    for attributes in (
        as_version(version, SPECIFICATION_EXAMPLE),
        {"ome": {"version": version, "multiscales": [SPECIFICATION_EXAMPLE]}},
    ):
        with pytest.raises(NgffVersionUnsupported) as caught:
            parse_multiscales(attributes)
        assert str(version) in caught.value.what
        assert caught.value.where.endswith("/version")


@pytest.mark.parametrize("attributes", [{}, {"plate": {}}, {"ome": {"version": "0.5", "labels": []}}, {"ome": "0.5"}])
def test_what_is_no_image_is_told_so(attributes):
    with pytest.raises(NotOmeZarr) as caught:
        parse_multiscales(attributes)
    assert "OME-Zarr image group" in caught.value.fix


def test_invalid_metadata_carries_every_error():
    multiscale = image(ZYX, [((4, 4), None), ((8, 8, 8), None)])
    multiscale["datasets"][1]["path"] = ""
    with pytest.raises(NgffInvalid) as caught:
        parse_multiscales(as_version("0.5", multiscale))
    assert {problem.id for problem in caught.value.problems} == {"transform-length", "dataset-path"}
    body = caught.value.problem()
    assert body["type"] == "/problems/ngff-invalid/"
    assert body["problems"] == [problem.to_json() for problem in caught.value.problems]
    assert "(and 1 more)" in body["detail"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["space", "scale"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "type", "unit", "path", "scale", "translation", "coordinateTransformations"]),
            children,
        )
    ),
    max_leaves=12,
)


@given(json, st.sampled_from(["axes", "datasets", "coordinateTransformations", "name", "type", "metadata", "version"]))
def test_whatever_the_metadata_hold_the_answer_is_an_image_or_a_named_error(value, key):
    for attributes in (as_version("0.4", SPECIFICATION_EXAMPLE), as_version("0.5", SPECIFICATION_EXAMPLE)):
        multiscales = attributes.get("ome", attributes)["multiscales"]
        multiscales[0] = {**multiscales[0], key: value}
        try:
            (multiscale,) = parse_multiscales(attributes)
            position_nm = multiscale.levels[0].to_physical_nm(dict.fromkeys(multiscale.axes.spatial.names, 0))
        except (NgffInvalid, NgffVersionUnsupported, LengthUnitUnknown) as error:
            assert error.fix  # noqa: PT017  (either outcome is right; this one must say what to do)
            continue
        assert len(position_nm) in (2, 3)
