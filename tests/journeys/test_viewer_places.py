"""Where the viewer stands, what is opened in it, and what there is where it cannot be shown; in the real browser."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import zarr
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.chromium import WITHOUT_WEBGL
from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Demo, Portal
from tests.journeys.viewer_page import VALUE_AT, layers_on, look_at, open_viewer, position_nm, settle

DATASET = "/datasets/fib25-ts2/"
VIEW = f"{DATASET}view/"


def test_the_still_picture_becomes_the_live_viewer_and_the_full_window_keeps_the_view(
    page: Page, demo: Portal, console: list[str]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(demo.url + DATASET)
    assert page.locator("iframe").count() == 0
    before = page.locator(".stage").bounding_box()
    page.get_by_role("link", name="Explore in 3D").click()
    assert page.url == demo.url + DATASET
    frame = page.frame_locator('iframe[title="Viewer"]')
    expect(frame.locator("#neuroglancer-container canvas")).to_be_visible()
    assert page.locator(".stage").bounding_box() == before
    expect(frame.locator(".brand")).to_be_hidden()
    frame.get_by_role("button", name="Layers").click()
    frame.get_by_role("switch", name="Flood-filling network").check()
    frame.locator("#position").fill("600, 700, 800")
    frame.locator("#position").press("Enter")
    frame.get_by_role("link", name="Full window").click()
    page.wait_for_url("**/datasets/fib25-ts2@1/view/#!**")
    settle(page)
    assert position_nm(page) == pytest.approx([600, 700, 800], abs=0.01)
    assert layers_on(page) == ["em", "labels/groundtruth", "labels/ffn"]


def test_only_this_site_may_frame_the_viewer_and_only_embedded(page: Page, demo: Portal) -> None:
    def headers(path: str) -> dict[str, str]:
        return page.request.get(demo.url + path).headers

    embedded, whole, dataset = headers(f"{VIEW}?embedded=1"), headers(VIEW), headers(DATASET)
    assert "frame-ancestors 'self'" in embedded["content-security-policy"]
    assert embedded["x-frame-options"] == "SAMEORIGIN"
    for answer in (whole, dataset):
        assert "frame-ancestors 'none'" in answer["content-security-policy"]
        assert answer["x-frame-options"] == "DENY"
    assert "frame-src 'self'" in dataset["content-security-policy"]


def _link(*layers: Any) -> str:
    return f"https://neuroglancer.example/#!{quote(json.dumps({'layers': layers, 'position': [10, 20, 30]}))}"


def test_a_pasted_link_shows_what_it_holds_and_is_opened(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, demo.url + VIEW)
    page.get_by_role("button", name="Open a Neuroglancer link").click()
    source = f"zarr3://{demo.url}/data/fib25-ts2@1/labels/ffn"
    page.locator("#paste-text").fill(_link({"name": "theirs", "type": "segmentation", "source": source}))
    expect(page.locator("#paste-verdict")).to_contain_text("One layer; all may be opened here")
    expect(page.locator("#paste-layers")).to_contain_text("this portal's data")
    page.locator("#paste-open").click()
    settle(page)
    assert layers_on(page) == ["theirs"]
    expect(page.get_by_role("switch", name="theirs")).to_be_checked()
    expect(page.get_by_role("switch", name="Ground truth")).not_to_be_checked()


def test_a_pasted_link_to_elsewhere_is_told_and_not_loaded(page: Page, demo: Portal, console: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_viewer(page, demo.url + VIEW)
    page.get_by_role("button", name="Open a Neuroglancer link").click()
    page.locator("#paste-text").fill(_link({"name": "x", "type": "image", "source": "http://127.0.0.1:9/x/|zarr3:"}))
    expect(page.locator("#paste-verdict")).to_contain_text("1 of 1 layers would read from where this portal does not")
    expect(page.locator("#paste-layers")).to_contain_text("127.0.0.1:9 is not among the origins this portal allows")
    expect(page.locator("#paste-open")).to_be_disabled()
    page.locator("#paste-text").press("Control+Enter")
    assert layers_on(page) == ["em", "labels/groundtruth"]
    assert not [url for url in asked if ":9/" in url]
    check_rules(page)


def test_ways_to_open_a_layer_elsewhere_are_in_its_menu(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, demo.url + VIEW)
    page.get_by_role("button", name="More about FIB-SEM").click()
    menu = page.locator("#layer-menu")
    expect(menu).to_contain_text("Copy the data's address")
    expect(menu).to_contain_text("Open with")
    expect(menu).to_contain_text("napari")
    check_rules(page)
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


@pytest.fixture
def flat_page(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Page]:
    """A page of a browser without WebGL."""
    browser: Browser = browser_type.launch(**browser_type_launch_args | {"args": list(WITHOUT_WEBGL)})
    yield browser.new_page()
    browser.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_without_webgl_there_are_slices(browser: Browser, flat_page: Page, demo: Portal, width: int) -> None:
    flat_page.set_viewport_size({"width": width, "height": 800})
    flat_page.goto(demo.url + VIEW)
    expect(flat_page.get_by_role("heading", name="This browser cannot draw in 3D")).to_be_visible()
    pictures = flat_page.locator(".notice .slices-picture img:not(.slices-labels)")
    expect(pictures).to_have_count(3)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("it => it.decode().then(() => it.naturalWidth)") > 100
    assert flat_page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    check_rules(flat_page)
    # What someone saw elsewhere stands in the fragment alone.
    units = {axis: [1e-8, "m"] for axis in "xyz"}
    state = {"dimensions": units, "position": [30, 40, 50], "layers": [{"name": "em"}]}
    flat_page.goto("about:blank")
    flat_page.goto(f"{demo.url}{VIEW}#!{quote(json.dumps(state))}")
    flat_page.get_by_role("link", name="Go through the slices").click()
    flat_page.wait_for_url("**/slices/?position=300,400,500&layers=em")
    expect(flat_page.locator(".cut")).to_have_count(4)


def test_without_javascript_there_are_slices(browser: Browser, demo: Portal) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.url + VIEW)
    expect(page.get_by_role("heading", name="The 3D view needs JavaScript")).to_be_visible()
    expect(page.locator(".slices-picture img:not(.slices-labels)")).to_have_count(3)
    labels = page.locator(".slices-labels").first
    expect(labels).to_have_css("opacity", "1")
    page.get_by_role("switch").first.uncheck()
    expect(labels).to_have_css("opacity", "0")
    page.get_by_role("link", name="Go through the slices").click()
    expect(page.locator(".cut")).to_have_count(4)
    context.close()


def test_a_small_screen_is_offered_pictures(page: Page, demo: Portal) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(demo.url + DATASET)
    page.get_by_role("link", name="Explore in 3D").click()
    page.wait_for_url("**/datasets/fib25-ts2@1/view/**")
    page.get_by_role("link", name="Pictures").click()
    page.wait_for_url("**/datasets/fib25-ts2@1/slices/?position=**")


LIST = """url => window.cisterna.viewer.dataSourceProvider.sharedKvStoreContext.kvStoreContext
  .list(url, { responseKeys: "suffix" }).then(({ directories, entries }) => [directories, entries.map(it => it.key)])"""


def test_a_layer_is_read_as_from_a_bucket(page: Page, demo: Demo, console: list[str]) -> None:
    """By Neuroglancer's own ``s3+http`` store, which walks through the folders as well. Over a bucket it shows the
    same, since our answers are the same there (tests/journeys/test_s3_clients.py)."""
    bucket = f"s3+{demo.url}/s3/fib25-ts2.v1"
    layers = [
        {"name": "em", "type": "image", "source": f"{bucket}/em/|zarr3:"},
        {"name": "ffn", "type": "segmentation", "source": f"{bucket}/labels/ffn/|zarr3:"},
    ]
    dimensions = {axis: [1e-8, "m"] for axis in "xyz"}
    state = quote(json.dumps({"layers": layers, "dimensions": dimensions, "position": [125, 125, 125]}))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_viewer(page, f"{demo.url}{VIEW}#!{state}")
    assert layers_on(page) == ["em", "ffn"]
    assert not [url for url in asked if "/data/" in url]
    for x, y, z in ((125, 125, 125), (40, 210, 77)):
        look_at(page, {"x": x * 10, "y": y * 10, "z": z * 10})
        for layer, path in (("em", "em"), ("ffn", "labels/ffn")):
            array = zarr.open_array(demo.sample / path / "0", mode="r")
            assert page.evaluate(VALUE_AT, [layer, [x, y, z]]) == str(array[z, y, x])
    assert page.evaluate(LIST, f"{bucket}/") == [["em", "labels"], ["zarr.json"]]
    assert page.evaluate(LIST, f"{bucket}/labels/")[0] == ["ffn", "groundtruth", "oversegmentation"]
