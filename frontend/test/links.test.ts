import { expect, test } from "vitest";

import { problemText } from "../src/viewer/links";

test.each([
  [{ title: "Link refused", detail: "The layer gone is not of this portal." }, "The layer gone is not of this portal."],
  [{ title: "Link refused" }, "Link refused"],
  [null, "The portal answered 502."],
  [{ detail: 7 }, "The portal answered 502."],
])("a problem %j is told as %j", (problem, words) => {
  expect(problemText(problem, 502)).toBe(words);
});
