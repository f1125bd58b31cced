/** Regions of ground truth, shown as boxes: which of them somebody means. */

import type { CropDescription } from "./config";
import { mousePosition, pickedAnnotation, type Viewer } from "./neuroglancer";
import { toNm } from "./position";

const holds = ({ lowNm, highNm }: CropDescription, nm: readonly number[]): boolean =>
  nm.every((at, axis) => (lowNm[axis] as number) <= at && at <= (highNm[axis] as number));

/** The crops at a place, the smallest first: one may lie in another. */
export function cropsAt(crops: readonly CropDescription[], nm: readonly number[]): CropDescription[] {
  const volume = ({ lowNm, highNm }: CropDescription) =>
    lowNm.reduce((product, low, axis) => product * ((highNm[axis] as number) - low), 1);
  return crops.filter((it) => holds(it, nm)).sort((a, b) => volume(a) - volume(b));
}

/** The crop whose box is under the pointer; else those in which the pointer, or the centre of the view, is. */
export function cropsMeant(viewer: Viewer, crops: readonly CropDescription[]): CropDescription[] {
  const id = pickedAnnotation(viewer);
  const picked = crops.filter((it) => it.id === id);
  if (picked.length > 0) return picked;
  const nm = toNm(mousePosition(viewer) ?? viewer.position.value, viewer.coordinateSpace.value);
  return nm === null ? [] : cropsAt(crops, nm);
}
