"""The portal's own parts around Neuroglancer, in the real browser."""

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Portal
from tests.journeys.viewer_page import layers_on, open_viewer, position_nm, row, settle, state_of, wait_until_at

VIEW = "/datasets/fib25-ts2/view/"


def test_layers_are_switched_ordered_and_coloured_from_their_list(page: Page, demo: Portal, console: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_viewer(page, f"{demo.url}{VIEW}?layers=em")
    assert any("/data/fib25-ts2%401/em/" in url for url in asked)
    assert not [url for url in asked if "/labels/" in url], "metadata of layers that are off is not asked for"
    page.get_by_role("switch", name="Flood-filling network").check()
    settle(page)
    assert {url.split("/labels/")[1].split("/")[0] for url in asked if "/labels/" in url} == {"ffn"}

    page.get_by_role("switch", name="FIB-SEM").uncheck()
    for name in ("Oversegmentation", "FIB-SEM", "Ground truth"):
        page.get_by_role("switch", name=name).check()
    settle(page)
    every = ["em", "labels/groundtruth", "labels/ffn", "labels/oversegmentation"]
    assert layers_on(page) == every, "a layer lies where the list has it"

    only = row(page, "labels/ffn").get_by_role("button", name="Only")
    row(page, "labels/ffn").hover()
    only.click()
    expect(only).to_have_attribute("aria-pressed", "true")
    settle(page)
    assert layers_on(page) == ["em", "labels/ffn"]
    only.click()
    expect(only).to_have_attribute("aria-pressed", "false")
    settle(page)
    assert layers_on(page) == every

    page.get_by_label("Colour of Ground truth").fill("#ff0000")
    settle(page)
    assert state_of(page)["layers"][1]["segmentDefaultColor"] == "#ff0000"
    page.get_by_role("button", name="More about Ground truth").click()
    page.get_by_role("button", name="A colour for each object again").click()
    settle(page)
    assert "segmentDefaultColor" not in state_of(page)["layers"][1]
    page.get_by_label("Opacity of Ground truth").fill("0.8")
    assert state_of(page)["layers"][1]["selectedAlpha"] == pytest.approx(0.8)


def test_stops_are_gone_to_by_click_and_by_key(page: Page, demo: Portal, console: list[str]) -> None:
    open_viewer(page, demo.url + VIEW)
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        page.get_by_role("button", name="One body, two segments").click()
        expect(page.get_by_role("button", name="One body, two segments")).to_have_attribute("aria-current", "true")
        wait_until_at(page, (900, 900, 200))
        settle(page)
        assert layers_on(page) == ["em", "labels/ffn"]
        panel = page.locator(".neuroglancer-rendered-data-panel").first
        panel.focus()
        page.keyboard.press("n")
        page.keyboard.press("n")
        expect(page.get_by_role("button", name="An oblique cut")).to_have_attribute("aria-current", "true")
        wait_until_at(page, (1250, 1250, 1250), (0.2126, 0.2126, 0, 0.9537))
        page.keyboard.press("p")
        expect(page.get_by_role("button", name="Too many pieces")).to_have_attribute("aria-current", "true")


def test_a_reload_keeps_the_view_and_reset_brings_back_the_first(page: Page, demo: Portal, console: list[str]) -> None:
    address = f"{demo.url}{VIEW}?position=1250,1250,1250"
    open_viewer(page, address)
    page.wait_for_url("**#!**")  # the first view is written
    # In one task: the address has had no time to follow.
    page.evaluate(
        """() => {
          window.cisterna.viewer.position.value = Float32Array.from([60, 70, 80]);
          location.reload();
        }"""
    )
    page.wait_for_url(lambda url: '"position":[60,70,80]' in unquote(url))
    settle(page)
    assert position_nm(page) == pytest.approx([600, 700, 800], abs=0.01)

    page.get_by_role("switch", name="Flood-filling network").check()
    page.get_by_label("Opacity of Ground truth").fill("0.7")
    page.locator("#position").fill("900, 800, 700")
    page.keyboard.press("Enter")
    # The address follows a little after the view.
    page.wait_for_url(lambda url: '"position":[90,80,70]' in unquote(url))
    page.reload()
    settle(page)
    assert position_nm(page) == pytest.approx([900, 800, 700], abs=0.01)
    assert layers_on(page) == ["em", "labels/groundtruth", "labels/ffn"]
    assert state_of(page)["layers"][1]["selectedAlpha"] == pytest.approx(0.7)
    assert len(page.url) < 1500
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert position_nm(page) == pytest.approx([1250, 1250, 1250], abs=0.01)
    assert layers_on(page) == ["em", "labels/groundtruth"]

    page.locator("#position").fill("600, 700, 800")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: '"position":[60,70,80]' in unquote(url))
    page.goto("about:blank")
    open_viewer(page, address)  # by its address, what was looked at before does not come back
    assert position_nm(page) == pytest.approx([1250, 1250, 1250], abs=0.01)


