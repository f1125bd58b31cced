/** A slider for each dimension of the view beside space, such as time. */

import { setElement, viewDimensions, type ViewDimension, type Viewer } from "./neuroglancer";
import { byId, copyOf, eachFrame, part } from "./page";

/** "3 of 20 · 90 s" */
export function elementText({ element, size, step, unit }: ViewDimension): string {
  const place = `${element + 1} of ${size}`;
  return unit === "" ? place : `${place} · ${Number((element * step).toPrecision(4))} ${unit}`;
}

export function setUpDimensions(viewer: Viewer): void {
  const root = byId("dimensions");
  const refresh = eachFrame(() => {
    const dimensions = viewDimensions(viewer);
    root.hidden = dimensions.length === 0;
    if (
      dimensions.map((it) => it.name).join() !== [...root.children].map((it) => (it as HTMLElement).dataset.name).join()
    ) {
      root.replaceChildren(
        ...dimensions.map(({ name }) => {
          const item = copyOf("dimension");
          const slider = part<HTMLInputElement>(item, "input");
          item.dataset.name = name;
          part(item, ".dimension-name").textContent = name;
          slider.addEventListener("input", () => setElement(viewer, name, slider.valueAsNumber));
          return item;
        }),
      );
    }
    dimensions.forEach((dimension, i) => {
      const item = root.children[i] as HTMLElement;
      const slider = part<HTMLInputElement>(item, "input");
      slider.max = String(dimension.size - 1);
      slider.valueAsNumber = dimension.element;
      slider.setAttribute("aria-valuetext", elementText(dimension));
      part(item, "output").textContent = elementText(dimension);
    });
  });
  viewer.coordinateSpace.changed.add(refresh);
  viewer.position.changed.add(refresh);
  refresh();
}
