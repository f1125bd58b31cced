"""Volumes that stay elsewhere, in the real browser: each voxel stands where the catalogue says, with its value."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.external_data import SHAPE, image, labels, served, write_mesh, write_n5, write_ome_zarr, write_precomputed
from tests.journeys.accessibility import check_on_every_screen
from tests.journeys.conftest import Portal, begin_home, manage, started
from tests.journeys.viewer_page import SMALL, VALUE_AT, open_viewer, position_nm, settle, state_of

# From voxels (x, y, z) to nm; the y axis of the field's own N5 goes backwards.
MIRRORED = [[4, 0, 0, 0], [0, -4, 0, 6400], [0, 0, 5.24, 12]]
MOVED = [[4, 0, 0, 8], [0, 4, 0, 6208], [0, 0, 5.24, 14]]
TURNED = [[0, 4, 0, 10], [4, 0, 0, 6210], [0, 0, -5.24, 230]]

OFFSET = (16, 32, 5)

# The mesh of one label: a cube in coordinates of its own, twice as large in nm, its y axis backwards.
LABEL, SIDE = int(labels()[20, 20, 20]), 50
CUBE = [[2, 0, 0, 40], [0, -2, 0, 6360], [0, 0, 2, 60]]
CUBE_LOW_NM, CUBE_HIGH_NM = np.array([40, 6260, 60]), np.array([140, 6360, 160])

PLACES: dict[str, tuple[np.ndarray, list[list[float]], tuple[int, ...]]] = {
    "em": (image(), MIRRORED, (0, 0, 0)),
    "labels/boxes": (labels(), MIRRORED, (0, 0, 0)),
    "precomputed": (image("uint8"), [[4, 0, 0, 0], [0, 4, 0, 6208], [0, 0, -5.24, 240]], OFFSET),
    "zarr": (image("uint8"), MOVED, (0, 0, 0)),
    "turned": (image("uint8"), TURNED, (0, 0, 0)),
}

RESEARCH_PAGES = (
    "/crops/",
    "/datasets/elsewhere/",
    "/datasets/elsewhere/changes/",
    "/models/",
    "/models/boxer/",
    "/tasks/",
    "/tasks/boxes/",
    "/collections/",
    "/collections/cells/",
    "/people/",
    "/people/1/",
)

# Where the middle of the first voxel of each crop is, x, y, z in nm; each is 10 voxels of 4 nm wide.
CROPS = {"12": (90, 6290, 90), "7": (6, 6222, 20)}

ROWS = """
import json
from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import *
dataset = Dataset.objects.create(name="elsewhere", visibility="public")
first = DatasetVersion.objects.create(dataset=dataset, title="A cell", description="Few words of it. " * 40)
Specimen.objects.create(version=first, organism="Mouse")
Acquisition.objects.create(version=first, method="FIB-SEM")
Volume.objects.create(version=first, path="em", kind="em", title="EM", axes=["z", "y", "x"], external_format="n5",
    external_url="s3://a-bucket-with-a-very-long-name-that-does-not-break/and/a/long/key/without/any/spaces/em.n5")
freeze(draft=first, by=None)
draft = DatasetVersion.objects.create(dataset=dataset, title="A cell elsewhere", licence="CC0-1.0",
    description="Few words of it. " * 20 + "Some more of it. " + "Few words of it. " * 20, change_note="All of it")
Specimen.objects.create(version=draft, organism="Human")
Acquisition.objects.create(version=draft, method="FIB-SEM")
space = CoordinateSpace.objects.create(version=draft, name="main", main=True)
for rank, row in enumerate(json.loads(SAID)):
    volume = Volume.objects.create(version=draft, rank=rank, axes=["z", "y", "x"], title=row["path"], **{
        key: row[key] for key in ("path", "kind", "external_url", "external_format")})
    if row["matrix"]:
        Transform.objects.create(volume=volume, space=space, matrix=row["matrix"])
    if row["kind"] == "segmentation":
        Segmentation.objects.create(volume=volume, type="instance", method="manual", subject="Boxes")
        ExternalMesh.objects.create(volume=volume, name="cube", format="neuroglancer_legacy_mesh", **row["mesh"])
classes = {it.short_name: it for it in OrganelleClass.objects.filter(short_name__in=("mito", "nuc"))}
for name, first in CROPS.items():
    crop = Crop.objects.create(version=draft, name=name, use="train", **{
        f"{part}_{axis}{unit}": value
        for axis, at in zip("xyz", first)
        for part, unit, value in (("voxel", "_nm", 4), ("translation", "_nm", at), ("shape", "", 10))
    })
    CropCoverage.objects.create(crop=crop, organelle=classes["mito"])
    CropCoverage.objects.create(crop=crop, organelle=classes["nuc"], found="absent")
