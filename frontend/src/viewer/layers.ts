/** The list of layers as a person reads it: in groups, and narrowed by a filter. */

import type { LayerDescription, NeuroglancerState } from "./config";

export interface LayerGroup {
  heading: string;
  layers: LayerDescription[];
}

/** Names of the layers of a state, in its order. */
export function layerNames(state: NeuroglancerState): string[] {
  const layers = Array.isArray(state.layers) ? state.layers : [];
  return layers.map((it: { name?: unknown }) => it.name).filter((it): it is string => typeof it === "string");
}

const undescribed = (name: string): LayerDescription => ({
  name,
  title: name,
  kind: "",
  group: "Other",
  colour: null,
  method: null,
  description: "",
  url: null,
});

/**
 * The state decides which layers there are and the descriptions how they are called. Groups keep the order in
 * which they first appear; a layer that nobody described (a link made elsewhere) stands at the end, by its name.
 */
export function groupLayers(state: NeuroglancerState, descriptions: LayerDescription[]): LayerGroup[] {
  const names = layerNames(state);
  const present = new Set(names);
  const described = new Set(descriptions.map((it) => it.name));
  const layers = [
    ...descriptions.filter((it) => present.has(it.name)),
    ...names.filter((it) => !described.has(it)).map(undescribed),
  ];
  const groups = new Map<string, LayerDescription[]>();
  for (const layer of layers) groups.set(layer.group, [...(groups.get(layer.group) ?? []), layer]);
  return [...groups].map(([heading, members]) => ({ heading, layers: members }));
}

/** Whether every word of the query occurs in what is written on the layer. */
export function matches(layer: LayerDescription, query: string): boolean {
  const written = [layer.title, layer.name, layer.group, layer.method ?? ""].join(" ").toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => written.includes(word));
}
