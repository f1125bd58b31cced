"""Layers gathered on a dataset's page, kept, and downloaded by the command that the selection's page shows."""

import subprocess
from pathlib import Path

from playwright.sync_api import Page

from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Demo, alone, files_in


def test_what_was_gathered_is_downloaded_as_the_page_says(page: Page, demo: Demo, tmp_path: Path) -> None:
    layers = ("em", "labels/ffn")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    for layer in layers:
        page.locator(f'input[name="layer"][value="fib25-ts2@1/{layer}"]').check()
    page.get_by_role("button", name="Add to selection").click()
    check_rules(page)
    page.get_by_role("button", name="Download").click()
    check_rules(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    identifier = page.url.strip("/").rpartition("/")[2]
    check = str(page.locator("#download-check").text_content())
    for tool in ("aws", "aria2"):
        (tmp_path / tool).mkdir()
        for text in (str(page.locator(f"#download-{tool}").text_content()), check):
            subprocess.run(
                ["sh", "-ec", text], cwd=tmp_path / tool, env=alone(tmp_path), capture_output=True, check=True
            )
        for layer in layers:
            copy = tmp_path / tool / f"selection-{identifier}" / "fib25-ts2@1" / layer
            assert files_in(copy) == files_in(demo.sample / layer)
