/** Places in the volume: Neuroglancer counts in units of its coordinate space, people in nanometres, x, y, z. */

/** The part of Neuroglancer's coordinate space that is needed: one entry per dimension, scales in `units`. */
export interface Space {
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly scales: ArrayLike<number>;
}

export type PositionNm = [x: number, y: number, z: number];

const AXES = ["x", "y", "z"];
const NM_PER_M = 1e9;

/** Index of x, y and z in the space and nm per unit there; null while the space is not known. */
function spatial(space: Space): { index: number; nm: number }[] | null {
  const found = AXES.map((name) => {
    const index = space.names.indexOf(name);
    return { index, nm: (space.scales[index] ?? 0) * NM_PER_M };
  });
  return found.every(({ index, nm }) => index >= 0 && space.units[index] === "m" && nm > 0) ? found : null;
}

export function toNm(position: ArrayLike<number>, space: Space): PositionNm | null {
  const axes = spatial(space);
  if (axes === null || axes.some(({ index }) => index >= position.length)) return null;
  return axes.map(({ index, nm }) => (position[index] as number) * nm) as PositionNm;
}

interface Bounds {
  readonly lowerBounds: ArrayLike<number>;
  readonly upperBounds: ArrayLike<number>;
}

/** The middle of what is loaded; null while that is not known. */
export function middleNm(space: Space & { readonly bounds: Bounds }): PositionNm | null {
  const { lowerBounds, upperBounds } = space.bounds;
  const middle = space.names.map((_, i) => ((lowerBounds[i] ?? Number.NaN) + (upperBounds[i] ?? Number.NaN)) / 2);
  const nm = toNm(middle, space);
  return nm !== null && nm.every(Number.isFinite) ? nm : null;
}

/** The position with x, y, z replaced and any other dimension (time, channel) kept. */
export function fromNm(nm: PositionNm, position: ArrayLike<number>, space: Space): Float32Array | null {
  const axes = spatial(space);
  if (axes === null) return null;
  const moved = Float32Array.from(position);
  axes.forEach((axis, i) => {
    moved[axis.index] = (nm[i] as number) / axis.nm;
  });
  return moved;
}

/** Nanometres in one unit of the finest of x, y and z: what a scale in nm per pixel is divided by. */
export function nmPerUnit(space: Space): number | null {
  const axes = spatial(space);
  return axes === null ? null : Math.min(...axes.map(({ nm }) => nm));
}

export const formatNm = (nm: PositionNm): string => nm.map((it) => String(Math.round(it) + 0)).join(", ");

/** Reads "1250, 1180, 1200", also with spaces or semicolons, "nm" or "µm"; null when it is not a place. */
export function parseNm(text: string): PositionNm | null {
  const written = /^\s*\[?([^\]a-zµμ]*)\]?\s*(nm|[uµμ]m)?\s*$/i.exec(text);
  const parts = (written?.[1] ?? "").trim().split(/[\s,;]+/);
  const factor = written?.[2] !== undefined && written[2].toLowerCase() !== "nm" ? 1000 : 1;
  const values = parts.map((it) => (it === "" ? Number.NaN : Number(it) * factor));
  return values.length === 3 && values.every(Number.isFinite) ? (values as PositionNm) : null;
}
