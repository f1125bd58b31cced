import { describe, expect, test } from "vitest";

import { parsePasted } from "../src/viewer/pasted";

const HOME = "https://portal.example";
const state = { position: [1, 2, 3], layers: [{ name: "em", type: "image", source: "https://a.example/|zarr3:" }] };
const json = JSON.stringify(state);

describe("parsePasted", () => {
  test.each([
    ["bare JSON", json],
    ["with space around it", `\n ${json} \n`],
    ["a link of any host", `https://neuroglancer.example/#!${encodeURIComponent(json)}`],
    ["a link that is not encoded", `https://neuroglancer.example/v2/#!${json}`],
    ["a fragment alone", `#!${json}`],
    ["a link of the old kind", `https://old.example/#!${json.replaceAll(",", "_").replaceAll('"', "'")}`],
  ])("reads %s", (_what, text) => {
    expect(parsePasted(text, HOME)).toEqual({ kind: "state", state });
  });

  test("reads layers by name, as old links have them", () => {
    const old = { layers: { em: "precomputed://https://a.example/em", seg: { type: "segmentation", source: "x" } } };
    expect(parsePasted(JSON.stringify(old), HOME)).toEqual({
      kind: "state",
      state: {
        layers: [
          { name: "em", source: "precomputed://https://a.example/em" },
          { name: "seg", type: "segmentation", source: "x" },
        ],
      },
    });
  });

  test("names where a state is kept, without going there", () => {
    expect(parsePasted("https://neuroglancer.example/#!https://states.example/7", HOME)).toEqual({
      kind: "elsewhere",
      url: "https://states.example/7",
    });
  });

  test.each([`${HOME}/v/23456789ab/`, `${HOME}/datasets/cell/view/#!{"layers":[{"name":"em"}]}`])(
    "knows %s as a page of the portal",
    (url) => {
      expect(parsePasted(url, HOME)).toEqual({ kind: "page", url });
    },
  );

  test.each([
    "",
    "hello",
    "{",
    "{}",
    '{"layers":5}',
    "[1]",
    "https://elsewhere.example/",
    "https://portal.example.evil.example/v/2/",
    "javascript:alert(1)",
    "https://n.example/#!%E0%A4%A",
  ])("%j holds no view", (text) => {
    expect(parsePasted(text, HOME)).toBeNull();
  });
});
