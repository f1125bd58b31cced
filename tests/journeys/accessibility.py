"""The rules of accessibility, and what a page does on every screen."""

from collections.abc import Sequence

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that look at colours. All others find in the dark what they find in the light."""

_AXE = Axe()
_GROUND = "getComputedStyle(document.body).backgroundColor"
# The rules of colours take nearly all of the time, and say the same of what looks the same. Looks are what the browser
# has computed, of an element and of all that it stands in.
_RUN = """async ([options, colours]) => {
  const looks = new WeakMap([[document.documentElement, ""]]), kinds = new Map();
  const lookOf = element => {
    if (!looks.has(element)) {
      const it = getComputedStyle(element);
      const own = [it.color, it.backgroundColor, it.backgroundImage, it.opacity, it.filter, it.fontSize, it.fontWeight,
        it.display, it.visibility, it.position, it.zIndex, it.textShadow, it.textDecorationLine, it.clipPath];
      const look = `${lookOf(element.parentElement)}/${element.localName} ${own.join(" ")}`;
      if (!kinds.has(look)) kinds.set(look, kinds.size);
      looks.set(element, String(kinds.get(look)));
    }
    return looks.get(element);
  };
  const first = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const hasText = [...element.childNodes].some(it => it.nodeType === Node.TEXT_NODE && it.data.trim() !== "");
    const said = hasText || element.matches("input, select, textarea");
    if (said && !first.has(lookOf(element))) first.set(lookOf(element), element);
  }
  const others = Object.fromEntries(colours.map(it => [it, { enabled: false }]));
  const found = options.runOnly ? [] : [await axe.run({ ...options, rules: others })];
  const runOnly = options.runOnly ?? { type: "rule", values: colours };
  if (first.size > 0) found.push(await axe.run({ include: [...first.values()] }, { ...options, runOnly }));
  return { ...found[0], violations: found.flatMap(it => it.violations) };
}"""


def check_rules(page: Page, rules: Sequence[str] = (), where: str = "") -> None:
    """The page as it stands keeps the rules: all of them, or those of colours that are named."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    # Style sheets are loaded anew for rules of sound and of turned screens alone, which no page of ours concerns.
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = AxeResults(page.evaluate(_RUN, [options, list(OF_COLOURS)]))
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
