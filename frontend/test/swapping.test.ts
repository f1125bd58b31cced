import { expect, test } from "vitest";

import { addressOf } from "../src/swapping";

test("an address says each choice, and nothing of what is empty", () => {
  const fields: [string, string][] = [
    ["q", ""],
    ["organism", "Homo sapiens"],
    ["organism", "a&b"],
    ["sort", "newest"],
  ];
  expect(addressOf("/datasets/", fields)).toBe("/datasets/?organism=Homo+sapiens&organism=a%26b&sort=newest");
  expect(addressOf("/datasets/", [["q", ""]])).toBe("/datasets/");
});
