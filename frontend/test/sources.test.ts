import { describe, expect, test } from "vitest";

// The portal judges what it stores by the same table.
import cases from "../../tests/catalogue/source_cases.json";
import { inventory, judge } from "../src/viewer/sources";

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
