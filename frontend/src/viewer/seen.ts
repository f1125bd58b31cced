/** The box around what is on the screen, in nm. */

import type { Triple } from "./config";

export interface Box {
  low: Triple;
  high: Triple;
}

/** A slice on the screen in nm: its middle, and from there to its right and lower edge. */
export interface Plane {
  middle: Triple;
  right: Triple;
  down: Triple;
}

const triple = (of: (axis: number) => number): Triple => [of(0), of(1), of(2)];
const at = (values: Triple, axis: number): number => values[axis] as number;

/** The smallest box around these; null of none. */
export function around(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  return {
    low: triple((axis) => Math.min(...boxes.map((it) => at(it.low, axis)))),
    high: triple((axis) => Math.max(...boxes.map((it) => at(it.high, axis)))),
  };
}

/** The smallest box around slices, turned or not; null of none. */
export function boxOf(planes: readonly Plane[]): Box | null {
  return around(
    planes.map(({ middle, right, down }) => {
      const reach = triple((axis) => Math.abs(at(right, axis)) + Math.abs(at(down, axis)));
      return {
        low: triple((axis) => at(middle, axis) - at(reach, axis)),
        high: triple((axis) => at(middle, axis) + at(reach, axis)),
      };
    }),
  );
}

const FLAT = 1e-4;

/** The axis along which a box has no depth, since one plane is all that is seen; null where it has. */
export function flatAxis({ low, high }: Box): number | null {
  const sides = triple((axis) => at(high, axis) - at(low, axis));
  const found = sides.findIndex((it) => it <= FLAT * Math.max(...sides));
  return found < 0 ? null : found;
}

/**
 * The box with depth along one axis: whole voxels, as many as come nearest to `depthNm` and at least the one that is
 * seen, around the place where the box stands.
 *
 * @param edgeNm where the first voxel of the volume begins.
 */
export function withDepth({ low, high }: Box, axis: number, depthNm: number, edgeNm: number, voxelNm: number): Box {
  const count = Math.max(1, Math.round(depthNm / voxelNm));
  const middle = (at(low, axis) + at(high, axis)) / 2;
  const first = Math.floor((middle - edgeNm) / voxelNm) - Math.floor((count - 1) / 2);
  return {
    low: triple((it) => (it === axis ? edgeNm + first * voxelNm : at(low, it))),
    high: triple((it) => (it === axis ? edgeNm + (first + count) * voxelNm : at(high, it))),
  };
}

/** What two boxes have in common; null where that is nothing. */
export function common(one: Box, other: Box): Box | null {
  const low = triple((axis) => Math.max(at(one.low, axis), at(other.low, axis)));
  const high = triple((axis) => Math.min(at(one.high, axis), at(other.high, axis)));
  return low.every((it, axis) => it < at(high, axis)) ? { low, high } : null;
}

/** Numbers a person can read: to a tenth of a voxel or finer, which moves no voxel's centre out of the box. */
export function rounded({ low, high }: Box, voxelNm: Triple): Box {
  const step = 10 ** Math.floor(Math.log10(Math.min(...voxelNm) / 10));
  const round = (value: number) => Number((Math.round(value / step) * step).toFixed(9)) + 0;
  return { low: triple((axis) => round(at(low, axis))), high: triple((axis) => round(at(high, axis))) };
}
