import { beforeEach, describe, expect, test } from "vitest";

import { readCompared, writeCompared } from "../src/compare/address";
import { Coupling, type Side } from "../src/compare/coupling";
import type { Glance } from "../src/viewer/linked";

const AT_REST: Glance = {
  position: [100, 200, 300],
  zoom: [4, 4000],
  orientation: [
    [0, 0, 0, 1],
    [0, 0, 0, 1],
  ],
  layout: "4panel",
};

/** A view that keeps places as Neuroglancer does: in single precision, in voxels of its own. */
class View implements Side {
  applied = 0;
  private glance: Glance;

  constructor(
    private readonly voxelNm: number,
    glance: Partial<Glance> = {},
  ) {
    this.glance = { ...AT_REST, ...glance };
    this.apply(this.glance);
    this.applied = 0;
  }

  read(): Glance {
    return this.glance;
  }

  apply(change: Partial<Glance>): void {
    this.applied++;
    this.glance = { ...this.glance, ...change };
    const [x, y, z] = this.glance.position.map((at) => Math.fround(at / this.voxelNm) * this.voxelNm);
    this.glance.position = [x ?? 0, y ?? 0, z ?? 0];
  }
}

const near = (a: readonly number[], b: readonly number[]): void =>
  a.forEach((it, i) => expect(Math.abs(it - (b[i] ?? Number.NaN))).toBeLessThan(0.01));

describe("two views of one space", () => {
  let left: View;
  let right: View;
  let coupling: Coupling;

  beforeEach(() => {
    left = new View(4);
    right = new View(5.24, { position: [0, 0, 0], zoom: [9, Number.NaN] });
    coupling = new Coupling([left, right], true);
    coupling.begin(false);
    left.applied = right.applied = 0;
  });

  test("begin at one place, and at the scale that shows the larger whole", () => {
    near(right.read().position, [100, 200, 300]);
    expect([left.read().zoom, right.read().zoom]).toEqual([
      [9, 4000],
      [9, 4000],
    ]);
  });

  test("follow each other, and what follows leads nobody back", () => {
    for (let step = 1; step <= 500; step++) {
      const at: Glance["position"] = [100 + step * 3.7, 200 - step / 3, 300 + step * 0.1];
      const [leader, follower, side] = step % 2 === 0 ? ([left, right, 0] as const) : ([right, left, 1] as const);
      leader.apply({ position: at, zoom: [step, step * 1000] });
      const before = leader.read();
      coupling.follow(side);
      coupling.follow(side === 0 ? 1 : 0); // the signal of the one that followed
      expect(leader.read()).toBe(before);
      near(follower.read().position, at);
      expect(follower.read().zoom).toEqual(leader.read().zoom);
    }
    // Each was moved 250 times, and followed in place and zoom 250 times.
    expect([left.applied, right.applied]).toEqual([750, 750]);
  });

  test("stay where they are once they are apart, and come to the one that moved last", () => {
    coupling.setTogether("position", false);
    right.apply({ position: [1, 2, 3], zoom: [2, 2] });
    coupling.follow(1);
    near(left.read().position, [100, 200, 300]);
    expect(left.read().zoom).toEqual([2, 2]);
    coupling.setTogether("position", true);
    near(left.read().position, [1, 2, 3]);
  });

  test("begin as they stand where they have been set", () => {
    right.apply({ position: [7, 8, 9] });
    const again = new Coupling([left, right], true, ["position"]);
    again.begin(true);
    near(right.read().position, [7, 8, 9]);
    expect(again.apart).toEqual(new Set(["position"]));
  });
});

test("two views of two spaces move by the same distance, from wherever they stand", () => {
  const left = new View(4);
  const right = new View(8, { position: [5000, 6000, 7000] });
  const coupling = new Coupling([left, right], false);
  coupling.begin(false);
  near(right.read().position, [5000, 6000, 7000]);
  left.apply({ position: [110, 190, 300] });
  coupling.follow(0);
  near(right.read().position, [5010, 5990, 7000]);
  right.apply({ position: [5000, 6000, 7007] });
  coupling.follow(1);
  near(left.read().position, [100, 200, 307]);
  coupling.setTogether("position", false);
  right.apply({ position: [4000, 4000, 4000] });
  coupling.follow(1);
  coupling.setTogether("position", true);
  near(left.read().position, [100, 200, 307]);
  left.apply({ position: [101, 200, 307] });
  coupling.follow(0);
  near(right.read().position, [4001, 4000, 4000]);
});

describe("both views in the address", () => {
  const views: [string, string] = ['#!{"layers":[],"title":"µm%20%26"}', "#!{%22layers%22:[1]}"];

  test("come back, with what does not move together", () => {
    const read = readCompared(writeCompared({ apart: ["zoom"], views }));
    expect(read?.apart).toEqual(["zoom"]);
    expect(read?.views.map((it) => JSON.parse(decodeURIComponent(it.slice(2))) as unknown)).toEqual([
      { layers: [], title: "µm &" },
      { layers: [1] },
    ]);
  });

  test("are left out where one of them is, or is too long", () => {
    expect(writeCompared({ apart: [], views: ["", views[1]] })).toBe("");
    const long = `#!${JSON.stringify({ layers: ["x".repeat(15_990)] })}`;
    expect(writeCompared({ apart: [], views: [long, long] })).toBe("");
  });

  test("are not read from anything else", () => {
    for (const fragment of ["", "#!{", "#!{}", '#!{"left":{},"right":1}', '#!{"left":null,"right":{}}', "#views"]) {
      expect(readCompared(fragment)).toBeNull();
    }
    expect(readCompared('#!{"left":{},"right":{},"apart":["zoom","all",7]}')?.apart).toEqual(["zoom"]);
  });
});
