/** What the form of the page of slices asks the server for. */

type Fields = [name: string, value: string][];

/** A picture's axes: what arrows and steps move along. The tilted one has none, and is tilted instead. */
const AXES: Record<string, { right: string; down: string; through: string }> = {
  xy: { right: "x", down: "y", through: "z" },
  xz: { right: "x", down: "z", through: "y" },
  yz: { right: "z", down: "y", through: "x" },
};
const TILT_DEGREES = 5;
/** Finer than any picture stands on a page: a click is said as parts of this width. */
const CLICK_SIDE = 10_000;

export interface Step {
  /** x, y, z, zoom, time, or about_x, about_y, about_z. */
  what: string;
  count: number;
}

/** The step that a key stands for in a picture; null for other keys. */
export function stepOfKey(plane: string, key: string, tenfold: boolean): Step | null {
  if (key === "+" || key === "=") return { what: "zoom", count: 1 };
  if (key === "-") return { what: "zoom", count: -1 };
  const axes = AXES[plane];
  const far = tenfold ? 10 : 1;
  if (axes === undefined) {
    const turns: Record<string, Step> = {
      ArrowUp: { what: "about_x", count: -TILT_DEGREES },
      ArrowDown: { what: "about_x", count: TILT_DEGREES },
      ArrowLeft: { what: "about_y", count: -TILT_DEGREES },
      ArrowRight: { what: "about_y", count: TILT_DEGREES },
    };
    return turns[key] ?? null;
  }
  const steps: Record<string, Step> = {
    ArrowRight: { what: axes.right, count: far },
    ArrowLeft: { what: axes.right, count: -far },
    ArrowDown: { what: axes.down, count: far },
    ArrowUp: { what: axes.down, count: -far },
    ".": { what: axes.through, count: far },
    ":": { what: axes.through, count: far },
    ">": { what: axes.through, count: far },
    ",": { what: axes.through, count: -far },
    ";": { what: axes.through, count: -far },
    "<": { what: axes.through, count: -far },
  };
  return steps[key] ?? null;
}

/** The step that a turn of the wheel stands for in a picture; null where there is none. */
export function stepOfWheel(plane: string, delta: number, tenfold: boolean): Step | null {
  return delta === 0 ? null : stepOfKey(plane, delta > 0 ? "." : ",", tenfold);
}

export const withSteps = (fields: Fields, steps: Iterable<Step>): Fields => [
  ...fields,
  ...[...steps]
    .filter(({ count }) => count !== 0)
    .map(({ what, count }): [string, string] => ["step", `${what}${count < 0 ? "" : "+"}${String(count)}`]),
];

/** @param across @param down parts of the picture's width and height; beyond its edges they are those of the edge. */
export function withClick(fields: Fields, plane: string, across: number, down: number): Fields {
  // The server takes the very corner for a press of a key, at no place.
  const pixel = (part: number) => String(Math.min(Math.max(Math.floor(part * CLICK_SIDE), 1), CLICK_SIDE - 1));
  const name = `${plane}-${String(CLICK_SIDE)}`;
  return [...fields, [`${name}.x`, pixel(across)], [`${name}.y`, pixel(down)]];
}

/** Steps that come faster than the answers add up, from where the first of them began. */
export class Steps {
  #fields: Fields = [];
  #counts = new Map<string, number>();

  /** @param isIdle nothing is on its way, so the form says where the page is. */
  add(fields: Fields, step: Step, isIdle: boolean): Fields {
    if (isIdle || this.#counts.size === 0) {
      this.#fields = fields;
      this.#counts.clear();
    }
    this.#counts.set(step.what, (this.#counts.get(step.what) ?? 0) + step.count);
    return withSteps(
      this.#fields,
      [...this.#counts].map(([what, count]) => ({ what, count })),
    );
  }

  /** Something else was asked for. */
  forget(): void {
    this.#counts.clear();
  }
}
