/** Which panels are on the screen, and what each of them says it shows. */

import { isTurned, longestSide, type Viewer } from "./neuroglancer";
import { eachFrame } from "./page";
import { withSlices } from "./slices_in_3d";
import { layoutName, panelTitles, withLayout } from "./state";

export function setUpLayouts(viewer: Viewer): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-layout]")];
  const refresh = () => {
    // The space key alternates with Neuroglancer's other order of the same four panels.
    const current = layoutName(viewer.layout.toJSON()).replace("-alt", "");
    for (const it of buttons) it.setAttribute("aria-pressed", String(it.dataset.layout === current));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      viewer.layout.restoreState(withLayout(viewer.layout.toJSON(), button.dataset.layout ?? ""));
    });
  }
  viewer.layout.changed.add(refresh);
  refresh();
  const keepSlices = eachFrame(() => {
    const [x = 0, y = 0, z = 0, w = 1] = viewer.crossSectionOrientation.orientation;
    const layout = withSlices(viewer.layout.toJSON(), longestSide(viewer), [x, y, z, w]);
    if (layout !== null) viewer.layout.restoreState(layout);
  });
  viewer.layout.changed.add(keepSlices);
  viewer.coordinateSpace.changed.add(keepSlices);
}

/** Say which plane a panel shows (a turned slice is none of xy, xz, yz any more), and let the Tab key reach it. */
export function setUpPanels(viewer: Viewer): void {
  // Neuroglancer puts new panels on the page some time after the layout's signal, but before it draws them.
  viewer.display.updateFinished.add(() => {
    const titles = panelTitles(viewer.layout.toJSON());
    const panels = document.querySelectorAll<HTMLElement>(".neuroglancer-rendered-data-panel");
    panels.forEach((panel, i) => {
      const plane = titles[i] ?? "";
      const title = isTurned(viewer) && /^[xyz]{2}$/.test(plane) ? `${plane}, turned` : plane;
      if (panel.dataset.title === title) return;
      panel.dataset.title = title;
      panel.tabIndex = 0;
      panel.setAttribute("role", "application");
      panel.setAttribute("aria-label", `View ${title}; press h for the keys`);
    });
  });
}
