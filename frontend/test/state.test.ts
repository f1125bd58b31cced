import { describe, expect, test } from "vitest";

import { layoutName, serialise, withDefaults, withLayout } from "../src/viewer/state";

describe("serialise", () => {
  test("writes 64-bit ids as strings, all their digits", () => {
    expect(serialise({ segments: [18446744073709551615n, 1n] })).toBe('{"segments":["18446744073709551615","1"]}');
  });
  test("leaves everything else as JSON has it", () => {
    const state = { position: [1, 2.5, 3], layers: [{ name: "em", visible: false }], none: null };
    expect(JSON.parse(serialise(state))).toEqual(state);
  });
});

describe("withDefaults", () => {
  test("adds scale bar and axis lines", () => {
    expect(withDefaults({})).toMatchObject({ showScaleBar: true, showAxisLines: true, layout: "4panel" });
  });
  test("yields to what the state says", () => {
    expect(withDefaults({ layout: "3d", showAxisLines: false })).toMatchObject({ layout: "3d", showAxisLines: false });
  });
  test("does not open panels that the page replaces", () => {
    expect(withDefaults({ selectedLayer: { visible: true, layer: "em" } })).not.toHaveProperty("selectedLayer");
  });
});

describe("layouts", () => {
  test("have their name as a string or as a type", () => {
    expect(layoutName("xy")).toBe("xy");
    expect(layoutName({ type: "4panel", orthographicProjection: true })).toBe("4panel");
    expect(layoutName(undefined)).toBe("");
  });
  test("keep their options when another is chosen", () => {
    expect(withLayout({ type: "4panel", orthographicProjection: true }, "3d")).toEqual({
      type: "3d",
      orthographicProjection: true,
    });
    expect(withLayout("4panel", "xy")).toBe("xy");
  });
  test("replace a split window whole", () => {
    expect(withLayout({ type: "row", children: ["xy", "3d"] }, "xy")).toBe("xy");
  });
});
