"""The list of datasets is narrowed in place, in the real browser: by typing, by choosing, and back again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo
from tests.journeys.test_members import as_toml
from tests.samples import specification, write_container


@pytest.fixture(scope="module")
def two(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with a second dataset, of another organism; other journeys find one."""
    folder = tmp_path_factory.mktemp("second")
    demo.put(write_container(folder / "second.zarr"), "cells/second.zarr")
    said = specification("own:cells/second.zarr", name="second", title="The second", visibility="public")
    said["specimen"] = {"organism": "Danio rerio"}
    (folder / "second.toml").write_text(as_toml(said))
    done = demo.manage("publish", str(folder / "second.toml"))
    assert done.returncode == 0, done.stderr
    yield demo
    assert demo.manage("visibility", "second", "private").returncode == 0


def test_the_list_is_narrowed_in_place(page: Page, two: Demo, console: list[str]) -> None:
    page.goto(f"{two.url}/datasets/")
    page.evaluate("window.sameDocument = true")
    cards = page.locator(".card")
    all_of_them = cards.count()  # other journeys may have published, too
    assert all_of_them >= 2

    organism = page.locator('details[data-facet="organism"]')
    organism.locator("summary").click()
    organism.get_by_label("Danio rerio").check()
    expect(cards).to_have_count(1)
    expect(page).to_have_url(f"{two.url}/datasets/?organism=Danio+rerio")
    expect(organism).to_have_attribute("open", "")
    expect(organism.get_by_label("Danio rerio")).to_be_focused()
    expect(page.locator("#said")).to_have_text("1\u00a0dataset")
    page.keyboard.press("Escape")
    expect(organism).not_to_have_attribute("open", "")
    expect(organism.locator("summary")).to_be_focused()

    page.get_by_role("link", name="Organism: Danio rerio, take back").click()
    expect(cards).to_have_count(all_of_them)
    page.go_back()
    expect(cards).to_have_count(1)
    page.go_back()
    expect(cards).to_have_count(all_of_them)

    page.keyboard.press("/")
    page.keyboard.type("medul", delay=30)
    expect(cards).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("medul")
    page.get_by_role("link", name="Table").click()
    expect(page.locator(".datasets-table tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("nothing such")
    expect(page.get_by_role("heading", name="No dataset is like that")).to_be_visible()
    assert page.evaluate("window.sameDocument"), "the page was not loaded again"


def test_the_home_narrows_the_list_that_it_leads_to(page: Page, two: Demo) -> None:
    page.goto(f"{two.url}/")
    organism = page.locator('details[data-facet="organism"]')
    organism.locator("summary").click()
    page.keyboard.press("Escape")
    expect(organism).not_to_have_attribute("open", "")
    organism.locator("summary").click()
    organism.get_by_label("Danio rerio").check()
    organism.get_by_role("button", name="Show").click()
    expect(page).to_have_url(f"{two.url}/datasets/?organism=Danio+rerio")


def test_the_list_is_narrowed_without_javascript(browser: Browser, two: Demo) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{two.url}/datasets/")
    organism = page.locator('details[data-facet="organism"]')
    organism.locator("summary").click()
    organism.get_by_label("Danio rerio").check()
    organism.get_by_role("button").click()
    expect(page.locator(".card")).to_have_count(1)
    expect(page).to_have_url(re.compile("organism=Danio"))
    context.close()
