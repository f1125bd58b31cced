"""Take the README's picture from a running demo: ``make demo`` in one terminal, ``make screenshots`` in another."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGES = CHECKOUT / "docs" / "images"
PORTAL = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
SETTLED = """() => new Promise(resolve => {
  const wait = () => window.cisterna ? window.cisterna.settled().then(resolve) : setTimeout(wait, 50);
  wait();
})"""


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
        page.goto(f"{PORTAL}/datasets/fib25-ts2/view/")
        page.evaluate(SETTLED)
        page.screenshot(path=IMAGES / "viewer.png")
        browser.close()


if __name__ == "__main__":
    main()
