import { describe, expect, test } from "vitest";

import { readFragment, writeFragment } from "../src/viewer/address";
import type { LayerSpec } from "../src/viewer/config";

const em: LayerSpec = {
  name: "em",
  type: "image",
  source: "https://portal.example/data/cell@1/em/|zarr3:",
  shader: "void main() {}",
  opacity: 1,
};
const known = new Map([["em", em]]);

describe("a view in the address", () => {
  test("comes back as it was", () => {
    const state = {
      position: [1.5, 2, 3],
      layout: { type: "3d", title: "µm & #1" },
      layers: [
        { ...em, opacity: 0.4 },
        { name: "mine", type: "annotation", source: "local://annotations" },
      ],
    };
    expect(readFragment(writeFragment(state, known), known)).toEqual(state);
  });

  test("does not repeat what the page has", () => {
    const written = writeFragment({ layers: [{ ...em, source: [{ url: em.source }] }] }, known);
    expect(decodeURIComponent(written)).toBe('#!{"layers":[{"name":"em"}]}');
  });

  test("keeps a source that is turned or moved", () => {
    const source = { url: em.source, transform: { matrix: [] } };
    const written = writeFragment({ layers: [{ ...em, source }] }, known);
    expect(readFragment(written, known)?.layers).toEqual([{ ...em, source }]);
  });

  test("keeps all digits of an id", () => {
    const written = writeFragment({ layers: [{ name: "x", segments: [18446744073709551615n] }] }, known);
    expect(readFragment(written, known)?.layers).toEqual([{ name: "x", segments: ["18446744073709551615"] }]);
  });

  test("is left out where it would be longer than addresses may be", () => {
    expect(writeFragment({ layers: [{ name: "x", shader: "x".repeat(20_000) }] }, known)).toBe("");
  });
});

test.each([
  "",
  "#layer/em",
  "#!",
  "#!{",
  "#!%7B",
  "#!%E0%A4%A",
  '#!{"layers":{}}',
  "#!https://elsewhere.example/x.json",
])("%j is no view", (fragment) => {
  expect(readFragment(fragment, known)).toBeNull();
});
