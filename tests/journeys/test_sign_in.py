"""Signing in and the administration, in the real browser."""

import os
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.accessibility import check_on_every_screen
from tests.journeys.conftest import CHECKOUT, Portal

WIDTHS = (390, 1680)


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


def sign_in(page: Page, demo: Portal, operator: str, password: str = "lovelace") -> None:
    page.goto(f"{demo.url}/datasets/")
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(operator)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_the_pages_of_an_account_keep_the_rules_of_accessibility(page: Page, demo: Portal, operator: str) -> None:
    sign_in(page, demo, operator, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    check_on_every_screen(page, "sign-in with an error", WIDTHS)
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, demo, operator)
    page.wait_for_url(f"{demo.url}/datasets/")
    expect(page.get_by_role("link", name=operator)).to_be_visible()
    for path in ("/datasets/", "/account/", "/account/password/", "/account/tokens/"):
        page.goto(demo.url + path)
        check_on_every_screen(page, path, WIDTHS)


def test_a_job_is_watched_to_its_end(page: Page, demo: Portal, operator: str) -> None:
    def manage(*command: str) -> str:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
        return subprocess.run(
            [sys.executable, "manage.py", *command], cwd=CHECKOUT, check=True, capture_output=True, text=True,
            env=inherited | {"CISTERNA_HOME": str(demo.home)},
        ).stdout  # fmt: skip

    sign_in(page, demo, operator)
    page.wait_for_url(f"{demo.url}/datasets/")
    page.goto(f"{demo.url}/jobs/")
    check_on_every_screen(page, "jobs", WIDTHS)
    uid = manage("derive", "fib25-ts2", "--recipe", "manifest").split()[0]
    page.goto(f"{demo.url}/jobs/")
    expect(page.get_by_text("No worker is at work")).to_be_visible()
    page.get_by_role("link", name="The SHA-256 of every object").first.click()
    page.wait_for_url(f"{demo.url}/jobs/{uid}/")
    expect(page.get_by_role("status")).to_have_text("Waits for a worker")
    check_on_every_screen(page, "a job that waits", WIDTHS)
    page.evaluate("document.activeElement.blur()")
    manage("worker", "--until-idle")
    expect(page.get_by_role("status")).to_contain_text("Done after", timeout=30_000)  # without being asked
    check_on_every_screen(page, "a job that is done", WIDTHS)


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