def test_an_address_with_a_source_from_elsewhere_is_not_opened(page: Page, demo: Portal) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    state = '{"layers":[{"name":"em"},{"name":"x","type":"image","source":"http://127.0.0.1:9/x/|zarr3:"}]}'
    open_viewer(page, f"{demo.url}{VIEW}#!{state}")
    assert layers_on(page) == ["em", "labels/groundtruth"]
    assert not [url for url in asked if ":9/" in url]


def test_what_is_at_a_place_is_told_and_an_object_is_found_by_its_number(
    page: Page, demo: Portal, console: list[str]
) -> None:
    page.set_viewport_size({"width": 1680, "height": 950})
    open_viewer(page, f"{demo.url}{VIEW}?view=overview")
    details = page.get_by_role("complementary", name=re.compile("At the centre"))
    expect(details).to_be_visible()
    at_centre = page.locator(".reading-value").all_inner_texts()
    box = page.locator(".neuroglancer-rendered-data-panel").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(page.locator("#details-title")).to_have_text("Under the cursor")
    under = page.evaluate(
        """() => {
          const { viewer } = window.cisterna;
          const at = Float32Array.from(viewer.mouseState.position);
          return viewer.layerManager.managedLayers.map(it => String(it.layer.getValueAt(at, viewer.mouseState)));
        }"""
    )
    shown = [it.get_attribute("title") for it in page.locator(".reading-value").all()]
    assert shown == under
    assert shown != at_centre

    page.locator("#position").fill("77777777777")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("No voxel of labels/groundtruth has the label 77777777777")
    console.clear()  # of that answer's status
    page.locator("#position").fill("2150")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("2150 of Ground truth is at the centre")
    page.mouse.move(5, 5)
    settle(page)
    reading = page.locator(".reading", has_text="Ground truth")
    expect(reading.locator(".reading-value")).to_have_attribute("title", "2150")
    page.locator("#said").get_by_role("button", name="Only this").click()
    assert state_of(page)["layers"][1]["segments"] == ["2150"]


def test_every_control_is_reached_by_key_and_the_page_keeps_the_rules_of_accessibility(
    page: Page, demo: Portal
) -> None:
    page.set_viewport_size({"width": 1680, "height": 844})
    open_viewer(page, demo.url + VIEW)
    wanted = {"position", "reset", "share", "next-stop", "open-help"}
    reached: set[str] = set()
    page.locator(".brand").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
        visible = page.evaluate(
            """() => { const it = document.activeElement, box = it.getBoundingClientRect();
              return it === document.body || (box.width > 0 && box.height > 0); }"""
        )
        assert visible
    assert wanted <= reached
    assert "only" in reached
    assert any("neuroglancer-rendered-data-panel" in it for it in reached)
    for width in (1680, 1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        if width == 390:
            page.get_by_role("button", name="Layers").click()
        settle(page)
        check_rules(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
