/**
 * The present view in the page's own address, so that a reload keeps it and the address can be copied. Layers that the
 * page brings along are written as what differs from the page's.
 */

import type { LayerSpec, NeuroglancerState } from "./config";
import { serialise } from "./state";

const MARK = "#!";
/** Longer addresses are cut off by some programs; beyond this the view is kept by Share alone. */
const MAX_LENGTH = 16_000;

type Known = ReadonlyMap<string, LayerSpec>;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Sources as Neuroglancer writes them back: one address, with or without a list and an object around it. */
function sourceUrl(source: unknown): unknown {
  const one: unknown = Array.isArray(source) && source.length === 1 ? source[0] : source;
  const { url, ...rest } = (typeof one === "object" && one !== null ? one : { url: one }) as { url?: unknown };
  return Object.keys(rest).length === 0 ? url : undefined;
}

function difference(layer: LayerSpec, known: LayerSpec): LayerSpec {
  const changed = Object.entries(layer).filter(([key, value]) => {
    if (key === "source" && sourceUrl(value) !== undefined) return sourceUrl(value) !== sourceUrl(known.source);
    return !same(value, known[key]);
  });
  return { ...Object.fromEntries(changed), name: layer.name };
}

/** What can be written as JSON, as a fragment with its `#!`; empty when it would be too long. */
export function fragmentOfJson(value: unknown): string {
  const text = encodeURIComponent(JSON.stringify(value));
  const fragment = MARK + text.replace(/%(?:3A|2C|5B|5D|7B|7D|40|2F|24)/g, decodeURIComponent);
  return fragment.length > MAX_LENGTH ? "" : fragment;
}

/** The object in a fragment; null when there is none that can be read. */
export function jsonOfFragment(fragment: string): Record<string, unknown> | null {
  if (!fragment.startsWith(`${MARK}{`) && !fragment.startsWith(`${MARK}%7B`)) return null;
  try {
    return JSON.parse(decodeURIComponent(fragment.slice(MARK.length))) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** The fragment for a state, with its `#!`; empty when it would be too long. */
export function writeFragment(state: NeuroglancerState, known: Known): string {
  const plain = JSON.parse(serialise(state)) as NeuroglancerState;
  const layers = (Array.isArray(plain.layers) ? (plain.layers as LayerSpec[]) : []).map((layer) => {
    const page = known.get(layer.name);
    return page === undefined ? layer : difference(layer, page);
  });
  return fragmentOfJson({ ...plain, layers });
}

/** The state in a fragment; null when there is none that can be read. */
export function readFragment(fragment: string, known: Known): NeuroglancerState | null {
  const state: NeuroglancerState | null = jsonOfFragment(fragment);
  if (!Array.isArray(state?.layers)) return null;
  const layers = (state.layers as unknown[]).map((it) => {
    const layer = (typeof it === "object" && it !== null ? it : {}) as LayerSpec;
    return { ...known.get(layer.name), ...layer };
  });
  return { ...state, layers };
}
