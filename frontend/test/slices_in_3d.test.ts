import { describe, expect, test } from "vitest";

import { withSlices } from "../src/viewer/slices_in_3d";

const upright = [0, 0, 0, 1] as const;
const quarterTurnAboutX = [Math.SQRT1_2, 0, 0, Math.SQRT1_2] as const;

describe("withSlices", () => {
  test("puts three planes across the volume into a bare 3D view", () => {
    const layout = withSlices({ type: "3d", orthographicProjection: true }, 250, upright);
    expect(layout).toMatchObject({ type: "3d", orthographicProjection: true });
    const { crossSections } = layout as { crossSections: Record<string, unknown> };
    expect(Object.keys(crossSections)).toEqual(["xy", "xz", "yz"]);
    expect(crossSections.xy).toMatchObject({ width: 1000, scale: { value: 0.5 }, orientation: { value: upright } });
  });

  test("turns them with the slices as they stand", () => {
    const layout = withSlices("3d", 250, quarterTurnAboutX) as { crossSections: Record<string, object> };
    expect(layout.crossSections.xy).toMatchObject({ orientation: { value: quarterTurnAboutX } });
    const halfTurn = [1, 0, 0, 0].map((it) => expect.closeTo(it));
    expect(layout.crossSections.xz).toMatchObject({ orientation: { link: "relative", value: halfTurn } });
  });

  test("takes them away when 3D was left", () => {
    expect(withSlices({ type: "4panel", crossSections: { xy: {} } }, 250, upright)).toBe("4panel");
  });

  test.each([
    ["slices are there", { type: "3d", crossSections: { mine: {} } }, 250],
    ["the extent is not known", "3d", Number.NEGATIVE_INFINITY],
    ["the volume has no end", "3d", Number.POSITIVE_INFINITY],
    ["it is another layout", "4panel", 250],
    ["the window is split", { type: "row", children: [] }, 250],
  ])("leaves a layout alone when %s", (_when, layout, extent) => {
    expect(withSlices(layout, extent, upright)).toBeNull();
  });
});
