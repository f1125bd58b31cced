/** Both views and what does not move together, in the fragment of the page's own address. */

import { fragmentOfJson, jsonOfFragment } from "../viewer/address";
import { type Kind, KINDS } from "./coupling";

export interface Compared {
  apart: Kind[];
  /** The fragments of the two views, each with its `#!`. */
  views: [string, string];
}

/** The fragment; empty when it would be too long, or a view's is. */
export function writeCompared({ apart, views }: Compared): string {
  const [left, right] = views.map(jsonOfFragment);
  if (!left || !right) return "";
  return fragmentOfJson({ ...(apart.length === 0 ? {} : { apart }), left, right });
}

/** What a fragment says; null when it cannot be read. */
export function readCompared(fragment: string): Compared | null {
  const { left, right, apart } = jsonOfFragment(fragment) ?? {};
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) return null;
  const kinds = Array.isArray(apart) ? (apart as unknown[]) : [];
  return { apart: KINDS.filter((it) => kinds.includes(it)), views: [fragmentOfJson(left), fragmentOfJson(right)] };
}
