import { describe as suite, expect, test } from "vitest";

import { type LayerDescription, undescribed } from "../src/viewer/config";
import { alone, type Branch, describe, layerTree, matches } from "../src/viewer/tree";

const layer = (name: string, headings: string[], changes: Partial<LayerDescription> = {}): LayerDescription => ({
  ...undescribed(name),
  headings: headings.map((title) => ({ title, colour: null })),
  ...changes,
});
const outline = (branches: Branch[]): unknown =>
  branches.map((it) => [it.heading.title, it.layers.map((member) => member.name), outline(it.branches)]);

suite("layerTree", () => {
  test("puts what is part of something below it, in the order of the list", () => {
    const layers = [
      layer("em", ["Image"]),
      layer("crista", ["Mitochondrion", "Crista"]),
      layer("er", ["ER"]),
      layer("mito", ["Mitochondrion"]),
    ];
    expect(outline(layerTree(layers))).toEqual([
      ["Image", ["em"], []],
      ["Mitochondrion", ["mito"], [["Crista", ["crista"], []]]],
      ["ER", ["er"], []],
    ]);
  });

  test("keeps headings of one title apart below different parents", () => {
    const tree = layerTree([layer("a", ["ER", "Membrane"]), layer("b", ["Golgi", "Membrane"])]);
    expect(tree.map((it) => it.branches[0]?.layers[0]?.name)).toEqual(["a", "b"]);
  });
});

test("describe leaves out what is not there and puts what nobody described last", () => {
  const known = [layer("em", ["Image"]), layer("gone", ["Image"])];
  expect(describe(["mine", "em"], known)).toEqual([known[0], undescribed("mine")]);
});

suite("matches", () => {
  const ffn = layer("labels/ffn", ["Nervous tissue", "Neurites"], { title: "Flood-filling network", method: "model" });
  test.each(["", "flood", "NETWORK flood", "labels/ffn", "neurites", " model ", "nervous"])(
    "finds it by %j",
    (query) => {
      expect(matches(ffn, query)).toBe(true);
    },
  );
  test.each(["mito", "flood mito"])("does not find it by %j", (query) => {
    expect(matches(ffn, query)).toBe(false);
  });
});

suite("alone", () => {
  const em = layer("em", [], { kind: "em" });
  const dark = layer("dark", [], { kind: "em" });
  const mito = layer("mito", [], { kind: "segmentation" });
  const er = layer("er", [], { kind: "segmentation" });
  const all = [em, dark, mito, er];
  test("keeps a label layer over the images that are on", () => {
    expect([...alone(er, new Set(["em", "mito"]), all)]).toEqual(["em", "er"]);
  });
  test("shows an image without anything over it", () => {
    expect([...alone(em, new Set(["em", "dark", "mito"]), all)]).toEqual(["em"]);
  });
});