View.objects.create(version=draft, name="middle", title="The middle", layers=["em"])
Contribution.objects.create(version=draft, person=Person.objects.create(name="Ada Example"), roles=["Data curation"])
trained = ModelVersion.objects.create(model=Model.objects.create(name="boxer", title="Boxer"), label="1")
trained.training_crops.set([crop])
task = Task.objects.create(name="boxes", title="Boxes")
task.organelles.set(classes.values())
task.crops.set([crop])
CollectionMember.objects.create(dataset=dataset, collection=Collection.objects.create(name="cells", title="Cells"))
freeze(draft=draft, by=None)
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with one dataset, all of whose volumes are on another server."""
    home, folder = tmp_path_factory.mktemp("portal"), tmp_path_factory.mktemp("elsewhere")
    write_n5(folder / "cell.n5" / "em", image(), levels=2)
    write_n5(folder / "cell.n5" / "boxes", labels())
    write_mesh(folder / "mesh", LABEL, SIDE)
    write_precomputed(folder / "precomputed", image("uint8"), offset=OFFSET)
    write_ome_zarr(folder / "cell.zarr", image("uint8"), scale=[5.24, 4, 4], first=[14, 6208, 8])
    write_ome_zarr(folder / "turned.zarr", image("uint8"), scale=[5.24, 4, 4], first=[0, 0, 0])
    with served(folder) as origin:
        rows = [
            _row("em", "em", f"{origin}/cell.n5/em", "n5"),
            _row("labels/boxes", "segmentation", f"{origin}/cell.n5/boxes", "n5")
            | {"mesh": {"url": f"precomputed://{origin}/mesh", "matrix": CUBE}},
            _row("precomputed", "light", f"{origin}/precomputed", "precomputed"),
            _row("zarr", "light", f"{origin}/cell.zarr", "zarr"),
            _row("turned", "light", f"{origin}/turned.zarr/", "zarr"),
            _row("barred", "em", "s3://somewhere-else/cell.n5/em", "n5"),
        ]
        settings = {"CISTERNA_EXTERNAL_ORIGINS": origin}
        written = ROWS.replace("SAID", repr(json.dumps(rows))).replace("CROPS", repr(CROPS))
        begin_home(home, tmp_path_factory)
        manage(home, ["shell", "-c", written], **settings)
        with started(home, ["manage.py", "serve"], **settings) as running:
            yield running


# Where on the screen the left edge of a crop is, in the xy panel, after going to its middle.
EDGE_OF_BOX = """([x, y, z]) => {
  const { viewer } = window.cisterna;
  const { scales } = viewer.coordinateSpace.value;
  const units = [x, y, z].map((nm, axis) => ((nm + 18) * 1e-9) / scales[axis]);
  viewer.position.value = Float32Array.from(units);
  viewer.crossSectionScale.value = 0.1;
  const { left, top, width, height } = document.querySelector("#neuroglancer-container canvas").getBoundingClientRect();
  const nmPerPixel = 0.1 * Math.min(...scales) * 1e9;
  return [left + width / 4 - 20 / nmPerPixel, top + height / 4];
}"""


def _row(path: str, kind: str, url: str, format: str) -> dict[str, Any]:
    matrix = PLACES[path][1] if path in PLACES else None
    return {"path": path, "kind": kind, "external_url": url, "external_format": format, "matrix": matrix}


def _voxels(count: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(5)
    return [(0, 0, 0), tuple(size - 1 for size in SHAPE), *(tuple(rng.integers(SHAPE)) for _ in range(count))]


def test_each_voxel_has_its_place_and_its_value(page: Page, portal: Portal, console: list[str]) -> None:
    page.set_viewport_size(SMALL)
    rng = np.random.default_rng(6)
    for path, (array, matrix, offset) in PLACES.items():
        open_viewer(page, f"{portal.url}/datasets/elsewhere/view/?layers={path}")
        dimensions = state_of(page)["dimensions"]
        for voxel in _voxels(2):
            # Anywhere in the voxel: its centre alone would not tell whether it is half a voxel off.
            nm = np.array(matrix) @ [*(np.add(voxel, offset) + rng.uniform(-0.45, 0.45, 3)), 1]
            at = [place * 1e-9 / scale for place, (scale, _unit) in zip(nm, dimensions.values(), strict=True)]
            page.evaluate(
                """at => {
                  const { viewer } = window.cisterna;
                  viewer.position.value = Float32Array.from(at);
                  viewer.crossSectionScale.value = 0.5;
                }""",
                at,
            )
            settle(page)
            assert page.evaluate(VALUE_AT, [path, at]) == str(array[voxel]), f"{path} at {voxel}"


def test_what_may_not_be_read_is_named_with_its_address(page: Page, portal: Portal, console: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 1440, "height": 900})
    open_viewer(page, f"{portal.url}/datasets/elsewhere/view/?view=middle")
    listed = page.locator(".elsewhere")
    listed.get_by_text("Not opened here").click()
    expect(listed.get_by_role("link", name="barred")).to_have_attribute("title", "s3://somewhere-else/cell.n5/em")
    listed.get_by_role("button", name="Copy the address of barred").click()
    expect(listed.get_by_role("button", name="Copied")).to_be_visible()
    assert not [url for url in asked if "somewhere-else" in url]
    # A view without a place stands in the middle of the image.
    middle = np.array(MIRRORED) @ [*(np.array(SHAPE) / 2 - 0.5), 1]
    assert position_nm(page) == pytest.approx(middle.tolist(), abs=4)
    page.get_by_role("switch", name="labels/boxes").check()
    settle(page)


def test_a_mesh_stands_where_its_own_matrix_says(page: Page, portal: Portal, console: list[str]) -> None:
    page.set_viewport_size(SMALL)
    open_viewer(page, f"{portal.url}/datasets/elsewhere/view/?layers=labels/boxes")
    middle = (CUBE_LOW_NM + CUBE_HIGH_NM) / 2
    scales = [scale for scale, _unit in state_of(page)["dimensions"].values()]
    at = [place * 1e-9 / scale for place, scale in zip(middle, scales, strict=True)]
    page.evaluate(
        """([at, label]) => {
          const { viewer } = window.cisterna;
          viewer.layout.restoreState("3d");
          viewer.position.value = Float32Array.from(at);
          viewer.projectionScale.value = 100;
          const { layer } = viewer.layerManager.getLayerByName("labels/boxes");
          layer.displayState.segmentationGroupState.value.visibleSegments.add(BigInt(label));
        }""",
        [at, str(LABEL)],
    )
    settle(page)
    view = page.locator("#neuroglancer-container").bounding_box()
    assert view is not None
    page.mouse.move(view["x"] + view["width"] / 2, view["y"] + view["height"] / 2)
    settle(page)
    hit = page.evaluate(
        """() => {
          const { mouseState } = window.cisterna.viewer;
          return mouseState.updateUnconditionally() && mouseState.active
            ? [String(mouseState.pickedValue), ...mouseState.position] : null;
        }"""
    )
    assert hit is not None, "nothing is drawn in the middle"
    assert hit[0] == str(LABEL)
    nm = np.array(hit[1:4]) * scales * 1e9
    away = np.concatenate([np.abs(nm - CUBE_LOW_NM), np.abs(nm - CUBE_HIGH_NM)])
    assert away.min() < 1, f"{nm} is on no side of the cube"
    assert ((nm > CUBE_LOW_NM - 1) & (nm < CUBE_HIGH_NM + 1)).all(), f"{nm} is outside the cube"


def test_ground_truth_is_shown_as_boxes_with_names(page: Page, portal: Portal, console: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_viewer(page, f"{portal.url}/datasets/elsewhere/view/?layers=em&position=108,6308,108")
    switch = page.get_by_role("switch", name="Ground truth crops")
    expect(switch).not_to_be_checked()
    assert [layer["name"] for layer in state_of(page)["layers"]] == ["em"], "off unless asked for"
    switch.check()
    settle(page)
    boxes = {it["id"]: (it["pointA"], it["pointB"]) for it in state_of(page)["layers"][1]["annotations"]}
    assert boxes == {name: ([at - 2 for at in first], [at + 38 for at in first]) for name, first in CROPS.items()}, (
        "voxels counted to their edges"
    )
    # What is said of the box at the centre, then of the one whose edge is under the pointer.
    reading = page.locator(".reading", has_text="Ground truth crops")
    expect(reading).to_contain_text("Crop 12")
    expect(reading).to_contain_text("training · mitochondrion · no nucleus")
    expect(reading.get_by_role("link", name="About")).to_have_attribute("href", re.compile("^/crops/.*&crop=12$"))
    at = page.evaluate(EDGE_OF_BOX, [*CROPS["7"]])
    page.mouse.move(*at)
    expect(reading).to_contain_text("Crop 7")
    # The page keeps what it brought along in few words.
    page.wait_for_timeout(600)
    assert "pointA" not in page.url


@pytest.mark.parametrize("path", RESEARCH_PAGES)
def test_pages_of_research_keep_the_rules_of_accessibility(page: Page, portal: Portal, path: str) -> None:
    page.goto(portal.url + path)
    check_on_every_screen(page, path, (390, 1440))


def test_crops_are_asked_for_by_their_layer(page: Page, portal: Portal, console: list[str]) -> None:
    open_viewer(page, f"{portal.url}/datasets/elsewhere/view/?layers=em,ground-truth-crops")
    expect(page.get_by_role("switch", name="Ground truth crops")).to_be_checked()
    assert [layer["name"] for layer in state_of(page)["layers"]] == ["em", "ground-truth-crops"]
