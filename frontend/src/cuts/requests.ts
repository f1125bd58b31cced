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

export const withStep = (fields: Fields, step: Step): Fields => [
  ...fields,
  ["step", `${step.what}${step.count < 0 ? "" : "+"}${String(step.count)}`],
];

/** @param across @param down parts of the picture's width and height; beyond its edges they are those of the edge. */
export function withClick(fields: Fields, plane: string, across: number, down: number): Fields {
  // The server takes the very corner for a press of a key, at no place.
  const pixel = (part: number) => String(Math.min(Math.max(Math.floor(part * CLICK_SIDE), 1), CLICK_SIDE - 1));
  const name = `${plane}-${String(CLICK_SIDE)}`;
  return [...fields, [`${name}.x`, pixel(across)], [`${name}.y`, pixel(down)]];
}

/** Steps of one kind that came faster than the answers add up from where the first of them began. */
export class Steps {
  #began: { fields: Fields; step: Step } | null = null;

  /** @param isIdle nothing is on its way, so the form says where the page is. */
  add(fields: Fields, step: Step, isIdle: boolean): Fields {
    const before = this.#began;
    this.#began =
      before !== null && !isIdle && before.step.what === step.what
        ? { fields: before.fields, step: { what: step.what, count: before.step.count + step.count } }
        : { fields, step };
    return this.#began.step.count === 0 ? this.#began.fields : withStep(this.#began.fields, this.#began.step);
  }

  /** Something else was asked for. */
  forget(): void {
    this.#began = null;
  }
}
