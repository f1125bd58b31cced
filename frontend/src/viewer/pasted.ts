/** What someone pasted: a link from some Neuroglancer, or its state as JSON. Reading it loads nothing. */

import { urlSafeParse } from "neuroglancer/unstable/util/json.js";

import type { NeuroglancerState } from "./config";

export type Pasted =
  | { kind: "state"; state: NeuroglancerState }
  /** A page of this portal, such as a short link: it opens by itself. */
  | { kind: "page"; url: string }
  /** The link only names where its state is kept. */
  | { kind: "elsewhere"; url: string };

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Old links have layers as an object by name, or as a source alone. */
function asList(layers: unknown): unknown[] | null {
  if (Array.isArray(layers)) return layers;
  if (!isObject(layers)) return null;
  return Object.entries(layers).map(([name, it]) => (isObject(it) ? { ...it, name } : { name, source: it }));
}

function state(text: string): Pasted | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    try {
      // Links of the old kind write ' for " and _ for a comma.
      found = urlSafeParse(text);
    } catch {
      return null;
    }
  }
  const layers = isObject(found) ? asList(found.layers) : null;
  return layers === null ? null : { kind: "state", state: { ...(found as Json), layers } };
}

/** @param home the origin of this portal. */
export function parsePasted(text: string, home: string): Pasted | null {
  const written = text.trim();
  if (written.startsWith("{")) return state(written);
  const at = written.indexOf("#!");
  if (at >= 0) {
    let fragment: string;
    try {
      fragment = decodeURIComponent(written.slice(at + 2));
    } catch {
      return null;
    }
    if (fragment.startsWith("{")) {
      const own = written.slice(0, at).startsWith(`${home}/`);
      // Our own addresses leave out what the page brings along: only that page can read them.
      return own ? { kind: "page", url: written } : state(fragment);
    }
    return { kind: "elsewhere", url: fragment };
  }
  return /^\S+$/.test(written) && written.startsWith(`${home}/`) ? { kind: "page", url: written } : null;
}
