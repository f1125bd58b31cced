/** What a page that stands around this view knows of it, in units of no particular volume: nm, and quaternions. */

import type { LayerSpec } from "./config";
import type { Quaternion } from "./flight";
import { onNavigation, poseOf, projectionOf, type Viewer } from "./neuroglancer";
import { fromNm, nmPerUnit, type PositionNm, toNm } from "./position";
import { fragmentOf } from "./present";
import { layoutName, panelTitles, withLayout } from "./state";

/** Where a view looks, and how. Of two each, the first is that of slices, the second that in 3D. */
export interface Glance {
  position: PositionNm;
  /** nm in a pixel of a slice; nm across the height of the panel in 3D, NaN while it is not known. */
  zoom: readonly [number, number];
  orientation: readonly [Quaternion, Quaternion];
  /** The name of the layout. */
  layout: string;
}

export interface Linked {
  /** Null while the space of the view is not known. */
  read(): Glance | null;
  apply(change: Partial<Glance>): void;
  onNavigation(action: () => void): void;
  /** Called when anything of the state changes. */
  onChange(action: () => void): void;
  /** The whole view as the fragment of its address. */
  fragment(): string;
}

export function linkedView(viewer: Viewer, known: Map<string, LayerSpec>): Linked {
  const read = (): Glance | null => {
    const space = viewer.coordinateSpace.value;
    const [slices, projection] = [poseOf(viewer), projectionOf(viewer)];
    const position = toNm(viewer.position.value, space);
    const unit = nmPerUnit(space);
    if (position === null || unit === null || !Number.isFinite(slices.scale)) return null;
    return {
      position,
      zoom: [slices.scale * unit, projection.scale * unit],
      orientation: [slices.orientation, projection.orientation],
      layout: layoutName(viewer.layout.toJSON()),
    };
  };
  const apply = ({ position, zoom, orientation, layout }: Partial<Glance>): void => {
    const space = viewer.coordinateSpace.value;
    const unit = nmPerUnit(space);
    if (position !== undefined) {
      const moved = fromNm(position, viewer.position.value, space);
      if (moved !== null) viewer.position.value = moved;
    }
    if (zoom !== undefined && unit !== null) {
      viewer.crossSectionScale.value = zoom[0] / unit;
      if (Number.isFinite(zoom[1])) viewer.projectionScale.value = zoom[1] / unit;
    }
    if (orientation !== undefined) {
      viewer.crossSectionOrientation.restoreState(orientation[0]);
      viewer.projectionOrientation.restoreState(orientation[1]);
    }
    // A window split by hand names layers that the other view need not have.
    if (layout !== undefined && panelTitles(layout).length > 0) {
      viewer.layout.restoreState(withLayout(viewer.layout.toJSON(), layout));
    }
  };
  return {
    read,
    apply,
    onNavigation: (action) => onNavigation(viewer, action),
    onChange: (action) => void viewer.state.changed.add(action),
    fragment: () => fragmentOf(viewer, known),
  };
}
