"""Record what a browser asks of a dataset when its viewer is opened and the 3D view turned round once.

    make demo                                     in one terminal
    .venv/bin/python -m tests.benchmarks.record_visit    in another: writes tests/benchmarks/visit.json

Neuroglancer's code decides what is asked for and in which order, so this is run anew when its version changes.
"""

import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Page, Request

from tests.benchmarks.visit import TRACE, Asked
from tests.chromium import a_browser

PORTAL = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
DATASET = "fib25-ts2"
SETTLED = """() => new Promise(resolve => {
  const wait = () => window.cisterna ? window.cisterna.settled().then(resolve) : setTimeout(wait, 50);
  wait();
})"""
PANEL_3D = """() => {
  const panel = [...window.cisterna.viewer.display.panels].find(it => it.sliceViews !== undefined);
  return panel && panel.element.getBoundingClientRect().toJSON();
}"""
ORIENTATION = "() => [...window.cisterna.viewer.perspectiveNavigationState.pose.orientation.orientation]"
DEGREES_PER_PIXEL = 0.25  # of Neuroglancer's 3D panel
DRAGS = 8


class Trace:
    """What was asked for below ``/data/<dataset>/``, as it happens."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._running: dict[Request, int] = {}
        self._ended = 0

    def listen(self, page: Page) -> None:
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._fail)

    def _begin(self, request: Request) -> None:
        found = re.fullmatch(rf"{PORTAL}/data/{DATASET}(?:(?:@|%40)\d+)?/(.*)", request.url)
        if not found:
            return
        headers = {name: value for name, value in request.headers.items() if name in ("range", "accept")}
        self._running[request] = len(self.asked)
        self.asked.append(Asked(request.method, found[1], headers, self._ended, 0))

    def _end(self, request: Request) -> None:
        number = self._running.pop(request, None)
        if number is not None:
            response = request.response()
            assert response
            self.asked[number] = Asked(**{**asdict(self.asked[number]), "status": response.status})
            self._ended += 1

    def _fail(self, request: Request) -> None:
        if request in self._running:
            sys.exit(f"{request.url} failed: {request.failure}. Record again, on a quiet machine")


def turn_round(page: Page) -> None:
    """Drag in the 3D panel until it has turned by 360 degrees, as a visitor does: in several strokes."""
    box = page.evaluate(PANEL_3D)
    assert box, "the viewer shows no 3D panel"
    begin = page.evaluate(ORIENTATION)
    stroke = 360 / DEGREES_PER_PIXEL / DRAGS
    assert box["width"] > stroke + 20, "the 3D panel is too narrow for a stroke"
    y = box["y"] + box["height"] / 2
    for number in range(DRAGS):
        assert not number or page.evaluate(ORIENTATION) != begin, "dragging does not turn the view"
        page.mouse.move(box["x"] + 10, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 10 + stroke, y, steps=12)
        page.mouse.up()
        page.evaluate(SETTLED)


def main() -> None:
    trace = Trace()
    with a_browser() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        trace.listen(page)
        page.goto(f"{PORTAL}/datasets/{DATASET}/view/")
        page.evaluate(SETTLED)
        opened = len(trace.asked)
        turn_round(page)
        page.wait_for_load_state("networkidle")
        if len(sys.argv) > 1:
            page.screenshot(path=sys.argv[1])
    TRACE.write_text(
        "[\n" + ",\n".join(json.dumps(asdict(asked), separators=(", ", ": ")) for asked in trace.asked) + "\n]\n"
    )
    print(f"{len(trace.asked)} requests, {opened} of them before the turn: {TRACE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
