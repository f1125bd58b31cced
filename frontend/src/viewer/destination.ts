/** What one writes into the "go to" field: a place, or the number of an object. */

import { parseNm, type PositionNm } from "./position";

export type Destination = { kind: "place"; nm: PositionNm } | { kind: "segment"; id: string };

const LARGEST_LABEL = 2n ** 64n - 1n;

/**
 * "1250, 1180, 1200" is a place in nm; "1204", "#1204" or "1 204" the number of a segment; null when it is neither.
 * Three numbers are always a place, even where they could be one with its thousands set apart.
 */
export function parseDestination(text: string): Destination | null {
  const nm = parseNm(text);
  if (nm !== null) return { kind: "place", nm };
  const digits = /^\s*#?\s*(\d{1,20}|\d{1,3}(?:[\s,.'’]\d{3})+)\s*$/.exec(text)?.[1]?.replace(/\D/g, "");
  if (digits === undefined) return null;
  const id = BigInt(digits);
  return id > 0n && id <= LARGEST_LABEL ? { kind: "segment", id: id.toString() } : null;
}
