import { describe, expect, test } from "vitest";

import { formatNm, fromNm, parseNm, toNm } from "../src/viewer/position";

const tenNm = { names: ["x", "y", "z"], units: ["m", "m", "m"], scales: [1e-8, 1e-8, 2e-8] };
const withTime = { names: ["t", "z", "y", "x"], units: ["s", "m", "m", "m"], scales: [1, 4e-9, 4e-9, 4e-9] };

describe("toNm", () => {
  test("multiplies by the scale of each axis", () => {
    expect(toNm([125, 118, 60], tenNm)).toEqual([1250, 1180, 1200].map((it) => expect.closeTo(it)));
  });
  test("finds the axes by name, not by place", () => {
    expect(toNm([7, 3, 2, 1], withTime)).toEqual([4, 8, 12].map((it) => expect.closeTo(it)));
  });
  test("is null while the space is not known", () => {
    expect(toNm([], { names: [], units: [], scales: [] })).toBeNull();
    expect(toNm([], tenNm)).toBeNull();
  });
  test("is null where lengths have no unit", () => {
    expect(toNm([1, 2, 3], { ...tenNm, units: ["", "", ""] })).toBeNull();
  });
});

describe("fromNm", () => {
  test("undoes toNm and keeps the other dimensions", () => {
    const moved = fromNm([400, 800, 1200], [7, 0, 0, 0], withTime);
    expect([...(moved ?? [])]).toEqual([7, 300, 200, 100]);
  });
});

test("formatNm rounds to whole nanometres and knows no minus zero", () => {
  expect(formatNm([1250.4, -0.2, 1199.6])).toBe("1250, 0, 1200");
});

describe("parseNm", () => {
  test.each([
    ["1250, 1180, 1200", [1250, 1180, 1200]],
    ["1250 1180 1200 nm", [1250, 1180, 1200]],
    ["1250;1180;-12.5", [1250, 1180, -12.5]],
    ["[1, 2, 3]", [1, 2, 3]],
    ["1.25, 1.18, 1.2 µm", [1250, 1180, 1200]],
    ["1 2 3 um", [1000, 2000, 3000]],
  ])("reads %j", (text, nm) => {
    expect(parseNm(text)).toEqual(nm);
  });
  test.each(["", "1, 2", "1, 2, 3, 4", "here", "1, 2, x", "1, 2, 3 mm"])("refuses %j", (text) => {
    expect(parseNm(text)).toBeNull();
  });
  test("reads what formatNm writes", () => {
    expect(parseNm(formatNm([1250, -3, 1200]))).toEqual([1250, -3, 1200]);
  });
});
