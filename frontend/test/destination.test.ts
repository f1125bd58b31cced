import { expect, test } from "vitest";

import { parseDestination } from "../src/viewer/destination";

test.each([
  ["1204", "1204"],
  [" #1204 ", "1204"],
  ["18446744073709551615", "18446744073709551615"],
  ["9007199254740993", "9007199254740993"],
  ["1 204", "1204"],
  ["12,345", "12345"],
  ["00012", "12"],
])("%j is the number of an object", (text, id) => {
  expect(parseDestination(text)).toEqual({ kind: "segment", id });
});

test.each([
  ["1250, 1180, 1200", [1250, 1180, 1200]],
  ["1 250 300", [1, 250, 300]],
  ["1.25 1.18 1.2 µm", [1250, 1180, 1200]],
])("%j is a place", (text, nm) => {
  expect(parseDestination(text)).toEqual({ kind: "place", nm });
});

test.each(["", "0", "18446744073709551616", "-4", "1.5", "here", "1, 2"])("%j is neither", (text) => {
  expect(parseDestination(text)).toBeNull();
});
