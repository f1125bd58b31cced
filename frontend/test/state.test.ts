import { describe, expect, test } from "vitest";

import { layoutName, panelTitles, serialise, splitLayers, withDefaults, withLayout } from "../src/viewer/state";

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
  test("draws the box around a volume quietly, unless told otherwise", () => {
    const layers = [
      { type: "image", name: "em" },
      { type: "segmentation", annotationColor: "#ff0000" },
      { type: "annotation" },
    ];
    expect(withDefaults({ layers }).layers).toEqual([
      { type: "image", name: "em", annotationColor: "#6b7076" },
      { type: "segmentation", annotationColor: "#ff0000" },
      { type: "annotation" },
    ]);
  });
  test("does not open panels that the page replaces", () => {
    expect(withDefaults({ selectedLayer: { visible: true, layer: "em" } })).not.toHaveProperty("selectedLayer");
  });
});

test("withDefaults leaves memory, downloads and other servers to whoever looks", () => {
  const state = withDefaults({
    gpuMemoryLimit: 1e12,
    concurrentDownloads: 1e9,
    selectedStateServer: "https://x.example/",
  });
  for (const key of ["gpuMemoryLimit", "concurrentDownloads", "selectedStateServer"]) {
    expect(state).not.toHaveProperty(key);
  }
});

describe("splitLayers", () => {
  const layers = [
    { name: "em" },
    { name: "a", visible: false },
    { name: "b", archived: true },
    { name: "c", visible: true },
  ];
  const names = (state: object) => {
    const { shown, hidden } = splitLayers({ layers, ...state });
    return [shown.map((it) => it.name), hidden.map((it) => it.name)];
  };
  test("lets what is off wait", () => {
    expect(names({ layout: "4panel" })).toEqual([
      ["em", "c"],
      ["a", "b"],
    ]);
  });
  test("gives a split window all layers it may name", () => {
    expect(names({ layout: { type: "row", children: [] } })).toEqual([["em", "a", "b", "c"], []]);
  });
  test("has nothing to split without layers", () => {
    expect(splitLayers({ layers: [{ type: "image" }, null] })).toEqual({ shown: [], hidden: [] });
  });
});

describe("layouts", () => {
  test("have their name as a string or as a type", () => {
    expect(layoutName("xy")).toBe("xy");
    expect(layoutName({ type: "4panel", orthographicProjection: true })).toBe("4panel");
    expect(layoutName(undefined)).toBe("");
  });
  test("keep their projection when another is chosen, and leave slices in 3D behind", () => {
    const orthographic = { type: "3d", orthographicProjection: true, crossSections: { xy: {} } };
    expect(withLayout(orthographic, "4panel")).toEqual({ type: "4panel", orthographicProjection: true });
    expect(withLayout("4panel", "xy")).toBe("xy");
  });
  test("replace a split window whole", () => {
    expect(withLayout({ type: "row", children: ["xy", "3d"] }, "xy")).toBe("xy");
  });
});

test("panelTitles names the panels in the order of the page", () => {
  expect(panelTitles("4panel")).toEqual(["xy", "xz", "3D", "yz"]);
  expect(panelTitles({ type: "4panel-alt" })).toEqual(["xy", "yz", "xz", "3D"]);
  expect(panelTitles("yz-3d")).toEqual(["yz", "3D"]);
  expect(panelTitles({ type: "row", children: [] })).toEqual([]);
});
