import { describe, expect, test } from "vitest";

import { ConfigInvalid, parseConfig } from "../src/viewer/config";

const page = (changes: object = {}) =>
  JSON.stringify({
    state: { layers: [{ name: "em" }] },
    layers: [{ name: "em", title: "FIB-SEM", kind: "em", group: "Image", colour: null, method: null }],
    linksUrl: "/api/v1/links",
    ...changes,
  });

describe("parseConfig", () => {
  test("reads what the page hands over", () => {
    const config = parseConfig(page());
    expect(config.linksUrl).toBe("/api/v1/links");
    expect(config.layers).toEqual([
      {
        name: "em",
        title: "FIB-SEM",
        kind: "em",
        group: "Image",
        colour: null,
        method: null,
        description: "",
        url: null,
      },
    ]);
  });

  test("calls a layer without a title by its name", () => {
    expect(parseConfig(page({ layers: [{ name: "labels/mito" }] })).layers[0]).toMatchObject({
      title: "labels/mito",
      group: "Other",
    });
  });

  test.each([
    ["no state", { state: undefined }, "state is not an object"],
    ["a list for a state", { state: [] }, "state is not an object"],
    ["no layers", { layers: undefined }, "layers is not a list"],
    ["a layer without a name", { layers: [{ title: "em" }] }, "layers[0].name is not a text"],
    ["a colour that is CSS", { layers: [{ name: "em", colour: "red;x:y" }] }, "layers[0].colour is not #rrggbb"],
    ["one name twice", { layers: [{ name: "em" }, { name: "em" }] }, "two layers have the same name"],
    ["no address for links", { linksUrl: "" }, "linksUrl is not a text"],
  ])("refuses %s", (_what, changes, message) => {
    expect(() => parseConfig(page(changes))).toThrow(new ConfigInvalid(message));
  });
});
