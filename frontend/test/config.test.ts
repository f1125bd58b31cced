import { describe, expect, test } from "vitest";

import { ConfigInvalid, parseConfig, undescribed } from "../src/viewer/config";

const stop = {
  name: "corner",
  title: "A corner",
  layers: ["em"],
  positionNm: [1, 2, 3],
  orientation: [0, 0, 0, 1],
  nmPerPixel: 4,
  layout: "xy",
};
const page = (changes: object = {}) =>
  JSON.stringify({
    state: { layers: [{ name: "em" }] },
    offered: [{ name: "labels/mito", type: "segmentation" }],
    dataset: { reference: "cell@1", viewUrl: "/datasets/cell@1/view/" },
    layers: [
      {
        name: "em",
        title: "FIB-SEM",
        kind: "em",
        headings: [{ title: "Image", colour: "" }],
        colour: null,
        method: null,
      },
    ],
    stops: [stop],
    linksUrl: "/api/v1/links",
    dataUrl: "https://portal.example/data/",
    externalOrigins: ["https://bucket.example"],
    ...changes,
  });

describe("parseConfig", () => {
  test("reads what the page hands over", () => {
    const config = parseConfig(page());
    expect(config).toMatchObject({
      linksUrl: "/api/v1/links",
      viewUrl: "/datasets/cell@1/view/",
      dataUrl: "https://portal.example/data/",
      externalOrigins: ["https://bucket.example"],
      embedded: false,
      offered: [{ name: "labels/mito", type: "segmentation" }],
      stops: [{ ...stop, description: "" }],
    });
    expect(config.layers).toEqual([
      { ...undescribed("em"), title: "FIB-SEM", kind: "em", headings: [{ title: "Image", colour: null }] },
    ]);
  });

  test("calls a layer without a title by its name", () => {
    expect(parseConfig(page({ layers: [{ name: "labels/mito" }] })).layers[0]).toEqual(undescribed("labels/mito"));
  });

  test("knows how boxes of a layer are downloaded, where they are", () => {
    const cutout = {
      url: "/api/v1/datasets/cell@1/volumes/em/cutout",
      lowNm: [-2, -2, -2],
      highNm: [998, 998, 998],
      levels: [{ path: "s0", voxelNm: [4, 4, 4] }],
      channel: 0,
      time: null,
    };
    const { layers, isOpen } = parseConfig(
      page({
        layers: [
          { name: "a", cutout },
          { name: "b", cutout: null },
        ],
      }),
    );
    expect(layers.map((it) => it.cutout)).toEqual([cutout, null]);
    expect(isOpen).toBe(false);
    const crooked = [{ name: "a", cutout: { ...cutout, lowNm: [1, 2] } }];
    expect(() => parseConfig(page({ layers: crooked }))).toThrow(ConfigInvalid);
  });

  test("keeps labels and other programs' addresses", () => {
    const labels = [{ value: "18446744073709551615", title: "nucleus", colour: "#ff0000" }];
    const openWith = [{ name: "vizarr", url: "https://vizarr.example/", text: "", note: "2D" }];
    expect(parseConfig(page({ layers: [{ name: "a", labels, openWith }] })).layers[0]).toMatchObject({
      labels,
      openWith,
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
    ["a stop in the plane", { stops: [{ ...stop, positionNm: [1, 2] }] }, "stops[0].positionNm is not 3 numbers"],
  ])("refuses %s", (_what, changes, message) => {
    expect(() => parseConfig(page(changes))).toThrow(new ConfigInvalid(message));
  });
});
