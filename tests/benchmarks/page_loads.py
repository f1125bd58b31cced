"""Pages in a real browser on a slow machine and a slow line: what comes over the wire, and when it is seen."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession

CPU_SLOWDOWN = 4
LINE_MBIT_PER_S = 10
LATENCY_MS = 40
_OBSERVED = """
  window.seen = {lcp: 0, element: "", shift: 0};
  new PerformanceObserver(list => list.getEntries().forEach(entry => {
    seen.lcp = entry.startTime;
    seen.element = entry.element ? entry.element.tagName.toLowerCase() : "";
  })).observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) seen.shift += entry.value;
  })).observe({type: "layout-shift", buffered: true});
"""
_PAINTED = """() => new Promise(resolve => {
  const wait = () => seen.lcp > 0 ? resolve() : setTimeout(wait, 50);
  wait();
})"""


@dataclass(frozen=True)
class PageLoad:
    """One page, from nothing kept to nothing more to come.

    Args:
        bytes_at_load: on the wire with their headers, of what came before the page's own ``load``: what is on the
            first screen, and what the page cannot be without.
        bytes_in_all: the same with the pictures that the browser fetches ahead of the scroll.
        lcp_ms: the largest contentful paint; ``lcp_element`` what it was.
        shift: the sum of all layout shifts.
        requests: in all.
    """

    bytes_at_load: int
    bytes_in_all: int
    lcp_ms: float
    lcp_element: str
    shift: float
    requests: int


def load_page(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    height: int = 900,
    scale: float = 1,
    slow: bool = True,
    without_pictures: bool = False,
) -> PageLoad:
    """Open ``url`` with nothing kept, and wait until nothing more comes.

    Args:
        scale: device pixels per CSS pixel.
        slow: on the slow machine and line of this module.
        without_pictures: those are refused before they are asked for.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page = context.new_page()
    page.add_init_script(_OBSERVED)
    session = context.new_cdp_session(page)
    wire = _Wire(session)
    if slow:
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        bytes_per_s = LINE_MBIT_PER_S * 1_000_000 / 8
        limits = {"latency": LATENCY_MS, "downloadThroughput": bytes_per_s, "uploadThroughput": bytes_per_s}
        session.send("Network.emulateNetworkConditions", {"offline": False, **limits})
    if without_pictures:
        session.send("Network.setBlockedURLs", {"urls": ["*.webp*"]})
    page.goto(url, wait_until="networkidle")
    page.evaluate(_PAINTED)
    page.wait_for_timeout(300)
    seen = page.evaluate("seen")
    at_load, in_all = wire.bytes_at_load, wire.bytes_in_all
    context.close()
    return PageLoad(at_load, in_all, seen["lcp"], seen["element"], seen["shift"], len(wire.finished))


class _Wire:
    """What comes over the wire, as the browser's own network log says it."""

    def __init__(self, session: CDPSession) -> None:
        self.finished: list[tuple[float, int]] = []
        self._loaded_s = float("inf")
        session.on("Network.loadingFinished", self._finish)
        session.on("Page.loadEventFired", self._load)
        session.send("Page.enable")
        session.send("Network.enable")

    @property
    def bytes_at_load(self) -> int:
        return sum(size for at_s, size in self.finished if at_s <= self._loaded_s)

    @property
    def bytes_in_all(self) -> int:
        return sum(size for _, size in self.finished)

    def _finish(self, event: dict[str, Any]) -> None:
        self.finished.append((event["timestamp"], int(event["encodedDataLength"])))

    def _load(self, event: dict[str, Any]) -> None:
        self._loaded_s = event["timestamp"]
