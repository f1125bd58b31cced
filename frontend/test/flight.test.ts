import { describe, expect, test } from "vitest";

import { between, ease, type Quaternion, slerp } from "../src/viewer/flight";

const upright: Quaternion = [0, 0, 0, 1];
const quarter: Quaternion = [0, 0, Math.SQRT1_2, Math.SQRT1_2];

describe("slerp", () => {
  test("is half way after half the way", () => {
    const eighth = [0, 0, Math.sin(Math.PI / 8), Math.cos(Math.PI / 8)];
    slerp(upright, quarter, 0.5).forEach((it, i) => expect(it).toBeCloseTo(eighth[i] as number));
  });
  test("goes the shorter way round", () => {
    const other = quarter.map((it) => -it) as unknown as Quaternion;
    slerp(upright, other, 0.5).forEach((it, i) => expect(it).toBeCloseTo(slerp(upright, quarter, 0.5)[i] as number));
  });
  test("stays a rotation where both are the same", () => {
    expect(Math.hypot(...slerp(quarter, quarter, 0.3))).toBeCloseTo(1);
  });
});

describe("between", () => {
  const a = { position: [0, 0, 0], orientation: upright, scale: 1 };
  const b = { position: [10, 20, 30], orientation: quarter, scale: 4 };
  test("begins and ends where it should, exactly", () => {
    expect(between(a, b, 0).position).toEqual(a.position);
    expect(between(a, b, 1)).toBe(b);
  });
  test("zooms by the same factor in each half", () => {
    expect(between(a, b, 0.5).scale).toBeCloseTo(2);
  });
  test("keeps a dimension that the goal alone has", () => {
    expect(between({ ...a, position: [0, 0] }, b, 0.5).position).toEqual([5, 10, 30]);
  });
});

test("ease starts at 0, ends at 1 and is half way in between", () => {
  expect([0, 0.5, 1].map(ease)).toEqual([0, 0.5, 1]);
});
