/** Quantities as a person says them, as on the portal's pages. */

import type { Triple } from "./viewer/config";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** To three digits, in decimal units: 17800000 is "17.8 MB". */
export function formatBytes(sizeBytes: number): string {
  let size = sizeBytes;
  for (const unit of UNITS) {
    // Rounded first, compared afterwards: 999.9 kB is said as 1 MB.
    const digits = Number(size.toPrecision(3));
    if (digits < 1000 || unit === "PB") return `${digits}\u00a0${unit}`;
    size /= 1000;
  }
  return "";
}

/** "10 nm" where all sides are equal, else "4 × 4 × 5.24 nm". */
export function formatVoxel(sidesNm: Triple): string {
  const sides = sidesNm.map((it) => String(Number(it.toPrecision(4))));
  const differ = new Set(sides).size > 1;
  return `${differ ? sides.join("\u00a0×\u00a0") : sides[0]}\u00a0nm`;
}
