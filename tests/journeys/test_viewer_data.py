"""Awkward data in the real browser: at every place the viewer has the value that the array has.

Written by zarr-python, published by the command, served by the real server.
"""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Portal, begin_home, manage, started
from tests.journeys.viewer_page import SMALL, VALUE_AT, look_at, open_viewer, settle, state_of

SHAPE = (40, 48, 56)
SLASH, DOT = "/", "."


@dataclass(frozen=True)
class Image:
    """An image with its labels over the same voxels; arrays and numbers in stored axis order."""

    name: str
    dtype: str
    axes: str = "zyx"
    version: str = "0.5"
    voxel: tuple[float, ...] = (10.0, 10.0, 10.0)
    first: tuple[float, ...] = (0.0, 0.0, 0.0)
    label_dtype: str = "uint64"
    label_offset: int = 0
    separator: str = SLASH
    shards: bool = False
    units: dict[str, str] = field(default_factory=lambda: dict.fromkeys("zyx", "nanometer"))

    @property
    def shape(self) -> tuple[int, ...]:
        sizes = dict(zip("zyx", SHAPE, strict=True)) | {"t": 3, "c": 2}
        return tuple(sizes[axis] for axis in self.axes)

    def image(self) -> np.ndarray:
        return np.random.default_rng(7).integers(0, 250, self.shape).astype(self.dtype)

    def labels(self) -> np.ndarray:
        """Boxes of 8 voxels with labels of their own, over the spatial axes alone, from the offset on."""
        sizes = tuple(size for axis, size in zip(self.axes, self.shape, strict=True) if axis in "xyz")
        a, b, c = np.indices(sizes) // 8
        return (1 + a + 16 * b + 256 * c).astype(np.uint64) + np.uint64(self.label_offset)


IMAGES = (
    Image("plain", "uint8", label_dtype="uint32"),
    Image("anisotropic", "uint8", voxel=(5.24, 4.0, 4.0), first=(1000.0, -400.0, 12.5), label_offset=2**32),
    Image("dots", "uint16", version="0.4", separator=DOT, label_offset=2**53),
    Image("slashes", "uint16", version="0.4", voxel=(5.24, 4.0, 4.0), first=(7.0, 3.0, 1.0), label_dtype="uint32"),
    Image("sharded", "uint8", shards=True, label_offset=2**64 - 2**16),
    Image("xyz", "uint8", axes="xyz", voxel=(4.0, 6.0, 8.0), first=(10.0, 20.0, 30.0), label_offset=2**40),
    Image("unitless", "uint8", voxel=(5.24, 4.0, 4.0), first=(1000.0, -400.0, 12.5), units={}),
    Image(
        "film",
        "uint16",
        axes="tczyx",
        voxel=(0.5, 1.0, 5.24, 4.0, 4.0),
        first=(2.0, 0.0, 100.0, 50.0, 0.0),
        label_offset=2**32,
        units={**dict.fromkeys("zyx", "nanometer"), "t": "minute"},
    ),
)


def _write(folder: Path, image: Image, array: np.ndarray, axes: str) -> None:
    zarr_format = 3 if image.version == "0.5" else 2
    options: dict[str, Any] = {}
    if zarr_format == 3:
        options["dimension_names"] = list(axes)
    else:
        options["chunk_key_encoding"] = {"name": "v2", "separator": image.separator}
    if image.shards:
        options["shards"] = (32,) * len(axes)
    numbers = dict(zip(image.axes, zip(image.voxel, image.first, strict=True), strict=True))
    zarr.create_array(
        folder / "0",
        data=array,
        chunks=tuple(16 if axis in "xyz" else 1 for axis in axes),
        zarr_format=zarr_format,
        **options,
    )
    kinds = {"c": "channel", "t": "time"}
    multiscale = {
        "version": image.version,
        "name": folder.name,
        "axes": [
            {"name": axis, "type": kinds.get(axis, "space")}
            | ({"unit": image.units[axis]} if axis in image.units else {})
            for axis in axes
        ],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [
                    {"type": "scale", "scale": [numbers[axis][0] for axis in axes]},
                    {"type": "translation", "translation": [numbers[axis][1] for axis in axes]},
                ],
            }
        ],
    }
    ome: dict[str, Any] = {"multiscales": [multiscale]}
    attributes = {"ome": {"version": "0.5", **ome}} if zarr_format == 3 else ome
    zarr.create_group(folder, zarr_format=zarr_format, attributes=attributes)


