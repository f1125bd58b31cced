"""The system's Chromium, as tests, screenshots and benchmarks start it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = (
    "--no-sandbox",  # CI runs as root
    # WebGL by the processor. Mesa draws with a third of the work of SwiftShader, which stands in where it is not here.
    *("--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist", "--enable-unsafe-swiftshader"),
    "--disable-gpu-rasterization",  # which Debian asks for: without a GPU it makes every page slow
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    *("--disable-sync", "--disable-quic"),
)

WITHOUT_WEBGL = (*(it for it in ARGUMENTS if "swiftshader" not in it), "--disable-3d-apis")


def find_chromium() -> Path | None:
    """The one without windows, whose pages take half of the work, or any other."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium, while the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()
