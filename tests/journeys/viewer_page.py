"""How tests drive the viewer's page."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, ViewportSize

SETTLED_MS = 60_000

SMALL: ViewportSize = {"width": 640, "height": 480}
"""For tests that read values: WebGL is drawn by the processor, and each pixel costs."""

VALUE_AT = """([name, position]) => {
  const { viewer } = window.cisterna;
  const layer = viewer.layerManager.getLayerByName(name);
  const value = layer.layer.getValueAt(Float32Array.from(position), viewer.mouseState);
  return value === null || value === undefined ? null : String(value?.value ?? value);
}"""


def open_viewer(page: Page, url: str) -> None:
    page.goto(url)
    settle(page)


def settle(page: Page) -> None:
    """Wait until Neuroglancer has drawn everything it wants to draw."""
    page.wait_for_selector("#neuroglancer-container canvas")
    page.evaluate(
        """milliseconds => Promise.race([
          new Promise((resolve, reject) => {
            const wait = () => window.cisterna ? window.cisterna.settled().then(resolve, reject) : setTimeout(wait, 50);
            wait();
          }),
          new Promise((_, reject) => setTimeout(() => reject(new Error("the viewer did not settle")), milliseconds)),
        ])""",
        SETTLED_MS,
    )


def state_of(page: Page) -> Any:
    """Neuroglancer's state as it stands."""
    return json.loads(
        page.evaluate(
            """JSON.stringify(window.cisterna.viewer.state.toJSON(),
                              (_, value) => typeof value === "bigint" ? String(value) : value)"""
        )
    )


def position_nm(page: Page) -> list[float]:
    """x, y, z of the centre of the view."""
    state = state_of(page)
    scales = {name: scale for name, (scale, unit) in state["dimensions"].items() if unit == "m"}
    return [
        at * scales[name] * 1e9
        for name, at in zip(state["dimensions"], state["position"], strict=True)
        if name in ("x", "y", "z")
    ]


def look_at(page: Page, nm: Mapping[str, float]) -> list[float]:
    """Go to a place in nm by axis name, at once, and wait until it is drawn.

    Returns:
        The position in the state's units; axes that are not named stay as they are.
    """
    state = state_of(page)
    at = dict(zip(state["dimensions"], state["position"], strict=True))
    position = [
        nm[name] * 1e-9 / scale if name in nm else at[name] for name, (scale, _unit) in state["dimensions"].items()
    ]
    page.evaluate("at => { window.cisterna.viewer.position.value = Float32Array.from(at); }", position)
    settle(page)
    return position


def wait_until_at(page: Page, nm: tuple[float, float, float], orientation: tuple[float, ...] | None = None) -> None:
    """Wait until the view has come to a place, and stands at an angle: a flight takes its time."""
    # Not wait_for_function: it evaluates text in the page, which the page's policy forbids.
    page.evaluate(
        """([nm, orientation, milliseconds]) => new Promise((resolve, reject) => {
          const { viewer } = window.cisterna;
          const near = (a, b, by) => Math.abs(a - b) <= by;
          const isThere = () => {
            const { names, scales } = viewer.coordinateSpace.value;
            const axes = ["x", "y", "z"].map(it => names.indexOf(it));
            const turned = [...viewer.crossSectionOrientation.orientation];
            return axes.every((i, k) => near(viewer.position.value[i] * scales[i] * 1e9, nm[k], 0.01)) &&
              (orientation === null || turned.every((it, i) => near(it, orientation[i], 1e-3)));
          };
          const begun = performance.now();
          const look = () => {
            if (isThere()) resolve();
            else if (performance.now() - begun > milliseconds) reject(new Error("the view did not come there"));
            else setTimeout(look, 50);
          };
          look();
        })""",
        [list(nm), None if orientation is None else list(orientation), SETTLED_MS],
    )


def layers_on(page: Page) -> list[str]:
    return [layer["name"] for layer in state_of(page)["layers"] if layer.get("visible", True)]


def row(page: Page, name: str) -> Locator:
    """The row of a layer in the list."""
    return page.locator(f'.layer[data-layer="{name}"]')
