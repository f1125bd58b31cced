"""First light, in the real browser: inside the real volume, at the right place, with the right values."""

import re

import numpy as np
import pytest
import zarr
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Portal
from tests.journeys.viewer_page import SMALL, VALUE_AT, look_at, open_viewer, settle, state_of

LAYERS = ("em", "labels/groundtruth", "labels/ffn", "labels/oversegmentation")
VOXEL_NM = 10


@pytest.fixture(scope="module")
def arrays(demo: Portal) -> dict[str, np.ndarray]:
    """The finest level of each layer, (z, y, x), read from the disk by zarr."""
    return {layer: np.asarray(zarr.open_array(demo.sample / layer / "0", mode="r")[...]) for layer in LAYERS}


@pytest.fixture(scope="module")
def places(arrays: dict[str, np.ndarray]) -> list[tuple[int, int, int]]:
    """Ten seeded voxels (x, y, z), the first seven in distinct non-zero segments of every segmentation."""
    rng = np.random.default_rng(20261124)
    shape = arrays["em"].shape
    chosen: list[tuple[int, int, int]] = []
    seen: list[set[int]] = [set() for _ in LAYERS[1:]]
    while len(chosen) < 7:
        z, y, x = (int(rng.integers(0, size)) for size in shape)
        labels = [int(arrays[layer][z, y, x]) for layer in LAYERS[1:]]
        if all(label and label not in used for label, used in zip(labels, seen, strict=True)):
            chosen.append((x, y, z))
            for label, used in zip(labels, seen, strict=True):
                used.add(label)
    while len(chosen) < 10:
        z, y, x = (int(rng.integers(0, size)) for size in shape)
        chosen.append((x, y, z))
    return chosen


BY_ADDRESS = (0, 5)
"""Which of the places are in the address of the page; to the others the viewer goes from there."""


def test_every_layer_has_the_arrays_values_at_ten_places(
    page: Page, demo: Portal, console: list[str], arrays: dict[str, np.ndarray], places: list[tuple[int, int, int]]
) -> None:
    page.set_viewport_size(SMALL)
    for number, (x, y, z) in enumerate(places):
        nm = {axis: index * VOXEL_NM for axis, index in zip("xyz", (x, y, z), strict=True)}
        if number in BY_ADDRESS:
            position = ",".join(map(str, nm.values()))
            open_viewer(page, f"{demo.url}/datasets/fib25-ts2/view/?layers={','.join(LAYERS)}&position={position}")
        else:
            look_at(page, nm)
        state = state_of(page)
        assert [
            round(p * s[0] * 1e9) for p, s in zip(state["position"], state["dimensions"].values(), strict=True)
        ] == list(nm.values())
        for layer in LAYERS:
            value = page.evaluate(VALUE_AT, [layer, state["position"]])
            assert value == str(arrays[layer][z, y, x]), f"{layer} at voxel x={x}, y={y}, z={z}"


def shown_pixels(page: Page) -> np.ndarray:
    """The drawing area as grey values (y, x)."""
    import io

    from PIL import Image

    png = page.locator("#neuroglancer-container").screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_a_turned_slice_shows_data(page: Page, demo: Portal, console: list[str]) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    open_viewer(page, f"{demo.url}/datasets/fib25-ts2/view/?layers=em")
    page.get_by_role("button", name="xy", exact=True).click()
    settle(page)
    straight = shown_pixels(page)
    page.evaluate(
        """() => {
          const { viewer } = window.cisterna;
          viewer.state.restoreState({ ...viewer.state.toJSON(), crossSectionOrientation: [0.35, 0.2, 0.1, 0.9] });
        }"""
    )
    settle(page)
    turned = shown_pixels(page)
    middle = turned[turned.shape[0] // 3 : -turned.shape[0] // 3, turned.shape[1] // 3 : -turned.shape[1] // 3]
    assert middle.std() > 15, "the turned slice is flat"
    assert np.abs(turned.astype(int) - straight.astype(int)).mean() > 5, "turning changed nothing"


def test_switches_do_what_they_say(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, f"{demo.url}/datasets/fib25-ts2/view/")
    before = shown_pixels(page)
    switch = page.get_by_role("switch", name="Ground truth")
    expect(switch).to_be_checked()
    switch.uncheck()
    settle(page)
    layers = {layer["name"]: layer.get("visible", True) for layer in state_of(page)["layers"]}
    assert layers == {"em": True, "labels/groundtruth": False}
    assert np.abs(shown_pixels(page).astype(int) - before.astype(int)).mean() > 1
    switch.check()
    settle(page)
    assert np.abs(shown_pixels(page).astype(int) - before.astype(int)).mean() < 1


def test_layouts(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, f"{demo.url}/datasets/fib25-ts2/view/")
    for button, layout in (("xy", "xy"), ("3D", "3d"), ("4 panels", "4panel")):
        page.get_by_role("button", name=button, exact=True).click()
        settle(page)
        found = state_of(page).get("layout", "4panel")
        assert (found["type"] if isinstance(found, dict) else found).startswith(layout)


def test_a_short_link_brings_back_place_angle_and_layers(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, f"{demo.url}/datasets/fib25-ts2/view/?layers=em,labels/ffn&position=800,1700,1234")
    page.evaluate(
        """() => {
          const { viewer } = window.cisterna;
          viewer.state.restoreState({ ...viewer.state.toJSON(), crossSectionOrientation: [0.3, 0.1, 0.2, 0.927] });
        }"""
    )
    settle(page)
    shared = state_of(page)
    page.get_by_role("button", name="Share").click()
    link = page.get_by_role("textbox", name="Link")
    expect(link).to_have_value(re.compile(rf"^{re.escape(demo.url)}/v/[a-z0-9]+/$"))

    open_viewer(page, link.input_value())

    restored = state_of(page)
    assert restored["position"] == pytest.approx(shared["position"], abs=1e-3)
    assert restored["crossSectionOrientation"] == pytest.approx(shared["crossSectionOrientation"], abs=1e-5)
    assert restored["crossSectionScale"] == pytest.approx(shared["crossSectionScale"])
    assert [(layer["name"], layer.get("visible", True)) for layer in restored["layers"]] == [
        (layer["name"], layer.get("visible", True)) for layer in shared["layers"]
    ]
