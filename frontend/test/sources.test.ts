import { describe, expect, test } from "vitest";

// The portal judges what it stores by the same table.
import cases from "../../tests/catalogue/source_cases.json";
import { inventory, isAtHome, judge } from "../src/viewer/sources";

const origins = { dataUrl: cases.dataUrl, external: cases.external };

describe("judge", () => {
  test.each(cases.portal)("%s is the portal's", (url) => {
    expect(judge(url, origins)).toEqual({ url, verdict: "portal", why: "" });
  });
  test.each(cases.unpinned)("%s is the portal's newest", (url) => {
    expect(judge(url, origins)).toEqual({ url, verdict: "portal", why: "its newest version" });
  });
  test.each(cases.external_sources)("%s is allowed", (url) => {
    expect(judge(url, origins)).toEqual({ url, verdict: "external", why: "" });
  });
  test.each(cases.page)("%s is in the state itself", (url) => {
    expect(judge(url, origins).verdict).toBe("page");
  });
  test.each(cases.refused)("%s is refused, with a reason", (url) => {
    const { verdict, why } = judge(url, origins);
    expect(verdict).toBe("refused");
    expect(why).not.toBe("");
  });
});

describe("inventory", () => {
  const allowed = (layer: object, more: object = {}) =>
    inventory({ layers: [{ name: "a", type: "image", ...layer }], ...more }, origins).every((it) => it.allowed);

  test("tells each layer with its kind and sources", () => {
    const layers = [
      { name: "em", type: "image", source: { url: cases.good } },
      { name: "seg", type: "segmentation", source: ["gs://evil/x"] },
    ];
    expect(inventory({ layers }, origins)).toMatchObject([
      { name: "em", kind: "image", sources: [{ url: cases.good, verdict: "portal" }], allowed: true },
      { name: "seg", kind: "segmentation", sources: [{ url: "gs://evil/x", verdict: "refused" }], allowed: false },
    ]);
  });

  test.each(Object.entries(cases.refused_layers))("finds what is refused in %s", (_where, layer) => {
    expect(allowed(layer)).toBe(false);
  });

  test("finds a source beside the layers", () => {
    expect(allowed({ source: cases.good }, { selectedStateServer: "https://evil.example/" })).toBe(false);
  });

  test("leaves people's words and shaders alone", () => {
    const words = { shader: "// see https://example.org\nvoid main() {}", description: "https://example.org" };
    const more = { title: "https://example.org" };
    expect(allowed({ source: cases.good, ...words, linkedSegmentationGroup: "em" }, more)).toBe(true);
  });
});

describe("isAtHome", () => {
  const data = "https://portal.example/data/";
  const own = `${data}cell@1/em/`;
  const source = `${own}|zarr3:`;
  test.each([
    ["the layer's own address", source],
    ["the same, as an object", [{ url: source, transform: { outputDimensions: {} } }]],
    ["with its meshes beside it", [source, `${data}cell@1/meshes/|neuroglancer-precomputed:`]],
    ["as Neuroglancer once wrote it", `zarr://${data}cell%401/em/`],
    ["as from a bucket", "s3+https://portal.example/s3/cell.v1/em/|zarr3:"],
  ])("takes %s", (_, it) => {
    expect(isAtHome({ source: it }, own, data)).toBe(true);
  });
  test.each([
    ["another version", `${data}cell@2/em/|zarr3:`],
    ["the newest version", `${data}cell/em/|zarr3:`],
    ["another origin", "https://elsewhere.example/cell@1/em/|zarr3:"],
    ["the same somewhere else", { url: source, transform: { matrix: [[1, 0, 0, 5]] } }],
    ["nothing", undefined],
  ])("takes no %s", (_, it) => {
    expect(isAtHome({ source: it }, own, data)).toBe(false);
  });
});