def _specification(image: Image) -> str:
    return f"""
name = "{image.name}"
title = "{image.name}"
licence = "CC0-1.0"
visibility = "public"
data = "own:{image.name}"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "Image"

[[volumes]]
path = "labels"
kind = "segmentation"
title = "Labels"
segmentation = {{type = "instance", method = "manual", subject = "Boxes"}}
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with every image of ``IMAGES``, each a dataset by its name."""
    home = tmp_path_factory.mktemp("awkward")
    for image in IMAGES:
        folder = home / "own" / image.name
        zarr.create_group(folder, zarr_format=3 if image.version == "0.5" else 2)
        _write(folder / "em", image, image.image(), image.axes)
        spatial = "".join(axis for axis in image.axes if axis in "xyz")
        _write(folder / "labels", image, image.labels().astype(image.label_dtype), spatial)
        (home / f"{image.name}.toml").write_text(_specification(image))
    _write_many(home)
    specifications = [str(home / f"{name}.toml") for name in (*(image.name for image in IMAGES), "many")]
    begin_home(home, tmp_path_factory)
    manage(home, *(["publish", it] for it in specifications))
    with started(home, ["manage.py", "serve"]) as running:
        yield running


def _write_many(home: Path) -> None:
    """A dataset ``many`` of 200 layers: the image ``plain`` and its labels, and 198 flat ones, soon drawn."""
    plain, many = IMAGES[0], home / "own" / "many"
    shutil.copytree(home / "own" / plain.name, many)
    _write(home / "flat", plain, plain.labels()[:8, :8].astype(plain.label_dtype), plain.axes)
    specification = _specification(replace(plain, name="many"))
    for index in range(198):
        shutil.copytree(home / "flat", many / f"labels-{index}")
        specification += f"""
[[volumes]]
path = "labels-{index}"
kind = "segmentation"
title = "Labels {index}"
segmentation = {{type = "instance", method = "model", organelles = [{{organelle = "mito"}}]}}
"""
    (home / "many.toml").write_text(specification)


def _voxels(image: Image, count: int) -> list[dict[str, int]]:
    rng = np.random.default_rng(20261124)
    sizes = {axis: size for axis, size in zip(image.axes, image.shape, strict=True) if axis in "xyz"}
    corners = [dict.fromkeys(sizes, 0), {axis: size - 1 for axis, size in sizes.items()}]
    return corners + [{axis: int(rng.integers(size)) for axis, size in sizes.items()} for _ in range(count)]


def _nm(image: Image, voxel: dict[str, int]) -> dict[str, float]:
    numbers = dict(zip(image.axes, zip(image.voxel, image.first, strict=True), strict=True))
    return {axis: index * numbers[axis][0] + numbers[axis][1] for axis, index in voxel.items()}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_the_viewer_has_the_arrays_values(page: Page, portal: Portal, console: list[str], image: Image) -> None:
    page.set_viewport_size(SMALL)
    open_viewer(page, f"{portal.url}/datasets/{image.name}/view/?layers=em,labels")
    images = ["em#0", "em#1"] if "c" in image.axes else ["em"]
    array, labels = image.image(), image.labels()
    for voxel in _voxels(image, 5):
        position = look_at(page, _nm(image, voxel))
        place = tuple(voxel[axis] for axis in image.axes if axis in "xyz")
        assert page.evaluate(VALUE_AT, ["labels", position]) == str(labels[place]), f"labels at {voxel}"
        for channel, name in enumerate(images):
            value = array[tuple((voxel | {"c": channel, "t": 0})[axis] for axis in image.axes)]
            assert page.evaluate(VALUE_AT, [name, position]) == str(value), f"{name} at {voxel}"


