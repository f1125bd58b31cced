/** The way from one view to another: place, angle and scale change together, and quickly. */

export type Quaternion = readonly [x: number, y: number, z: number, w: number];

export interface Pose {
  position: readonly number[];
  orientation: Quaternion;
  scale: number;
}

const FLIGHT_MS = 700;

/** Slow at both ends. */
export const ease = (t: number): number => (t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2);

const mix = (a: number, b: number, t: number): number => a + (b - a) * t;

/** The shorter way round from one rotation to another. */
export function slerp(a: Quaternion, b: Quaternion, t: number): Quaternion {
  let dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  // q and -q are the same rotation.
  const sign = dot < 0 ? -1 : 1;
  dot = Math.min(1, Math.abs(dot));
  const angle = Math.acos(dot);
  const [wa, wb] =
    angle < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  const turned = a.map((it, i) => wa * it + wb * sign * (b[i] as number));
  const length = Math.hypot(...turned);
  return turned.map((it) => it / length) as unknown as Quaternion;
}

/** @param t 0 is `a`, 1 is `b`. */
export function between(a: Pose, b: Pose, t: number): Pose {
  if (t >= 1) return b;
  return {
    position: b.position.map((to, i) => mix(a.position[i] ?? to, to, t)),
    orientation: slerp(a.orientation, b.orientation, t),
    // Twice as close and half as close are equally far.
    scale: Math.exp(mix(Math.log(a.scale), Math.log(b.scale), t)),
  };
}

/** Fly until the goal is reached or `isOver` says so; at once for people who want nothing to move. */
export function fly(from: Pose, to: Pose, show: (pose: Pose) => void, isOver: () => boolean): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    show(to);
    return;
  }
  const started = performance.now();
  const step = () => {
    if (isOver()) return;
    const t = Math.min(1, (performance.now() - started) / FLIGHT_MS);
    show(between(from, to, ease(t)));
    if (t < 1) requestAnimationFrame(step);
  };
  step();
}
