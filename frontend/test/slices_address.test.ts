import { expect, test } from "vitest";

import { slicesAddress } from "../src/viewer/slices_address";

test("the page of slices is told the place, the scale, the turn and the layers that are on", () => {
  const address = slicesAddress("http://portal/datasets/cell@1/slices/?position=1,2,3", {
    dimensions: { x: [1e-8, "m"] },
    position: [1, 2, 3],
    crossSectionScale: 2,
    crossSectionOrientation: [0, 0, 0, 1],
    projectionScale: 5,
    layout: "4panel",
    layers: [
      { name: "em", source: "x" },
      { name: "off", visible: false },
      { name: "gone", archived: true },
      { name: "light#1", visible: true },
    ],
  });
  const url = new URL(address);
  expect(url.pathname).toBe("/datasets/cell@1/slices/");
  expect([...url.searchParams.keys()]).toEqual(["state"]);
  expect(JSON.parse(url.searchParams.get("state") ?? "")).toEqual({
    dimensions: { x: [1e-8, "m"] },
    position: [1, 2, 3],
    crossSectionScale: 2,
    crossSectionOrientation: [0, 0, 0, 1],
    layers: [{ name: "em" }, { name: "light#1" }],
  });
  expect(slicesAddress("/slices/", {})).toBe("/slices/?state=%7B%22layers%22%3A%5B%5D%7D");
});