def test_another_moment_has_its_own_values(page: Page, portal: Portal, console: list[str]) -> None:
    film = next(image for image in IMAGES if image.name == "film")
    array = film.image()
    open_viewer(page, f"{portal.url}/datasets/film/view/?layers=em")
    slider = page.get_by_role("slider", name="t", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "1 of 3 · 0 s")
    slider.fill("2")
    expect(slider).to_have_attribute("aria-valuetext", "3 of 3 · 60 s")
    for voxel in _voxels(film, 2):
        position = look_at(page, _nm(film, voxel))
        for channel in (0, 1):
            value = array[2, channel, voxel["z"], voxel["y"], voxel["x"]]
            assert page.evaluate(VALUE_AT, [f"em#{channel}", position]) == str(value)
    # The same moment and channel as a file.
    page.get_by_role("button", name="Download what I see").click()
    page.get_by_role("button", name="Whole volume").click()
    file = page.get_by_role("link", name="Download Image: Channel 2").get_attribute("href", timeout=20_000)
    np.testing.assert_array_equal(np.load(io.BytesIO(page.request.get(file or "").body())), array[2, 1])


def test_each_channel_has_its_switch_its_window_and_its_colour(page: Page, portal: Portal, console: list[str]) -> None:
    open_viewer(page, f"{portal.url}/datasets/film/view/?layers=em")
    page.get_by_role("switch", name="Image: Channel 2").uncheck()
    page.get_by_label("Colour of Image: Channel 1").fill("#ff8000")
    settle(page)
    first, second = state_of(page)["layers"]
    assert (first["name"], second["name"], second["visible"]) == ("em#0", "em#1", False)
    assert first["shaderControls"]["tint"] == "#ff8000"
    assert first["localPosition"] == [0]
    assert second["localPosition"] == [1]


def test_a_64_bit_label_is_found_and_shown_alone_with_all_its_digits(
    page: Page, portal: Portal, console: list[str]
) -> None:
    sharded = next(image for image in IMAGES if image.name == "sharded")
    label = str(sharded.labels()[20, 20, 20])
    assert int(label) > 2**63
    open_viewer(page, f"{portal.url}/datasets/sharded/view/?layers=em,labels")
    page.locator("#position").fill(label)
    page.keyboard.press("Enter")
    said = page.locator("#said")
    expect(said).to_contain_text(f"{label} of Labels is at the centre")
    said.get_by_role("button", name="Only this").click()
    settle(page)
    state = state_of(page)
    assert state["layers"][1]["segments"] == [label]
    assert page.evaluate(VALUE_AT, ["labels", state["position"]]) == label


def test_a_published_state_is_the_same_for_programs(portal: Portal) -> None:
    from urllib.request import urlopen

    with urlopen(f"{portal.url}/api/v1/datasets/film/state") as answer:
        state = json.load(answer)
    assert state["dimensions"]["t"] == [30.0, "s"]
    assert state["position"][3] == pytest.approx(4.0)
    assert [layer["name"] for layer in state["layers"]] == ["em#0", "em#1", "labels"]
    assert state["layers"][1]["localDimensions"] == {"c'": [1.0, ""]}


def test_two_hundred_layers_ask_for_no_more_than_two(page: Page, portal: Portal, console: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def data_of(name: str) -> list[str]:
        asked.clear()
        open_viewer(page, f"{portal.url}/datasets/{name}/view/")
        return sorted(url.split(f"/data/{name}%401/")[1] for url in asked if "/data/" in url)

    assert data_of("many") == data_of("plain")
    expect(page.get_by_role("switch")).to_have_count(2)


def test_a_filter_narrows_two_hundred_layers(page: Page, portal: Portal, console: list[str]) -> None:
    open_viewer(page, f"{portal.url}/datasets/many/view/")
    expect(page.get_by_role("switch")).to_have_count(200)
    page.get_by_role("searchbox", name="Filter layers").fill("mito labels 17")
    expect(page.get_by_role("switch")).to_have_count(12)
    page.get_by_role("switch", name="Labels 17", exact=True).check()
    settle(page)
    assert [layer["name"] for layer in state_of(page)["layers"]] == ["em", "labels", "labels-17"]
