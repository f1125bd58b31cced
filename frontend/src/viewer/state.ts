/** Neuroglancer's state as JSON: what we set before it is shown, and how it leaves again. */

import type { LayerSpec, NeuroglancerState } from "./config";

/** Panels of Neuroglancer's own interface: ours stand in their place, so a state may not open them. */
const REPLACED_PANELS = ["selectedLayer", "layerListPanel", "helpPanel", "settingsPanel", "selection", "toolPalettes"];

/** What concerns the computer of whoever opens a state, or a server of whoever made it: neither is the state's to say. */
const NOT_OF_THE_VIEW = [
  "gpuMemoryLimit",
  "systemMemoryLimit",
  "concurrentDownloads",
  "selectedStateServer",
  "statistics",
];

const DROPPED = new Set([...REPLACED_PANELS, ...NOT_OF_THE_VIEW]);

const DEFAULTS: NeuroglancerState = {
  layout: "4panel",
  showAxisLines: true,
  showScaleBar: true,
  crossSectionBackgroundColor: "#08090a",
  projectionBackgroundColor: "#08090a",
  hideCrossSectionBackground3D: true,
  // A little from the side and above: straight on, a volume in 3D looks like a picture of one slice.
  projectionOrientation: [-0.15, 0.28, 0, 0.95],
};

/** The box around a volume: Neuroglancer's yellow would be the loudest thing in the picture. */
const BOX_COLOUR = "#6b7076";

const withQuietBox = (layer: unknown): unknown => {
  const { type } = layer as { type?: unknown };
  return type === "image" || type === "segmentation" ? { annotationColor: BOX_COLOUR, ...(layer as object) } : layer;
};

export function withDefaults(state: NeuroglancerState): NeuroglancerState {
  const kept = Object.entries(state).filter(([key]) => !DROPPED.has(key));
  const layers = Array.isArray(state.layers) ? state.layers.map(withQuietBox) : [];
  return { ...DEFAULTS, ...Object.fromEntries(kept), layers };
}

/** Name of a layout as Neuroglancer writes it: a string, or an object with options. */
export function layoutName(layout: unknown): string {
  if (typeof layout === "string") return layout;
  const type = (layout as { type?: unknown } | null)?.type;
  return typeof type === "string" ? type : "";
}

const PANELS: Record<string, string[]> = {
  "4panel": ["xy", "xz", "3D", "yz"],
  "4panel-alt": ["xy", "yz", "xz", "3D"],
  "3d": ["3D"],
};

/** What each panel of a layout shows, in the order in which Neuroglancer puts them on the page. */
export function panelTitles(layout: unknown): string[] {
  const name = layoutName(layout);
  const named = /^(xy|xz|yz)(-3d)?$/.test(name) ? name.replace("3d", "3D").split("-") : [];
  return PANELS[name] ?? named;
}

/**
 * Another layout with the projection of the current one (an orthographic 3D view stays orthographic). Slices that
 * were put into a 3D view do not follow into the next layout, which has its own.
 */
export function withLayout(layout: unknown, name: string): unknown {
  const orthographic = (layout as { orthographicProjection?: unknown } | null)?.orthographicProjection;
  return orthographic === true ? { type: name, orthographicProjection: true } : name;
}

/** Segment ids are 64 bits wide; JSON numbers are not, so they travel as strings. */
export function serialise(state: unknown): string {
  return JSON.stringify(state, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

const named = (layer: unknown): layer is LayerSpec => typeof (layer as { name?: unknown } | null)?.name === "string";

/** A window split by hand names its layers; Neuroglancer fails where it does not have one of them. */
const isSplit = ({ layout }: NeuroglancerState): boolean =>
  ["row", "column", "stack", "viewer"].includes(layoutName(layout));

/** The layers of a state that Neuroglancer gets at once, and those that can wait. */
export function splitLayers(state: NeuroglancerState): { shown: LayerSpec[]; hidden: LayerSpec[] } {
  const layers = Array.isArray(state.layers) ? state.layers.filter(named) : [];
  if (isSplit(state)) return { shown: layers, hidden: [] };
  const isOff = (it: LayerSpec) => it.visible === false || it.archived === true;
  return { shown: layers.filter((it) => !isOff(it)), hidden: layers.filter(isOff) };
}
