import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { fetchOk, HttpError, isNotFoundError } from "../src/viewer/http_request";

const URL_HERE = "http://here.invalid/block";
const BODY = "0123456789".repeat(1000);

/** A browser's answers to request after request; the modes in which it was asked. */
function answering(...answers: (() => Response)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_url: string, init?: RequestInit) => {
    init?.signal?.throwIfAborted();
    asked.push(init?.mode ?? "cors");
    return (answers.shift() ?? refused)();
  });
  return asked;
}

function refused(): Response {
  throw new TypeError("Failed to fetch");
}

const complete = () => new Response(BODY, { headers: { "Content-Length": String(BODY.length) } });

const opaque = () => Object.defineProperty(new Response(), "type", { value: "opaque" });

function broken(): Response {
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(BODY.slice(0, 10)));
      controller.error(new TypeError("network error"));
    },
  });
  return new Response(body);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("location", new URL("http://here.invalid/"));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What comes of it, however long it takes. */
async function outcome(url: string, init?: RequestInit): Promise<unknown> {
  const result = fetchOk(url, init).then(
    (response) => response.text(),
    (error: unknown) => error,
  );
  await vi.runAllTimersAsync();
  return result;
}

test.each([
  ["breaks off", broken],
  ["does not come", refused],
  ["says that the server is busy", () => new Response("", { status: 503 })],
])("an answer that %s is asked for again", async (_, failing) => {
  const asked = answering(failing, failing, failing, complete);
  expect(await outcome(URL_HERE)).toBe(BODY);
  expect(asked).toHaveLength(4);
});

test.each([
  [404, true],
  [403, true],
  [500, false],
  [502, false],
])("status %i says that the object is absent: %s", async (status, isAbsent) => {
  answering(() => new Response("", { status }));
  const error = await outcome(URL_HERE);
  expect(error).toBeInstanceOf(HttpError);
  expect(isNotFoundError(error)).toBe(isAbsent);
});

test.each([URL_HERE, "http://elsewhere.invalid/block"])("no answer never says that %s is absent", async (url) => {
  answering();
  const error = await outcome(url);
  expect(error).toBeInstanceOf(HttpError);
  expect(isNotFoundError(error)).toBe(false);
});

test("whoever no longer wants it asks no more", async () => {
  const asked = answering();
  const gone = new AbortController();
  const result = fetchOk(URL_HERE, { signal: gone.signal }).catch((error: unknown) => error);
  gone.abort();
  await vi.runAllTimersAsync();
  expect(await result).toBe(gone.signal.reason);
  expect(asked.length).toBeLessThan(2);
});

test("another site that hides its answers hides that an object is absent", async () => {
  const asked = answering(refused, opaque, refused);
  expect(isNotFoundError(await outcome("http://elsewhere.invalid/block"))).toBe(true);
  expect(asked).toEqual(["cors", "no-cors", "cors"]);
});

test("another site that was gone for a moment hides nothing", async () => {
  answering(refused, opaque, complete);
  expect(await outcome("http://elsewhere.invalid/block")).toBe(BODY);
});
