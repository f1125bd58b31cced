"""Time, channels, units: what the metadata say of every axis reaches the catalogue and the API."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from datasets.catalogue.models import Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.pictures import picture_names, read_picture
from datasets.publishing.actions import publish
from datasets.publishing.inspection import inspect
from datasets.publishing.specification import check_specification
from tests.samples import em_levels, label_levels, specification, write_image

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

WINDOW = {"min": 0, "max": 65535, "start": 100, "end": 900}


def _publish(folder: Path, name: str = "small-cell", **volume: Any) -> Volume:
    volumes = [{"path": folder.name, "kind": "light", "title": "Light", **volume}]
    data = specification("data:", name=name, volumes=volumes, views=[])
    return publish(specification=check_specification(data), base=Path(), by=None).version.volumes.get()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_film_of_two_channels(data_root: Path, client: Client, version: str) -> None:
    folder = write_image(
        data_root / "film",
        [np.arange(3 * 2 * 4 * 8 * 8, dtype="u2").reshape(3, 2, 4, 8, 8)],
        axes="tczyx",
        voxel_nm=(0.5, 1, 2, 0.25, 0.25),
        translation_nm=(10, 0, 4, 0, -1),
        units={"t": "minute", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        omero={
            "channels": [
                {"label": "DNA", "color": "0000FF", "window": WINDOW, "active": False},
                {"color": "#00ff00", "window": WINDOW},
            ]
        },
        version=version,
    )
    _publish(folder)

    (volume,) = client.get("/api/v1/datasets/small-cell/").json()["volumes"]

    assert volume["axes"] == ["t", "c", "z", "y", "x"]
    assert volume["axis_types"] == ["time", "channel", "space", "space", "space"]
    assert volume["axis_units"] == ["minute", None, "micrometer", "micrometer", "micrometer"]
    (level,) = volume["levels"]
    assert level["scale"] == [0.5, 1, 2, 0.25, 0.25]
    assert level["translation"] == [10, 0, 4, 0, -1]
    assert level["scale_nm"] == {"z": 2000, "y": 250, "x": 250}
    assert level["translation_nm"] == {"z": 4000, "y": 0, "x": -1000}
    assert volume["channels"] == [
        {"label": "DNA", "colour": "#0000ff", "low": 100, "high": 900, "active": False},
        {"label": "", "colour": "#00ff00", "low": 100, "high": 900, "active": True},
    ]


def _axes_of(array: np.ndarray, order: str) -> np.ndarray:
    """An array (z, y, x) as stored in another order."""
    return np.ascontiguousarray(array.transpose(["zyx".index(axis) for axis in order]))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("order", ["xyz", "yxz"])
def test_data_stored_in_another_order_of_space_come_out_the_same(
    data_root: Path, client: Client, order: str, version: str
) -> None:
    size_nm, start_nm = {"z": 20.0, "y": 8.0, "x": 5.0}, {"z": 100.0, "y": -40.0, "x": 7.5}
    found = {}
    for name, axes in (("usual", "zyx"), ("other", order)):
        folder = data_root / name
        for path, levels in (("em", em_levels((24, 40, 56))), ("labels/cells", label_levels((24, 40, 56)))):
            write_image(
                folder / path,
                [_axes_of(level, axes) for level in levels],
                axes=axes,
                voxel_nm=[size_nm[axis] for axis in axes],
                translation_nm=[start_nm[axis] for axis in axes],
                version=version,
            )
        published = publish(
            specification=check_specification(specification(f"data:{name}", name=name)), base=Path(), by=None
        )
        warned = {problem.id for _, problem in published.warnings}
        assert ("axes-spatial-order" in warned) == (name == "other")
        found[name] = published.version
    usual, other = found["usual"], found["other"]

    for left, right in zip(usual.volumes.all(), other.volumes.all(), strict=True):
        assert extent_nm(left) == extent_nm(right)
        assert [level["scale_nm"] for level in left.levels] == [level["scale_nm"] for level in right.levels]
        assert (left.contrast_low, left.contrast_high) == (right.contrast_low, right.contrast_high)
    assert picture_names(usual)
    for name in picture_names(usual):
        assert read_picture(usual, name) == read_picture(other, name)
    states = [client.get(f"/api/v1/datasets/{name}/state").json() for name in found]
    for key in ("dimensions", "position", "crossSectionScale", "projectionScale"):
        assert states[0][key] == states[1][key]


def _channels(volume: Volume) -> list[tuple[str, float, float]]:
    return [(channel["label"], channel["low"], channel["high"]) for channel in volume.channels]


def test_each_channel_without_a_window_gets_its_own(data_root: Path) -> None:
    values = np.stack([np.full((4, 8, 8), 10), np.arange(256).reshape(4, 8, 8) + 1000]).astype("u2")
    folder = write_image(data_root / "two", [values], axes="czyx", voxel_nm=(1, 10, 10, 10))
    volume = _publish(folder)
    assert _channels(volume) == [("", 10, 11), ("", 1001, 1254)]
    assert (volume.contrast_low, volume.contrast_high) == (10, 11)


def test_a_window_over_the_whole_data_type_is_no_choice(data_root: Path) -> None:
    whole = {"min": 0, "max": 255, "start": 0, "end": 255}
    folder = write_image(data_root / "one", em_levels(), omero={"channels": [{"color": "FFFFFF", "window": whole}]})
    volume = _publish(folder)
    assert (volume.contrast_low, volume.contrast_high) != (0, 255)
    assert volume.channels[0]["low"] == volume.contrast_low


def test_a_window_somebody_chose_is_kept_and_the_curators_word_comes_first(data_root: Path) -> None:
    omero = {"channels": [{"color": "FFFFFF", "window": {"min": 0, "max": 255, "start": 30, "end": 90}}]}
    folder = write_image(data_root / "one", em_levels(), omero=omero)
    volume = _publish(folder)
    assert (volume.contrast_low, volume.contrast_high) == (30, 90)
    volume = _publish(folder, name="other", contrast=[1, 2])
    assert (volume.contrast_low, volume.contrast_high) == (1, 2)


@pytest.mark.parametrize("described", [1, 3])
def test_channels_that_are_miscounted_are_warned_of_and_made_to_fit(data_root: Path, described: int) -> None:
    omero = {"channels": [{"label": str(n), "color": "FFFFFF", "window": WINDOW} for n in range(described)]}
    folder = write_image(
        data_root / "two", [np.ones((2, 4, 8, 8), "u2")], axes="czyx", voxel_nm=(1, 10, 10, 10), omero=omero
    )
    assert "omero-channels-count" in {problem.id for problem in inspect("data:two").problems}
    assert [channel["label"] for channel in _publish(folder).channels] == [["0", ""], ["0", "1"]][described > 1]


def test_a_slice_of_two_dimensions_is_published(data_root: Path, client: Client) -> None:
    folder = write_image(data_root / "flat", [em_levels()[0][0]], axes="yx", voxel_nm=(4, 4))
    _publish(folder)
    (volume,) = client.get("/api/v1/datasets/small-cell/").json()["volumes"]
    assert (volume["axes"], volume["extent_nm"]) == (["y", "x"], {"y": [-2, 190], "x": [-2, 222]})
    assert client.get("/datasets/small-cell/").status_code == 200
    assert client.get("/api/v1/datasets/small-cell/state").status_code == 200


def test_a_single_large_level_is_sampled_not_read(data_root: Path) -> None:
    """An array of 10¹³ voxels of which one chunk is stored: publishing would never end if it read it."""
    folder = write_image(data_root / "vast", [np.full((16, 16, 16), 7, "u1")], chunk=64)
    document = folder / "0" / "zarr.json"
    data = json.loads(document.read_text())
    data["shape"] = [20_000, 20_000, 25_000]
    data["chunk_grid"]["configuration"]["chunk_shape"] = [64, 64, 64]
    document.write_text(json.dumps(data))
    assert inspect("data:vast").to_json()["chunks"] == 313 * 313 * 391
    _publish(folder)
