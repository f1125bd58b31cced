"""The rules of accessibility, and what a page does on every screen."""

from collections.abc import Sequence

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that look at colours. All others find in the dark what they find in the light."""

_AXE = Axe()
_GROUND = "getComputedStyle(document.body).backgroundColor"


def check_rules(page: Page, rules: Sequence[str] = (), where: str = "") -> None:
    """The page as it stands keeps the rules, all or those that are named."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = AxeResults(page.evaluate("options => axe.run(options)", options))
    assert found.violations_count == 0, f"{where or page.url}: {found.generate_report()}"


def check_on_every_screen(page: Page, where: str, widths: Sequence[int]) -> None:
    """It fits at every width, and keeps the rules at the first and the last, in the light and in the dark. The page is
    loaded once: it changes before people, too, when they turn their device or evening comes."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        wider_by = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider_by <= 0, f"{where} at {width} is {wider_by} px too wide"
        if width not in (widths[0], widths[-1]):
            continue
        grounds = set()
        for scheme, rules in (("light", ()), ("dark", OF_COLOURS)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            grounds.add(page.evaluate(_GROUND))
            check_rules(page, rules, f"{where} at {width}, {scheme}")
        assert len(grounds) == 2, f"{where} is not darker in the dark"
