import { describe, expect, test } from "vitest";

import type { LayerDescription } from "../src/viewer/config";
import { groupLayers, layerNames, matches } from "../src/viewer/layers";

const layer = (name: string, changes: Partial<LayerDescription> = {}): LayerDescription => ({
  name,
  title: name,
  kind: "segmentation",
  group: "Neurites",
  colour: null,
  method: null,
  description: "",
  url: null,
  ...changes,
});
const state = (...names: string[]) => ({ layers: names.map((name) => ({ name, type: "image" })) });

describe("groupLayers", () => {
  test("puts layers under their headings, both in the order they were described", () => {
    const groups = groupLayers(state("a", "em", "b"), [layer("em", { group: "Image" }), layer("b"), layer("a")]);
    expect(groups.map((it) => [it.heading, it.layers.map((member) => member.name)])).toEqual([
      ["Image", ["em"]],
      ["Neurites", ["b", "a"]],
    ]);
  });

  test("leaves out what the state does not have", () => {
    expect(groupLayers(state("em"), [layer("em"), layer("gone")]).flatMap((it) => it.layers)).toHaveLength(1);
  });

  test("lists a layer nobody described last, by its name", () => {
    const groups = groupLayers(state("mine", "em"), [layer("em")]);
    expect(groups.at(-1)).toMatchObject({ heading: "Other", layers: [{ name: "mine", title: "mine" }] });
  });
});

test("layerNames is empty for a state without layers", () => {
  expect(layerNames({})).toEqual([]);
});

describe("matches", () => {
  const ffn = layer("labels/ffn", { title: "Flood-filling network", method: "model" });
  test.each(["", "flood", "NETWORK flood", "labels/ffn", "neurites", " model "])("finds it by %j", (query) => {
    expect(matches(ffn, query)).toBe(true);
  });
  test.each(["mito", "flood mito"])("does not find it by %j", (query) => {
    expect(matches(ffn, query)).toBe(false);
  });
});
