import { describe, expect, test } from "vitest";

import type { Triple } from "../src/viewer/config";
import { around, type Box, boxOf, common, flatAxis, rounded, withDepth } from "../src/viewer/seen";

const plane = (middle: Triple, right: Triple, down: Triple) => ({ middle, right, down });
const XY = plane([1000, 800, 600], [400, 0, 0], [0, 300, 0]);
const XZ = plane([1000, 800, 600], [400, 0, 0], [0, 0, 300]);
const box = (low: Triple, high: Triple): Box => ({ low, high });

describe("boxOf", () => {
  test("of one plane has no depth", () => {
    const seen = boxOf([XY]) as Box;
    expect(seen).toEqual(box([600, 500, 600], [1400, 1100, 600]));
    expect(flatAxis(seen)).toBe(2);
  });
  test("of planes that cross has the depth that the others show", () => {
    const seen = boxOf([XY, XZ]) as Box;
    expect(seen).toEqual(box([600, 500, 300], [1400, 1100, 900]));
    expect(flatAxis(seen)).toBeNull();
  });
  test("of a turned plane is the box around it", () => {
    const turned = boxOf([plane([0, 0, 0], [30, 0, 40], [0, -20, 10])]);
    expect(turned).toEqual(box([-30, -20, -50], [30, 20, 50]));
  });
  test("of nothing is nothing", () => {
    expect(boxOf([])).toBeNull();
    expect(around([])).toBeNull();
  });
});

describe("withDepth", () => {
  const flat = box([0, 0, 603], [100, 100, 603]);
  test("takes the voxel that is seen, from edge to edge", () => {
    expect(withDepth(flat, 2, 10, -5, 10)).toEqual(box([0, 0, 595], [100, 100, 605]));
    expect(withDepth(flat, 2, 0.1, -5, 10)).toEqual(box([0, 0, 595], [100, 100, 605]));
  });
  test("takes as many voxels as come nearest to the depth, around the seen one", () => {
    expect(withDepth(flat, 2, 30, -5, 10)).toEqual(box([0, 0, 585], [100, 100, 615]));
    expect(withDepth(flat, 2, 44, -5, 10)).toEqual(box([0, 0, 585], [100, 100, 625]));
  });
  test("holds the centre of the seen voxel after rounding, wherever the plane stands", () => {
    const side = 5.24;
    for (let place = 0; place < 200; place += 0.37) {
      const slab = withDepth(box([0, 0, place], [9, 9, place]), 2, side, -side / 2, side);
      const { low, high } = rounded(slab, [side, side, side]);
      const centre = Math.floor(place / side + 0.5) * side;
      expect(low[2] <= centre && centre < high[2]).toBe(true);
      expect(high[2] - low[2]).toBeLessThan(1.1 * side);
    }
  });
});

test("common cuts off what lies beside the volume, and knows when nothing is left", () => {
  const whole = box([-5, -5, -5], [2495, 2495, 2495]);
  expect(common(box([-900, 100, 2000], [300, 400, 3000]), whole)).toEqual(box([-5, 100, 2000], [300, 400, 2495]));
  expect(common(box([3000, 0, 0], [4000, 1, 1]), whole)).toBeNull();
});

test.each([
  [10, 1250.4, 1250],
  [4, 1250.44, 1250.4],
  [250, 1250.44, 1250],
  [1500, 1250.44, 1300],
])("with voxels of %d nm, %d is written %d", (voxel, value, written) => {
  expect(rounded(box([value, -0.01, 0], [1e4, 1e4, 1e4]), [voxel, voxel, voxel]).low).toEqual([written, 0, 0]);
});
