/** The way from the viewer to the page of slices, which shows the same place in browsers that cannot draw in 3D. */

import type { LayerSpec, NeuroglancerState } from "./config";
import { serialise } from "./state";

/** What of a state that page can show. */
const SHOWN = ["dimensions", "position", "crossSectionScale", "crossSectionOrientation"];

/** @param page its address, with or without a query. */
export function slicesAddress(page: string, state: NeuroglancerState): string {
  const held = Array.isArray(state.layers) ? (state.layers as LayerSpec[]) : [];
  const layers = held
    .filter(({ visible, archived }) => visible !== false && archived !== true)
    .map(({ name }) => ({ name }));
  const seen = Object.fromEntries(Object.entries(state).filter(([key]) => SHOWN.includes(key)));
  return `${page.split("?")[0] ?? ""}?${new URLSearchParams({ state: serialise({ ...seen, layers }) })}`;
}

/** @param present what is seen at the moment somebody follows a link to that page; null for what the page opened with. */
export function setUpSlicesLinks(present: () => NeuroglancerState | null): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-slices]")) {
    link.addEventListener("click", () => {
      const state = present();
      if (state !== null) link.href = slicesAddress(link.href, state);
    });
  }
}
