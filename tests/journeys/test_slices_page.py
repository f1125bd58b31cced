"""The page of slices in a real browser, with and without a script."""

import io
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import numpy as np
import pytest
import zarr
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from datasets.volumes.pictures import segment_colours
from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Demo

SLICES = "/datasets/fib25-ts2/slices/"
LABELS = "labels/groundtruth"
VOXEL_NM = 10


def place(page: Page) -> list[float]:
    """The position in the page's address."""
    return [float(it) for it in parse_qs(urlsplit(page.url).query)["position"][0].split(",")]


def colour_in(page: Page, plane: str, column: float, row: float) -> list[int]:
    """The colour of a pixel of the picture that stands there, asked for again without the losses of JPEG."""
    address = urlsplit(str(page.locator(f".cut[data-plane={plane}] img").evaluate("it => it.src")))
    query = parse_qs(address.query) | {"format": ["png"]}
    with urlopen(address._replace(query=urlencode(query, doseq=True)).geturl()) as answer:
        picture = np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGB"))
    assert picture.shape == (512, 512, 3)
    return [int(it) for it in picture[int(row), int(column)]]


def crossing(page: Page, plane: str) -> tuple[float, float]:
    """Where the lines over a picture cross, in its pixels."""
    lines = page.locator(f".cut[data-plane={plane}] .cut-lines")
    across, down = lines.locator(".across").get_attribute("y1"), lines.locator(".down").get_attribute("x1")
    return float(down or ""), float(across or "")


def picture(page: Page, plane: str = "xy") -> Any:
    return page.locator(f".cut[data-plane={plane}] input[type=image]:visible")


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def either_page(browser: Browser, request: pytest.FixtureRequest) -> Any:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_click_goes_to_the_voxel_that_was_clicked(either_page: Page, demo: Demo, width: int) -> None:
    page = either_page
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(f"{demo.url}{SLICES}?position=1250,1250,1250&layers={LABELS}")
    array = zarr.open_array(demo.sample / LABELS / "0", mode="r")
    side = page.locator(".cut[data-plane=xy] .cut-picture").bounding_box()["width"]  # type: ignore[index]
    assert side == (358 if width == 390 else 448)
    x, y = round(side * 0.62), round(side * 0.31)
    clicked = colour_in(page, "xy", (x + 0.5) / side * 512, (y + 0.5) / side * 512)
    picture(page).click(position={"x": x, "y": y})
    expect(page).not_to_have_url(re.compile("position=1250,1250,1250"))
    at = [round(it / VOXEL_NM) for it in place(page)]
    assert at == [int((x + 0.5) / side * 250), int((y + 0.5) / side * 250), 125]
    label = array[at[2], at[1], at[0]]
    colour = [int(it) for it in segment_colours(np.array([label]))[0]]
    assert label != 0
    assert clicked == colour
    for plane in ("xy", "xz", "yz", "tilted"):
        expect(page.locator(f".cut[data-plane={plane}] img")).to_have_js_property("complete", True)
        assert colour_in(page, plane, *crossing(page, plane)) == colour


def test_without_a_script_the_form_moves_zooms_tilts_and_switches(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.url + SLICES)
    page.get_by_label("z: one on").click()
    assert place(page) == [1250, 1250, 1260]
    page.get_by_label("Position").fill("100, 200, 300")
    page.get_by_label("Position").press("Enter")
    assert place(page) == [100, 200, 300]
    page.get_by_label("Nearer").click()
    page.get_by_label("Ground truth").uncheck()
    page.get_by_label("About y").fill("-20")
    page.get_by_role("button", name="Show").click()
    assert page.url.endswith("?position=100,200,300&zoom=1.5&tilt=45,-20,0&layers=em")
    assert page.get_by_role("img", name="Slice tilted by 45° about x, -20° about y").count() == 1
    context.close()


def test_with_a_script_all_of_it_shows_at_once_and_the_address_keeps_it(
    page: Page, demo: Demo, console: list[str]
) -> None:
    page.goto(demo.url + SLICES)
    expect(page.locator("#cuts.live")).to_be_visible()
    page.locator("#cuts-z").fill("300")
    expect(page).to_have_url(re.compile(r"position=1250,1250,300&"))
    expect(page.get_by_role("img", name="Slice in x and y at z = 300 nm")).to_be_visible()
    picture(page, "xz").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press(".")
    page.keyboard.press("Shift+ArrowDown")
    expect(page).to_have_url(re.compile(r"position=1220,1260,400&"))
    page.get_by_label("Flood-filling network").check()
    page.get_by_label("Zoom", exact=True).get_by_role("combobox").select_option("3")
    expect(page).to_have_url(re.compile(r"zoom=3&tilt=45,0,0&layers=em,labels/groundtruth,labels/ffn"))
    expect(page.locator("[data-live=said]")).to_have_text("At x = 1,220 nm, y = 1,260 nm, z = 400 nm")
    kept = page.url
    for picture_now in page.locator(".cut img").all():
        expect(picture_now).to_have_attribute("src", re.compile(r"resolution=1\.6.*labels/ffn"))
    shown = page.locator(".cut img").evaluate_all("all => all.map(it => it.src)")
    page.goto(kept)
    assert page.locator(".cut img").evaluate_all("all => all.map(it => it.src)") == shown
    page.get_by_text("How to move").click()
    check_rules(page)


def test_dragging_takes_the_place_along_and_ends_where_the_mouse_does(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto(demo.url + SLICES)
    expect(page.locator("#cuts.live")).to_be_visible()
    box = picture(page).bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 224, box["y"] + 112, steps=5)
    page.mouse.up()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    expect(page).to_have_url(re.compile(r"position=1250,620,1250&"))
    expect(page.locator("#cuts-y")).to_have_value("620")


def test_a_slice_that_fails_says_so_in_its_place_and_comes_when_asked_again(page: Page, demo: Demo) -> None:
    page.goto(demo.url + SLICES)
    expect(page.locator("#cuts.live")).to_be_visible()
    page.route("**/slice?**center=1245,1245,500&**", lambda route: route.abort())
    page.locator("#cuts-z").fill("500")
    failed = page.locator(".cut[data-plane=xy] .cut-failed")
    expect(failed).to_be_visible()
    expect(failed).to_contain_text("This slice could not be read")
    assert page.locator(".cut-failed:visible").count() == 1
    page.unroute_all()
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_be_hidden()
    expect(page.get_by_role("img", name="Slice in x and y at z = 500 nm")).to_be_visible()
    page.route("**/slices/?**live=1", lambda route: route.abort())
    page.locator("#cuts-z").fill("600")
    expect(page.get_by_role("alert")).to_contain_text("This could not be shown")
