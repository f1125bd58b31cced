"""Gallery and dataset page in the real browser: for every screen, without a mouse, without JavaScript."""

import html
import io
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from django.urls import resolve
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.accessibility import check_on_every_screen
from tests.journeys.conftest import Portal
from tests.journeys.viewer_page import settle, state_of
from tests.portal.routes import all_routes

PAGES = (
    "/",
    "/datasets/",
    "/datasets/?view=table&q=medulla",
    "/datasets/?organism=nobody",
    "/search/",
    "/search/?q=mitocondria",
    "/search/?q=medulla",
    "/datasets/fib25-ts2/",
    "/datasets/fib25-ts2/changes/",
    "/datasets/fib25-ts2/slices/",
    "/datasets/fib25-ts2/segmentations/labels/groundtruth/",
    "/datasets/fib25-ts2/volumes/em/",
    "/compare/?left=fib25-ts2/labels/ffn",
    "/organelles/",
    "/organelles/mito/",
    "/organelles/ne_mem_all/",
    "/crops/",
    "/publications/",
    "/models/",
    "/tasks/",
    "/collections/",
    "/api/",
    "/guides/",
    "/guides/ground-truth/",
    "/problems/",
    "/problems/not-found/",
    "/r/nobody-gave-this-out/",
    "/selection/",
    "/nothing/",
    "/v/2345678923/",
)
WIDTHS = (390, 1024, 1680)
# Where else the rules are checked.
CHECKED_ELSEWHERE = {
    # With volumes that stay elsewhere.
    *("models/<slug:name>/", "tasks/<slug:name>/", "collections/<slug:name>/", "people/", "people/<int:number>/"),
    "datasets/<dataset:ref>/view/",  # of the viewer's parts
    "selections/<link:identifier>/",
    *("account/", "account/password/", "account/tokens/", "account/sign-in/", "jobs/", "jobs/<slug:uid>/"),
}
# By how much what is seen has moved since the page came.
SHIFTED = """() => {
  const shifts = new PerformanceObserver(() => {});
  shifts.observe({ type: "layout-shift", buffered: true });
  return shifts.takeRecords().reduce((sum, it) => sum + it.value, 0);
}"""
NO_PAGE = re.compile(r"^(api/v1|metrics|health)\b|\.\w+$|^api/try|^selection/\w|revoke|sign-out|/change/$|\?")


def test_every_page_is_among_those_that_keep_the_rules() -> None:
    checked = {resolve(urlsplit(path).path).route for path in PAGES if path != "/nothing/"} | CHECKED_ELSEWHERE
    assert [it.pattern for it in all_routes() if not NO_PAGE.search(it.pattern) and it.pattern not in checked] == []


def test_pages_keep_the_rules_of_accessibility_and_fit_the_screen(page: Page, demo: Portal) -> None:
    for path in PAGES:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(demo.url + path)
        assert page.evaluate(SHIFTED) == 0, f"{path} moves while it loads"
        check_on_every_screen(page, path, WIDTHS)


