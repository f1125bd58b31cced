"""What the viewer's page hands to its script."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from datasets.catalogue.actions.links import store_link
from datasets.catalogue.models import Dataset, DatasetVersion, OrganelleClass, Segmentation, Volume
from datasets.catalogue.models.volume import Coverage
from datasets.catalogue.viewer_dimensions import time_dimension
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from datasets.volumes.lengths import SECONDS_PER_UNIT
from tests.catalogue.test_pages import config_of, make_dataset, text_of
from tests.samples import specification, write_image

pytestmark = pytest.mark.django_db


def config(client: Client, path: str) -> Any:
    return config_of(text_of(client, path))


def test_it_says_what_to_show_and_what_people_call_it(client: Client, small_cell: DatasetVersion) -> None:
    page = config(client, "/datasets/small-cell/view/?layers=labels/cells&position=100,110,120")
    assert page["dataset"] == {
        "name": "small-cell",
        "title": "A small cell",
        "version": "1",
        "reference": "small-cell@1",
        "url": "/datasets/small-cell@1/",
        "viewUrl": "/datasets/small-cell@1/view/",
        "isOpen": True,
    }
    assert page["linksUrl"] == "/api/v1/links"
    assert page["dataUrl"] == "http://testserver/data/"
    assert [(layer["name"], layer["title"], layer["headings"], layer["method"]) for layer in page["layers"]] == [
        ("em", "EM", [{"title": "Image", "colour": ""}], None),
        ("labels/cells", "Cells", [{"title": "Cells", "colour": ""}], "by hand"),
    ]
    assert [layer["locateUrl"] for layer in page["layers"]] == [
        None,
        "/api/v1/datasets/small-cell@1/volumes/labels/cells/locate",
    ]
    assert page["layers"][0]["dataUrl"] == "http://testserver/data/small-cell@1/em/"
    assert [(layer["name"], layer.get("visible", True)) for layer in page["state"]["layers"]] == [
        ("em", False),
        ("labels/cells", True),
    ]
    assert page["offered"] == []
    assert page["layers"][0]["cutout"] == {
        "url": "/api/v1/datasets/small-cell@1/volumes/em/cutout",
        "lowNm": [-5, -5, -5],
        "highNm": [555, 475, 395],
        "levels": [{"path": "0", "voxelNm": [10, 10, 10]}, {"path": "1", "voxelNm": [20, 20, 20]}],
        "channel": None,
        "time": None,
    }


def test_curated_views_are_stops_with_a_scale(client: Client, small_cell: DatasetVersion) -> None:
    (stop,) = config(client, "/datasets/small-cell/view/")["stops"]
    assert stop == {
        "name": "corner",
        "title": "A corner",
        "description": "",
        "layers": ["em", "labels/cells"],
        "positionNm": [100, 100, 100],
        "orientation": [0, 0, 0, 1],
        "nmPerPixel": pytest.approx(560 / 480),
        "layout": "4panel",
    }


def test_a_short_link_offers_the_layers_it_does_not_show(client: Client, small_cell: DatasetVersion) -> None:
    source = "http://testserver/data/small-cell@1/em/|zarr3:"
    link = store_link(
        state={"layers": [{"name": "em", "type": "image", "source": source}]},
        data_url="http://testserver/data/",
        by=None,  # type: ignore[arg-type]
    )
    page = config(client, f"/v/{link.id}/")
    assert [layer["name"] for layer in page["state"]["layers"]] == ["em"]
    assert [layer["name"] for layer in page["offered"]] == ["labels/cells"]
    assert page["offered"][0]["source"][0]["url"].startswith("http://testserver/data/small-cell@1/labels/cells/")


def _draft(path: str, coverage: list[tuple[str, int | None]], **segmentation: Any) -> None:
    """A draft of ``cell`` with one segmentation that has no data."""
    dataset = Dataset.objects.create(name="cell")
    version = DatasetVersion.objects.create(dataset=dataset, title="A cell", licence="CC0-1.0")
    level = {"path": "0", "shape": [9, 9, 9], "scale_nm": dict.fromkeys("zyx", 4.0)}
    volume = Volume.objects.create(
        version=version,
        path=path,
        kind="segmentation",
        title="Labels",
        ngff_version="0.5",
        zarr_format=3,
        axes=["z", "y", "x"],
        dtype="uint8",
        levels=[level | {"translation_nm": dict.fromkeys("zyx", 0.0)}],
        metadata_digest="0" * 64,
    )
    meaning = Segmentation.objects.create(volume=volume, method="model", **segmentation)
    for name, value in coverage:
        organelle = OrganelleClass.objects.get(short_name=name)
        Coverage.objects.create(segmentation=meaning, organelle=organelle, label_value=value)


def test_a_draft_whose_layer_has_no_levels_yet_opens_without_it(admin_client: Client) -> None:
    _draft("labels/all", [], type="instance")
    Volume.objects.update(levels=[])
    assert config(admin_client, "/datasets/cell@draft/view/")["state"].get("layers", []) == []


@pytest.mark.parametrize("unit", ["second", "centisecond", "hour", "megasecond"])
def test_time_is_in_seconds_whatever_its_unit(unit: str) -> None:
    volume = Volume(
        axes=["t", "y", "x"],
        axis_types=["time", "space", "space"],
        axis_units=[unit, "nanometer", "nanometer"],
        levels=[{"path": "0", "shape": [3, 9, 9], "scale": [2, 4, 4], "translation": [6, 0, 0],
                 "scale_nm": {"y": 4, "x": 4}, "translation_nm": {"y": 0, "x": 0}}],
    )  # fmt: skip
    time = time_dimension(volume)
    assert time is not None
    assert (time.unit, time.scale, time.first) == ("s", 2 * SECONDS_PER_UNIT[unit], 3)


def test_an_organelle_stands_below_what_it_is_part_of(admin_client: Client) -> None:
    _draft("labels/ne_mem", [("ne_mem", None)], type="instance")
    (layer,) = config(admin_client, "/datasets/cell@draft/view/")["layers"]
    titles = [heading["title"] for heading in layer["headings"]]
    assert titles == ["Nucleus", "Nuclear envelope", "Nuclear membrane"]
    colours = [OrganelleClass.objects.get(short_name=name).colour for name in ("nuc", "ne", "ne_mem")]
    assert [heading["colour"] for heading in layer["headings"]] == colours


def test_labels_of_a_semantic_segmentation_have_their_classes_names_and_colours(admin_client: Client) -> None:
    _draft("labels/all", [("mito", 3), ("er", 5)], type="semantic", subject="Organelles")
    page = config(admin_client, "/datasets/cell@draft/view/")
    assert page["dataset"]["isOpen"] is False
    colours = {name: OrganelleClass.objects.get(short_name=name).colour for name in ("mito", "er")}
    assert page["layers"][0]["labels"] == [
        {"value": "3", "title": "mitochondrion", "colour": colours["mito"]},
        {"value": "5", "title": "endoplasmic reticulum", "colour": colours["er"]},
    ]
    assert page["state"]["layers"][0]["segmentColors"] == {"3": colours["mito"], "5": colours["er"]}
    assert [heading["title"] for heading in page["layers"][0]["headings"]] == ["Organelles"]


def test_two_hundred_layers_ask_the_database_no_more_than_two(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    make_dataset("many", volumes=200)
    with django_assert_max_num_queries(12):
        page = config(client, "/datasets/many/view/")
    assert len(page["layers"]) == len(page["state"]["layers"]) == 200
    assert sum(layer.get("visible", True) for layer in page["state"]["layers"]) == 1


@pytest.fixture
def film(data_root: Path) -> DatasetVersion:
    """A dataset ``film`` of one light image with two channels, the first off, over three moments."""
    window = {"min": 0, "max": 999, "start": 10, "end": 90}
    write_image(
        data_root / "film" / "light",
        [np.zeros((3, 2, 8, 8, 8), "uint16")],
        axes="tczyx",
        voxel_nm=(0.5, 1, 5, 4, 4),
        translation_nm=(2, 0, 0, 0, 0),
        units={"t": "minute", **dict.fromkeys("zyx", "nanometer")},
        omero={
            "channels": [{"label": "DNA", "color": "0000FF", "window": window, "active": False}, {"window": window}]
        },
    )
    said = specification(
        "data:film",
        name="film",
        volumes=[{"path": "light", "kind": "light", "title": "Light"}],
        views=[{"name": "all", "title": "All", "layers": ["light"], "position_nm": [0, 0, 0]}],
    )
    return publish(specification=check_specification(said), base=Path(), by=None).version


def _shown(state: Any) -> dict[str, bool]:
    return {layer["name"]: layer.get("visible", True) for layer in state["layers"]}


def test_each_channel_is_a_layer_as_the_metadata_show_it(client: Client, film: DatasetVersion) -> None:
    page = config(client, "/datasets/film/view/")
    assert [(it["name"], it["title"], it["colour"]) for it in page["layers"]] == [
        ("light#0", "Light: DNA", "#0000ff"),
        ("light#1", "Light: Channel 2", "#ff00ff"),
    ]
    assert _shown(page["state"]) == {"light#0": False, "light#1": True}
    assert page["stops"][0]["layers"] == ["light#1"]
    second = page["state"]["layers"][1]
    assert second["shaderControls"] == {"normalized": {"range": [10, 90]}}
    assert second["localPosition"] == [1]
    assert page["state"]["dimensions"]["t"] == [30, "s"]
    assert page["state"]["position"][3] == 4
    assert [(it["cutout"]["channel"], it["cutout"]["time"]) for it in page["layers"]] == [(0, "t"), (1, "t")]


def test_a_channel_is_asked_for_by_its_name(client: Client, film: DatasetVersion) -> None:
    state = client.get("/api/v1/datasets/film/state", {"layers": "light#0"}).json()
    assert _shown(state) == {"light#0": True, "light#1": False}
