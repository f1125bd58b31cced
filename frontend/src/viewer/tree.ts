/** The list of layers as a person reads it: a tree of organelles, parents above children, narrowed by a filter. */

import { type Heading, type LayerDescription, undescribed } from "./config";

export interface Branch {
  heading: Heading;
  layers: LayerDescription[];
  branches: Branch[];
}

/**
 * The layers under their headings; headings and layers stand in the order in which they first appear. Two headings
 * with the same title are one only below the same parent.
 */
export function layerTree(layers: readonly LayerDescription[]): Branch[] {
  const roots: Branch[] = [];
  for (const layer of layers) {
    let siblings = roots;
    let branch: Branch | undefined;
    for (const heading of layer.headings) {
      branch = siblings.find((it) => it.heading.title === heading.title);
      if (branch === undefined) {
        branch = { heading, layers: [], branches: [] };
        siblings.push(branch);
      }
      siblings = branch.branches;
    }
    branch?.layers.push(layer);
  }
  return roots;
}

/** Descriptions for these names, those of the page first and in its order; a name nobody described stands last. */
export function describe(names: Iterable<string>, descriptions: readonly LayerDescription[]): LayerDescription[] {
  const present = new Set(names);
  const described = new Set(descriptions.map((it) => it.name));
  return [
    ...descriptions.filter((it) => present.has(it.name)),
    ...[...present].filter((it) => !described.has(it)).map(undescribed),
  ];
}

/** Whether every word of the query occurs in what is written on the layer or on a heading above it. */
export function matches(layer: LayerDescription, query: string): boolean {
  const headings = layer.headings.map((it) => it.title);
  const written = [layer.title, layer.name, ...headings, layer.method ?? ""].join(" ").toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => written.includes(word));
}

/** Kinds that are shown as pictures of the cell, not as what was found in it. */
export const isImage = (layer: LayerDescription): boolean => layer.kind === "em" || layer.kind === "light";

/**
 * What is on when a layer is shown alone: a label layer over the images that are on, an image without labels.
 *
 * @param on names of the layers that are on now.
 */
export function alone(
  layer: LayerDescription,
  on: ReadonlySet<string>,
  all: readonly LayerDescription[],
): ReadonlySet<string> {
  const below = isImage(layer) ? [] : all.filter((it) => isImage(it) && on.has(it.name)).map((it) => it.name);
  return new Set([...below, layer.name]);
}