def test_pages_ask_nobody_else_and_complain_of_nothing(page: Page, demo: Portal) -> None:
    elsewhere: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda it: elsewhere.append(it.url) if not it.url.startswith(demo.url) else None)
    page.on("console", lambda it: complaints.append(it.text) if it.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/", "/datasets/fib25-ts2/"):
        page.goto(demo.url + path)
        page.wait_for_load_state("networkidle")
    assert (elsewhere, complaints) == ([], [])


def test_pictures_are_there_and_hovering_shows_the_labels(page: Page, demo: Portal) -> None:
    page.set_viewport_size({"width": 1024, "height": 900})
    page.goto(demo.url)
    card = page.get_by_role("region", name="1\u00a0dataset").locator(".card").first
    picture, labels = card.locator("img").all()
    came = "it => it.complete && it.naturalWidth > 0 && it.currentSrc.split('/').pop()"
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate(came) == "em.640.webp", "as wide as it is shown, and no wider"
    expect(labels).to_be_hidden()
    assert not labels.evaluate(came), "nobody has asked for them yet"
    card.hover()
    expect(labels).to_have_css("opacity", "1")
    expect(labels).to_have_js_property("complete", True)
    assert labels.evaluate(came) == "labels.640.webp"


def test_the_way_from_the_home_to_a_segment_in_3d_needs_no_mouse(page: Page, demo: Portal) -> None:
    page.set_viewport_size({"width": 1100, "height": 640})
    page.goto(demo.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("medula")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=medula*")
    expect(page.locator(".corrected")).to_contain_text("medulla")
    tab_to(page, page.get_by_role("link", name="Fly medulla neuropil"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/fib25-ts2/")
    explore = page.get_by_role("link", name="Explore in 3D")
    tab_to(page, explore)
    assert explore.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    viewer = page.frame_locator('iframe[title="Viewer"]')
    expect(viewer.locator("#neuroglancer-container canvas")).to_be_visible()
    tab_to(page, viewer.get_by_role("link", name="Full window"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/fib25-ts2@1/view/**")
    settle(page)
    tab_to(page, page.locator("#position"), "Shift+Tab")  # the viewer has the focus, and lies behind
    page.keyboard.type("2150")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("2150 of Ground truth is at the centre")
    expect(page.locator("#said").get_by_role("button", name="Only this")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#position")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="3D", exact=True), "Shift+Tab")
    page.keyboard.press("Enter")
    settle(page)
    state = state_of(page)
    assert (state["layout"]["type"], state["layers"][1]["segments"]) == ("3d", ["2150"])
    # Around the centre there is something in colour: the segment alone is.
    box = page.locator("#neuroglancer-container").bounding_box()
    assert box
    middle = {
        "x": box["x"] + box["width"] / 2 - 80,
        "y": box["y"] + box["height"] / 2 - 80,
        "width": 160,
        "height": 160,
    }
    pixels = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=middle))).convert("RGB"), int)  # type: ignore[arg-type]
    assert (np.ptp(pixels, axis=2) > 40).mean() > 0.05


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Go on from the focus, key by key, until what is wanted has it."""
    for _ in range(32):
        page.keyboard.press(key)
        if wanted.evaluate("it => it === document.activeElement"):
            return
    expect(wanted).to_be_focused()


def test_everything_but_the_viewer_works_without_javascript(browser: Browser, demo: Portal) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.url)
    page.get_by_role("searchbox", name="Search").fill("medulla")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Fly medulla neuropil")).to_be_visible()
    page.get_by_role("link", name="Datasets").click()
    page.get_by_role("combobox").select_option(index=1)
    page.get_by_role("button", name="Sort").click()
    page.wait_for_url("**sort=**")
    page.get_by_role("link", name="Fly medulla").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("row", name="labels/groundtruth")).to_be_visible()
    expect(page.get_by_role("img", name="Middle slice").first).to_have_js_property("complete", True)
    expect(page.locator("[data-copy]").first).to_be_hidden()
    expect(page.locator("[data-theme-choice]")).to_be_hidden()
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Add to selection").click()
    expect(page.get_by_role("link", name="Your selection, 1 layer")).to_be_visible()
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    page.get_by_role("link", name="Explore in 3D").click()
    expect(page.get_by_role("heading", name="The 3D view needs JavaScript")).to_be_visible()
    page.get_by_role("link", name="Go through the slices").click()
    expect(page.get_by_role("img").first).to_have_js_property("complete", True)
    context.close()


def test_the_theme_can_be_chosen_and_stays(page: Page, demo: Portal) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(demo.url)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate(ground) == light


def test_a_button_copies_the_command_beside_it(browser: Browser, demo: Portal) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    page.get_by_role("button", name="Copy: Python: zarr").click()
    expect(page.locator(".copy.said")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#open-zarr").inner_text().strip()
    context.close()


def test_a_layer_opens_over_its_image(page: Page, demo: Portal) -> None:
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    link = page.get_by_role("link", name=re.compile("^Open Flood-filling network")).get_attribute("href")
    assert link == "/datasets/fib25-ts2@1/view/?layers=em,labels/ffn"


def commands(page: Page, demo: Portal, path: str = "") -> dict[str, str]:
    page.goto(f"{demo.url}/datasets/fib25-ts2/{path}")
    return {
        str(it.get_attribute("id")): html.unescape(str(it.text_content()))
        for it in page.locator('pre[id^="open-"]').all()
    }


def test_the_commands_of_the_page_run_as_they_stand(page: Page, demo: Portal, tmp_path: Path) -> None:
    found = commands(page, demo)
    for name in ("open-zarr", "open-tensorstore"):
        code = found.pop(name) + "\nprint(middle.shape, middle.mean() > 0)\n"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.endswith("(250, 250) True\n"), name
    curl = found.pop("open-curl")
    subprocess.run(["sh", "-ec", curl], cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "zarr.json").read_bytes() == (demo.sample / "em" / "zarr.json").read_bytes()
    assert (tmp_path / "first-chunk").read_bytes() == (demo.sample / "em" / "0" / "c" / "0" / "0" / "0").read_bytes()
    assert found.pop("open-neuroglancer") == f"{demo.url}/data/fib25-ts2@1/em/|zarr3:"
    untested = page.locator(".commands > details", has=page.locator(".badge", has_text="untested")).locator("pre")
    assert {str(it.get_attribute("id")) for it in untested.all()} == set(found)


def test_the_commands_of_a_segmentations_page_run_as_they_stand(page: Page, demo: Portal, tmp_path: Path) -> None:
    found = commands(page, demo, "segmentations/labels/ffn/")
    for name in ("open-zarr", "open-tensorstore"):
        code = found[name] + "\nprint(middle.shape, middle.max() <= 254, middle.max() > 0)\n"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.endswith("(250, 250) True True\n"), name
    subprocess.run(["sh", "-ec", found["open-curl"]], cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "zarr.json").read_bytes() == (demo.sample / "labels" / "ffn" / "zarr.json").read_bytes()


def test_one_way_is_open_at_a_time_and_the_keyboard_opens_another(page: Page, demo: Portal) -> None:
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    expect(page.locator("#open-zarr")).to_be_visible()
    page.locator("summary", has_text="TensorStore").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#open-tensorstore")).to_be_visible()
    expect(page.locator("#open-zarr")).to_be_hidden()
