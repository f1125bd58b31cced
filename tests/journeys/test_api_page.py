"""The API's page in the real browser: what a form asks for is shown beneath it; without JavaScript, by the browser."""

import json
import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo

SAMPLE = "fib25-ts2@1"
"""Other tests of this demo publish more, and the page's forms begin with the newest."""


def test_what_a_form_asks_for_is_shown_beneath_it(page: Page, demo: Demo) -> None:
    complaints: list[str] = []
    page.on("console", lambda it: complaints.append(it.text) if it.type in ("error", "warning") else None)
    page.goto(f"{demo.url}/api/")
    dataset = page.locator("#get_datasets_ref")
    dataset.locator("summary").click()
    expect(dataset.locator("[name=ref]")).not_to_have_value("")  # the newest that there is
    dataset.locator("[name=ref]").fill(SAMPLE)
    dataset.get_by_label("fields").fill("name,version")
    dataset.get_by_role("button", name="Ask").click()
    expect(dataset.get_by_role("status")).to_have_text(re.compile(r"^200 OK · \d+ ms · \d+.B$"))
    shown = json.loads(dataset.get_by_label("What was answered").text_content() or "")
    assert shown == {"name": "fib25-ts2", "version": 1}
    address = f"{demo.url}/api/v1/datasets/{SAMPLE}/?fields=name%2Cversion"
    expect(dataset.get_by_label("The same with curl")).to_have_text(f"curl '{address}'")
    expect(dataset.locator("dl")).to_contain_text("etag")

    dataset.get_by_label("fields").fill("nonsense")
    dataset.get_by_label("fields").press("Enter")
    expect(dataset.get_by_role("status")).to_contain_text("400 Bad Request")
    expect(dataset.get_by_label("What was answered")).to_contain_text("'nonsense' is not known")
    assert [it for it in complaints if "400 (Bad Request)" not in it] == []

    classes = page.locator("#get_crops")
    classes.locator("summary").click()
    classes.get_by_role("button", name="Ask").click()
    expect(classes.get_by_role("button", name="Next page")).to_have_count(0)
    slices = page.locator("#get_datasets_ref_volumes_path_slice")
    slices.locator("summary").click()
    slices.locator("[name=ref]").fill(SAMPLE)
    slices.locator("[name=path]").fill("em")
    slices.get_by_role("button", name="Ask").click()
    expect(slices.get_by_role("img", name="The picture that was asked for")).to_have_js_property("naturalWidth", 512)

    page.set_viewport_size({"width": 390, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(it => (it.open = true))")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_without_javascript_the_browser_shows_it(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.url}/api/")
    dataset = page.locator("#get_datasets_ref")
    dataset.locator("summary").click()
    dataset.locator("[name=ref]").fill(SAMPLE)
    dataset.get_by_role("button", name="Ask").click()
    page.wait_for_url(f"**/api/v1/datasets/{SAMPLE}/")
    assert '"name":"fib25-ts2"' in page.content()
    context.close()
