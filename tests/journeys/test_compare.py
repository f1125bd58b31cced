"""Two segmentations of the demo side by side, in the real browser."""

import math

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.journeys.accessibility import check_on_every_screen
from tests.journeys.conftest import Portal
from tests.journeys.viewer_page import layers_on, look_at, position_nm, settle, state_of, wait_until_at

PAIR = "/compare/?left=fib25-ts2@1/labels/ffn&right=fib25-ts2@1/labels/groundtruth"


def views_of(page: Page) -> tuple[Frame, Frame]:
    """Both views, linked and drawn."""
    page.wait_for_selector("#compare[data-linked]")
    left, right = page.frames[1:]
    for frame in (left, right):
        settle(frame)
    return left, right


def glance(frame: Frame) -> tuple[list[float], float, list[float]]:
    """Place in nm, nm in a pixel, and angle."""
    state = state_of(frame)
    nm = min(scale for scale, _unit in state["dimensions"].values()) * 1e9
    return position_nm(frame), state["crossSectionScale"] * nm, state.get("crossSectionOrientation", [0, 0, 0, 1])


def test_two_segmentations_move_together_and_the_address_leads_back(
    page: Page, demo: Portal, console: list[str]
) -> None:
    page.set_viewport_size({"width": 800, "height": 600})  # narrow: each view has one panel
    page.goto(f"{demo.url}/datasets/fib25-ts2/segmentations/labels/ffn/")
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Beside it, of the same dataset").select_option("Ground truth")
    page.locator(".choose").first.get_by_role("button", name="Compare").click()
    page.wait_for_url(f"**{PAIR}**")
    expect(page.get_by_text("the same image, other labels")).to_be_visible()
    expect(page.get_by_role("row", name="Made By a model By hand")).to_be_visible()
    left, right = views_of(page)
    assert [layers_on(it) for it in (left, right)] == [["em", "labels/ffn"], ["em", "labels/groundtruth"]]
    assert glance(left) == glance(right)

    # A place, from either side: what leads is left where it was put.
    for leader, follower, at in ((left, right, (600.7, 1703.3, 1501.9)), (right, left, (1111.1, 907.5, 333.3))):
        look_at(leader, dict(zip("xyz", at, strict=True)))
        wait_until_at(follower, at)
        assert position_nm(follower) == pytest.approx(position_nm(leader), abs=0.01)
        assert position_nm(leader) == pytest.approx(at, abs=0.001)

    # The mouse and the keys, as a person has them.
    panel = left.locator(".neuroglancer-rendered-data-panel").first
    before = glance(left)
    panel.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    page.keyboard.press("r")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press(".")
    settle(left)
    for one, other in zip(glance(left), glance(right), strict=True):
        assert other == pytest.approx(one, rel=1e-6, abs=0.01)
    assert all(now != then for now, then in zip(glance(left), before, strict=True)), "all three have changed"

    # In 3D, and the panels.
    right.evaluate(
        """() => {
          const { projectionOrientation, projectionScale } = window.cisterna.viewer;
          projectionOrientation.restoreState([0.5, 0.5, 0.5, 0.5]);
          projectionScale.value *= 3;
        }"""
    )
    settle(left)
    in_3d = [
        {name: state_of(it)[name] for name in ("projectionOrientation", "projectionScale")} for it in (left, right)
    ]
    assert in_3d[0] == in_3d[1]
    assert in_3d[0]["projectionOrientation"] == pytest.approx([0.5] * 4)
    left.get_by_role("button", name="xz").click()
    expect(right.get_by_role("button", name="xz")).to_have_attribute("aria-pressed", "true")

    # Apart in zoom, together in all else; the keyboard reaches the switch.
    zoom = page.get_by_role("switch", name="Zoom")
    zoom.focus()
    page.keyboard.press("Space")
    expect(zoom).not_to_be_checked()
    stays = glance(right)
    left.evaluate("window.cisterna.viewer.crossSectionScale.value /= 2")
    look_at(left, {"x": 1500})
    wait_until_at(right, (1500, *position_nm(left)[1:]))
    assert glance(right)[1] == pytest.approx(stays[1])
    assert glance(left)[1] == pytest.approx(stays[1] / 2)

    # The address has both; a reload changes nothing.
    page.wait_for_url(lambda url: "apart" in url and url.count("%22position%22:[150,") == 2)
    seen = [glance(it) for it in (left, right)]
    page.reload()
    left, right = views_of(page)
    for frame, (place, scale, angle) in zip((left, right), seen, strict=True):
        now = glance(frame)
        assert now[0] == pytest.approx(place, abs=0.01)
        assert math.isclose(now[1], scale, rel_tol=1e-6)
        assert now[2] == pytest.approx(angle, abs=1e-6)
    expect(zoom).not_to_be_checked()
    expect(right.get_by_role("button", name="xz")).to_have_attribute("aria-pressed", "true")
    zoom.check()
    assert [glance(it)[1] for it in (left, right)] == pytest.approx([seen[0][1]] * 2)
    check_on_every_screen(page, PAIR, (800, 390))


def test_without_javascript_or_graphics_the_same_slice_of_both_is_shown(browser: Browser, demo: Portal) -> None:
    for scripted in (False, True):
        context = browser.new_context(java_script_enabled=scripted)
        # A browser without a graphics card.
        context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page = context.new_page()
        page.goto(demo.url + PAIR)
        pictures = page.locator(".pictures img")
        for picture in pictures.all():
            expect(picture).to_have_js_property("naturalWidth", 512)
        assert pictures.count() == 2
        page.get_by_label("Plane").select_option("yz")
        page.get_by_label("Place x, y, z in nm").fill("500, 600, 700")
        page.get_by_role("button", name="Go").click()
        expect(pictures.first).to_have_attribute("alt", "Flood-filling network: slice in z and y at x = 500\u00a0nm,"
                                                 " y = 600\u00a0nm, z = 700\u00a0nm")  # fmt: skip
        context.close()
