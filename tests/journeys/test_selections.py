"""Layers gathered on a dataset's page, kept, and downloaded by the command that the selection's page shows."""

import os
import subprocess
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import Demo


def test_what_was_gathered_is_downloaded_as_the_page_says(page: Page, demo: Demo, tmp_path: Path) -> None:
    layers = ("em", "labels/ffn")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    for layer in layers:
        page.locator(f'input[name="layer"][value="fib25-ts2@1/{layer}"]').check()
    page.get_by_role("button", name="Add to selection").click()
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Download").click()
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    identifier = page.url.strip("/").rpartition("/")[2]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
    kept |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
    kept["PATH"] = f"{Path(sys.executable).parent}:{kept['PATH']}"
    check = str(page.locator("#download-check").text_content())
    for tool in ("aws", "aria2"):
        (tmp_path / tool).mkdir()
        for text in (str(page.locator(f"#download-{tool}").text_content()), check):
            subprocess.run(["sh", "-ec", text], cwd=tmp_path / tool, env=kept, capture_output=True, check=True)
        for layer in layers:
            original = demo.sample / layer
            copy = tmp_path / tool / f"selection-{identifier}" / "fib25-ts2@1" / layer
            files = {it.relative_to(original): it.read_bytes() for it in original.rglob("*") if it.is_file()}
            assert {it.relative_to(copy): it.read_bytes() for it in copy.rglob("*") if it.is_file()} == files
