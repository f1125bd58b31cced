/** A 3D view of a dataset without meshes is an empty box: three slices through the present place stand in it. */

import { layoutName, withLayout } from "./state";

type Quaternion = readonly [x: number, y: number, z: number, w: number];

const HALF = Math.SQRT1_2;
/** Turns from the xy plane, as Neuroglancer's own xz and yz panels have them. */
const PLANES: Record<string, Quaternion> = { xy: [0, 0, 0, 1], xz: [HALF, 0, 0, HALF], yz: [0, HALF, 0, HALF] };
const PIXELS = 1000;

function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return [
    ax * bw + aw * bx + ay * bz - az * by,
    ay * bw + aw * by + az * bx - ax * bz,
    az * bw + aw * bz + ax * by - ay * bx,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

const hasSlices = (layout: unknown): boolean =>
  (layout as { crossSections?: unknown } | null)?.crossSections !== undefined;

/**
 * The layout with slices where it is a bare 3D view, without them where it has left 3D; null when it can stay.
 *
 * @param extent longest side of the volume, in units of the coordinate space; the slices reach across it.
 * @param orientation of the slices at present; they go on turning with it.
 */
export function withSlices(layout: unknown, extent: number, orientation: Quaternion): unknown {
  const name = layoutName(layout);
  if (name !== "3d") return name !== "" && hasSlices(layout) ? withLayout(layout, name) : null;
  if (hasSlices(layout) || !(Number.isFinite(extent) && extent > 0)) return null;
  const slice = (plane: Quaternion) => ({
    width: PIXELS,
    height: PIXELS,
    orientation: { link: "relative", value: multiply(orientation, plane) },
    // Twice the longest side: still across the volume when the place is at its edge.
    scale: { link: "unlinked", value: (2 * extent) / PIXELS },
  });
  const crossSections = Object.fromEntries(Object.entries(PLANES).map(([axes, plane]) => [axes, slice(plane)]));
  const bare = withLayout(layout, name);
  return { ...(typeof bare === "string" ? { type: bare } : (bare as object)), crossSections };
}
