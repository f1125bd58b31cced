import { expect, test } from "vitest";

import { curlOf, shownBody, sizeOf, statusOf } from "../src/asking/answers";

test("JSON is indented, and shown as it came where that would change it", () => {
  expect(shownBody("application/json", '{"a":[1]}', true)).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(shownBody("application/problem+json; charset=utf-8", "{}", true)).toBe("{}");
  const large = '{"id":18446744073709551615}';
  expect(shownBody("application/json", large, true)).toBe(large);
  expect(shownBody("application/json", '{"a":', false)).toBe('{"a":');
});

test("lists are shown as they are, and what is no text is not", () => {
  expect(shownBody("application/jsonl", '{"a":1}\n{"a":2}\n', true)).toBe('{"a":1}\n{"a":2}\n');
  expect(shownBody("text/csv; charset=utf-8", "a,b\n", true)).toBe("a,b\n");
  expect(shownBody("application/octet-stream", "\u0000", true)).toBeNull();
});

test("an answer in words", () => {
  expect(statusOf({ status: 200, statusText: "OK" })).toBe("200 OK");
  expect(statusOf({ status: 404, statusText: "" })).toBe("404");
  expect(sizeOf(999, true)).toBe("999\u00a0B");
  expect(sizeOf(200_500, false)).toBe("the first 201\u00a0kB");
});

test("the command is one word of a shell, and names a token only where one is needed", () => {
  expect(curlOf("http://x/api/v1/people/?name=O'Hara", false)).toBe("curl 'http://x/api/v1/people/?name=O%27Hara'");
  expect(curlOf("http://x/", true)).toBe("curl --header \"Authorization: Bearer $CISTERNA_TOKEN\" 'http://x/'");
});
