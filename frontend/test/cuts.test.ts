import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Latest } from "../src/cuts/latest";
import { stepOfKey, stepOfWheel, Steps, withClick } from "../src/cuts/requests";

describe("what is asked for while something is on its way", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const begun: string[] = [];
  const slowly =
    (ms: number, aborted: string[] = []) =>
    (value: string, signal: AbortSignal) => {
      begun.push(value);
      return new Promise<void>((resolve) => {
        setTimeout(resolve, ms);
        signal.addEventListener("abort", () => {
          aborted.push(value);
          resolve();
        });
      });
    };
  beforeEach(() => void (begun.length = 0));

  test("the newest is done, what came in between is not", async () => {
    const latest = new Latest(slowly(100));
    for (const value of ["a", "b", "c", "d"]) latest.ask(value);
    expect(begun).toEqual(["a"]);
    expect(latest.isIdle).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toEqual(["a", "d"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(latest.isIdle).toBe(true);
    latest.ask("e");
    expect(begun).toEqual(["a", "d", "e"]);
  });

  test("what takes too long makes way, once something newer waits", async () => {
    const aborted: string[] = [];
    const latest = new Latest(slowly(60_000, aborted), 1000);
    latest.ask("a");
    await vi.advanceTimersByTimeAsync(5000);
    expect(aborted).toEqual([]);
    latest.ask("b");
    await vi.advanceTimersByTimeAsync(1);
    expect([begun, aborted]).toEqual([["a", "b"], ["a"]]);
    latest.ask("c");
    await vi.advanceTimersByTimeAsync(900);
    expect(aborted).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(200);
    expect([begun, aborted]).toEqual([
      ["a", "b", "c"],
      ["a", "b"],
    ]);
  });

  test("what fails does not keep the next from its turn", async () => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const latest = new Latest<string>((value) => {
      begun.push(value);
      return Promise.reject(new Error("no"));
    });
    latest.ask("a");
    latest.ask("b");
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toEqual(["a", "b"]);
    expect(latest.isIdle).toBe(true);
    said.mockRestore();
  });
});

describe("keys and the wheel in a picture", () => {
  test.each([
    ["xy", "ArrowRight", false, "x", 1],
    ["xy", "ArrowUp", true, "y", -10],
    ["xz", "ArrowDown", false, "z", 1],
    ["yz", "ArrowRight", false, "z", 1],
    ["yz", ".", false, "x", 1],
    ["xz", "<", true, "y", -10],
    ["tilted", "ArrowUp", false, "about_x", -5],
    ["tilted", "ArrowRight", true, "about_y", 5],
    ["tilted", "+", false, "zoom", 1],
    ["xy", "-", false, "zoom", -1],
  ])("in %s %s (ten at once: %s) is %s %i", (plane, key, tenfold, what, count) => {
    expect(stepOfKey(plane, key, tenfold)).toEqual({ what, count });
  });

  test("other keys, and the wheel over the tilted picture, mean nothing", () => {
    expect(["Tab", "Enter", "x", "F5"].map((key) => stepOfKey("xy", key, false))).toEqual([null, null, null, null]);
    expect([stepOfWheel("tilted", 3, false), stepOfWheel("xy", 0, false)]).toEqual([null, null]);
    expect(stepOfWheel("xy", 3, false)).toEqual({ what: "z", count: 1 });
    expect(stepOfWheel("yz", -3, true)).toEqual({ what: "x", count: -10 });
  });
});

describe("steps", () => {
  const here: [string, string][] = [["from", "1,2,3"]];
  const there: [string, string][] = [["from", "2,2,3"]];

  test("that come faster than the answers add up", () => {
    const steps = new Steps();
    expect(steps.add(here, { what: "x", count: 1 }, true)).toEqual([...here, ["step", "x+1"]]);
    expect(steps.add(here, { what: "x", count: 1 }, false)).toEqual([...here, ["step", "x+2"]]);
    // An answer to the first has come meanwhile; the second is still counted from where both began.
    expect(steps.add(there, { what: "x", count: 10 }, false)).toEqual([...here, ["step", "x+12"]]);
    expect(steps.add(there, { what: "x", count: -12 }, false)).toEqual(here);
  });

  test("of other kinds are taken along", () => {
    const steps = new Steps();
    steps.add(here, { what: "x", count: 1 }, true);
    expect(steps.add(there, { what: "z", count: -1 }, false)).toEqual([...here, ["step", "x+1"], ["step", "z-1"]]);
  });

  test("after an answer, or after something else, begin anew", () => {
    const steps = new Steps();
    steps.add(here, { what: "z", count: -1 }, true);
    expect(steps.add(there, { what: "z", count: -1 }, true)).toEqual([...there, ["step", "z-1"]]);
    steps.forget();
    expect(steps.add(here, { what: "z", count: -1 }, false)).toEqual([...here, ["step", "z-1"]]);
  });
});

test("a click is said in parts of the picture, and never as its very corner", () => {
  expect(withClick([], "xz", 0.25, 0.99999)).toEqual([
    ["xz-10000.x", "2500"],
    ["xz-10000.y", "9999"],
  ]);
  expect(withClick([], "xy", -0.2, 0)).toEqual([
    ["xy-10000.x", "1"],
    ["xy-10000.y", "1"],
  ]);
});
