/** Neuroglancer's state as JSON: what we set before it is shown, and how it leaves again. */

import type { NeuroglancerState } from "./config";

/** Panels of Neuroglancer's own interface: ours stand in their place, so a state may not open them. */
const REPLACED_PANELS = ["selectedLayer", "layerListPanel", "helpPanel", "settingsPanel", "selection", "toolPalettes"];

const DEFAULTS: NeuroglancerState = {
  layout: "4panel",
  showAxisLines: true,
  showScaleBar: true,
  crossSectionBackgroundColor: "#08090a",
  projectionBackgroundColor: "#08090a",
};

export function withDefaults(state: NeuroglancerState): NeuroglancerState {
  const kept = Object.entries(state).filter(([key]) => !REPLACED_PANELS.includes(key));
  return { ...DEFAULTS, ...Object.fromEntries(kept) };
}

/** Name of a layout as Neuroglancer writes it: a string, or an object with options. */
export function layoutName(layout: unknown): string {
  if (typeof layout === "string") return layout;
  const type = (layout as { type?: unknown } | null)?.type;
  return typeof type === "string" ? type : "";
}

/** Another layout with the options of the current one (an orthographic 3D view stays orthographic). */
export function withLayout(layout: unknown, name: string): unknown {
  const options = layout as { type?: unknown; children?: unknown } | null;
  const plain = typeof options !== "object" || options === null || "children" in options;
  return plain ? name : { ...options, type: name };
}

/** Segment ids are 64 bits wide; JSON numbers are not, so they travel as strings. */
export function serialise(state: unknown): string {
  return JSON.stringify(state, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}
