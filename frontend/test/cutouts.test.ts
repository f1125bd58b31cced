import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { CutoutOffer, Triple } from "../src/viewer/config";
import {
  AfterPause,
  askEstimate,
  type Cutout,
  curlText,
  cutoutUrl,
  levelFor,
  readEstimate,
  resolutions,
} from "../src/viewer/cutouts";
import { formatBytes, formatVoxel } from "../src/quantities";

const cube = (side: number): Triple => [side, side, side];
const offer = (sides: Triple[], changes: Partial<CutoutOffer> = {}): CutoutOffer => ({
  url: "/api/v1/datasets/cell@1/volumes/em/cutout",
  lowNm: [-2, -2, -2],
  highNm: [998, 998, 998],
  levels: sides.map((voxelNm, i) => ({ path: `s${i}`, voxelNm })),
  channel: null,
  time: null,
  ...changes,
});
const em = offer([cube(4), cube(8), cube(16)]);
const cutout = (changes: Partial<Cutout> = {}): Cutout => ({
  offer: em,
  box: { low: [0.1 + 0.2, -2, 1e-7], high: [100, 1e7, 30] },
  level: "s1",
  format: "npy",
  moment: null,
  ...changes,
});

describe("cutoutUrl", () => {
  test("names box, level and format, in plain decimals", () => {
    expect(cutoutUrl(cutout())).toBe(`${em.url}?bbox=0.3,-2,0,100,10000000,30&level=s1&format=npy`);
  });
  test("names the channel and the moment where there are some", () => {
    expect(cutoutUrl(cutout({ offer: offer([cube(4)], { channel: 2, time: "t" }), moment: 5 }))).toMatch(/&c=2&t=5$/);
    expect(cutoutUrl(cutout({ moment: 5 }))).not.toContain("&t=");
  });
});

describe("levelFor", () => {
  test.each([
    [16, "s2"],
    [15, "s1"],
    [8, "s1"],
    [7.95, "s1"],
    [4, "s0"],
    [1, "s0"],
    [1000, "s2"],
  ])("for %d nm is as coarse as that allows", (wanted, path) => {
    expect(levelFor(em.levels, wanted).path).toBe(path);
  });
});

test("resolutions are those of all layers, equal ones once, finest first", () => {
  const other = offer([[4, 4, 40], cube(8.01), cube(32)]);
  const voxels = [cube(4), cube(8), [4, 4, 40], cube(16), cube(32)];
  expect(resolutions([em, other])).toEqual(voxels.map((voxelNm) => ({ voxelNm })));
});

describe("readEstimate", () => {
  const answer = {
    level: "s1",
    levels: [
      { path: "s0", size_bytes: 800 },
      { path: "s1", size_bytes: 100 },
    ],
    shape_zyx: [1, 10, 10],
    filename: "cell-v1-em-s1-0-0-0.npy",
    size_bytes: 228,
    is_exact: true,
  };
  test("knows the file and the size of every level", () => {
    expect(readEstimate(answer, 200)).toEqual({
      kind: "fits",
      sizeBytes: 228,
      isExact: true,
      shapeZyx: [1, 10, 10],
      filename: answer.filename,
      sizes: new Map([
        ["s0", 800],
        ["s1", 100],
      ]),
    });
  });
  test("tells what is over the limit, and the level that fits", () => {
    const problem = { title: "Too large", size_bytes: 5e9, limit_bytes: 4e9, nearest_level: "s2" };
    const words = "The box holds 5\u00a0GB; at most 4\u00a0GB are cut out at once.";
    expect(readEstimate(problem, 413)).toEqual({ kind: "refused", words, nearestLevel: "s2" });
    expect(readEstimate({ ...problem, nearest_level: null }, 413)).toEqual({
      kind: "refused",
      words: `${words} Take a smaller box.`,
      nearestLevel: null,
    });
  });
  test.each([
    [{ title: "No voxel", nearest_level: null }, 422, "No voxel"],
    [null, 502, "The portal answered 502."],
    [{ ...answer, size_bytes: "many" }, 200, "The portal answered 200."],
  ])("takes nothing else for a size: %j", (body, status, words) => {
    expect(readEstimate(body, status)).toEqual({ kind: "refused", words, nearestLevel: null });
  });
});

test("a portal that does not answer is said to be out of reach, and a cancelled question says nothing", async () => {
  const controller = new AbortController();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(askEstimate(cutout(), controller.signal)).resolves.toMatchObject({ kind: "refused" });
  controller.abort();
  await expect(askEstimate(cutout(), controller.signal)).rejects.toThrow("Failed to fetch");
  vi.unstubAllGlobals();
});

describe("AfterPause", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("does only what it was asked last, after a pause", async () => {
    const afterPause = new AfterPause(300);
    const done: string[] = [];
    for (const word of ["a", "b", "c"]) {
      afterPause.run(async () => void done.push(word));
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toEqual(["c"]);
  });
  test("gives up what is under way when something else is asked, or nothing any more", async () => {
    const afterPause = new AfterPause(0);
    const signals: AbortSignal[] = [];
    const wait = async (signal: AbortSignal) => {
      signals.push(signal);
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
    };
    afterPause.run(wait);
    await vi.advanceTimersByTimeAsync(1);
    afterPause.run(wait);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals.map((it) => it.aborted)).toEqual([true, false]);
    afterPause.cancel();
    expect(signals[1]?.aborted).toBe(true);
  });
});

describe("curlText", () => {
  test("has one command a file", () => {
    expect(curlText(["https://portal.example/a?b=1&c=2", "https://portal.example/d"], true)).toBe(
      'curl --fail --remote-name --remote-header-name "https://portal.example/a?b=1&c=2"\n' +
        'curl --fail --remote-name --remote-header-name "https://portal.example/d"',
    );
  });
  test("sends a token in a header where one is needed", () => {
    expect(curlText(["https://portal.example/a"], false)).toContain('--header "Authorization: Bearer $TOKEN"');
  });
});

test.each([
  [17_800_000, "17.8\u00a0MB"],
  [999_900, "1\u00a0MB"],
  [128, "128\u00a0B"],
  [5_368_709_120, "5.37\u00a0GB"],
])("%d bytes are %s", (size, words) => {
  expect(formatBytes(size)).toBe(words);
});

test("voxels with equal sides are said with one number", () => {
  expect(formatVoxel([10, 10, 10])).toBe("10\u00a0nm");
  expect(formatVoxel([4, 4, 5.2401])).toBe("4\u00a0×\u00a04\u00a0×\u00a05.24\u00a0nm");
});
