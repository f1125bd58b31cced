"""Signing in and the administration, in the real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import CHECKOUT, Portal


@pytest.fixture(scope="module")
def operator(demo: Portal) -> str:
    """The name of a superuser of the demo; the password is "lovelace"."""
    code = "from portal.accounts.models import User; User.objects.create_superuser('ada', password='lovelace')"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=CHECKOUT, env=inherited | {"CISTERNA_HOME": str(demo.home)}, check=True,
    )  # fmt: skip
    return "ada"


@pytest.fixture(params=["light", "dark"])
def schemed_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param)
    yield context.new_page()
    context.close()


def sign_in(page: Page, demo: Portal, operator: str, password: str = "lovelace") -> None:
    page.goto(f"{demo.url}/datasets/")
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(operator)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_the_pages_of_an_account_keep_the_rules_of_accessibility(
    schemed_page: Page, demo: Portal, operator: str
) -> None:
    def check(path: str) -> None:
        for width in (390, 1680):
            schemed_page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(schemed_page)
            assert found.violations_count == 0, f"{path} at {width}: {found.generate_report()}"
            assert schemed_page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{path} at {width}"

    sign_in(schemed_page, demo, operator, "wrong")
    expect(schemed_page.get_by_role("alert")).to_be_visible()
    check("sign-in with an error")
    schemed_page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(schemed_page, demo, operator)
    schemed_page.wait_for_url(f"{demo.url}/datasets/")
    expect(schemed_page.get_by_role("link", name=operator)).to_be_visible()
    for path in ("/datasets/", "/account/", "/account/password/", "/account/tokens/"):
        schemed_page.goto(demo.url + path)
        check(path)


def test_the_administration_works_under_the_sites_policy(page: Page, demo: Portal, operator: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda it: complaints.append(it.text) if it.type in ("error", "warning") else None)
    page.on("response", lambda it: complaints.append(f"{it.status} {it.url}") if it.status >= 400 else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, demo, operator)
    page.wait_for_url(f"{demo.url}/datasets/")
    page.get_by_role("link", name="Admin").click()
    for path in ("", "catalogue/dataset/", "catalogue/membership/add/", "catalogue/volume/", "accounts/user/1/change/"):
        page.goto(f"{demo.url}/admin/{path}")
        page.wait_for_load_state("networkidle")
    page.goto(f"{demo.url}/admin/accounts/user/1/change/")
    expect(page.locator("#id_groups_from")).to_be_visible()  # made by a script: it ran
    page.goto(f"{demo.url}/admin/catalogue/dataset/")
    page.get_by_role("link", name="fib25-ts2").click()
    page.get_by_text("Add another Membership").click()
    expect(page.locator("#id_memberships-0-role")).to_be_visible()
    assert complaints == []
