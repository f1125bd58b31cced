/** The one place that knows Neuroglancer's classes. */

// Registers the data sources, key-value stores and layer types chosen in vite.config.ts.
import "neuroglancer";
import {
  ChunkMemoryStatistics,
  ChunkPriorityTier,
  ChunkState,
  getChunkStateStatisticIndex,
  numChunkMemoryStatistics,
} from "neuroglancer/unstable/chunk_manager/base.js";
import { makeLayer, type ManagedUserLayer, type UserLayer } from "neuroglancer/unstable/layer/index.js";
import { SliceViewPanel } from "neuroglancer/unstable/sliceview/panel.js";
import { setDefaultInputEventBindings } from "neuroglancer/unstable/ui/default_input_event_bindings.js";
import { makeMinimalViewer } from "neuroglancer/unstable/ui/minimal_viewer.js";
import { parseRGBColorSpecification, serializeColor } from "neuroglancer/unstable/util/color.js";
import { vec3 } from "neuroglancer/unstable/util/geom.js";
import { MessageSeverity } from "neuroglancer/unstable/util/message_list.js";
import type { Viewer } from "neuroglancer/unstable/viewer.js";

import type { Pose } from "./flight";

export type { ManagedUserLayer, UserLayer, Viewer };

export function createViewer(target: HTMLElement): Viewer {
  const viewer = makeMinimalViewer({
    target,
    showLayerDialog: false,
    resetStateWhenEmpty: false,
    showUIControls: false,
    showPanelBorders: false,
  });
  setDefaultInputEventBindings(viewer.inputEventBindings);
  const keys = viewer.inputEventBindings.global;
  // These open panels of Neuroglancer that the page's own parts replace. An action nobody listens to does nothing.
  keys.set("keyh", "show-keys");
  keys.set("keyn", "next-stop");
  keys.set("keyp", "previous-stop");
  for (let digit = 1; digit <= 9; digit++) {
    keys.set(`digit${digit}`, `switch-layer-${digit}`);
    keys.set(`control+digit${digit}`, "replaced");
  }
  viewer.inputEventBindings.sliceView.set("control+mousedown2", "replaced");
  viewer.inputEventBindings.perspectiveView.set("control+mousedown2", "replaced");
  return viewer;
}

/** Add a layer at `index` among those that are there. Only now does Neuroglancer ask for its metadata. */
export function addLayer(viewer: Viewer, spec: { name: string }, index: number): void {
  viewer.layerSpecification.add(makeLayer(viewer.layerSpecification, spec.name, spec), index);
}

interface Colourable {
  /** Segmentations: one colour for all objects, or undefined for a colour for each. */
  displayState?: { segmentDefaultColor?: { value: vec3 | undefined } };
  /** Images with a tint in their shader. */
  shaderControlState?: { value: Map<string, { trackable: { value: unknown } }> };
}

function tintOf(layer: UserLayer | null): { value: vec3 } | undefined {
  const { shaderControlState } = (layer ?? {}) as Colourable;
  return shaderControlState?.value.get("tint")?.trackable as { value: vec3 } | undefined;
}

/** The colour of a layer, `#rrggbb`; null where each object has its own; undefined where it cannot be chosen. */
export function colourOf(layer: UserLayer | null): string | null | undefined {
  const shared = ((layer ?? {}) as Colourable).displayState?.segmentDefaultColor;
  if (shared !== undefined) return shared.value === undefined ? null : serializeColor(shared.value);
  const tint = tintOf(layer);
  return tint === undefined ? undefined : serializeColor(tint.value);
}

/** @param colour `#rrggbb`; null for a colour for each object, where there are objects. */
export function setColour(layer: UserLayer | null, colour: string | null): void {
  const chosen = colour === null ? undefined : vec3.clone(parseRGBColorSpecification(colour));
  const shared = ((layer ?? {}) as Colourable).displayState?.segmentDefaultColor;
  if (shared !== undefined) shared.value = chosen;
  else {
    const tint = tintOf(layer);
    if (tint !== undefined && chosen !== undefined) tint.value = chosen;
  }
}

/** A dimension of the view beside space, such as time; values are elements, from 0. */
export interface ViewDimension {
  name: string;
  size: number;
  /** Which element is shown. */
  element: number;
  /** Of an element in the dimension's unit, such as seconds. */
  step: number;
  unit: string;
}

export function viewDimensions(viewer: Viewer): ViewDimension[] {
  const { names, units, scales, bounds } = viewer.coordinateSpace.value;
  return names.flatMap((name, i) => {
    const size = (bounds.upperBounds[i] ?? 0) - (bounds.lowerBounds[i] ?? 0);
    if (["x", "y", "z"].includes(name) || !Number.isFinite(size) || size <= 1) return [];
    const element = Math.floor((viewer.position.value[i] ?? 0) - (bounds.lowerBounds[i] ?? 0));
    return [{ name, size: Math.round(size), element, step: scales[i] ?? 1, unit: units[i] ?? "" }];
  });
}

export function setElement(viewer: Viewer, name: string, element: number): void {
  const { names, bounds } = viewer.coordinateSpace.value;
  const i = names.indexOf(name);
  if (i < 0) return;
  const moved = Float32Array.from(viewer.position.value);
  moved[i] = (bounds.lowerBounds[i] ?? 0) + element + 0.5;
  viewer.position.value = moved;
}

/** How opaque a layer is drawn in slices, 0 to 1: each layer type keeps it elsewhere. */
export function opacityOf(layer: UserLayer | null): { value: number } | undefined {
  type Opaque = { opacity?: { value: number }; displayState?: { selectedAlpha?: { value: number } } };
  const { opacity, displayState } = (layer ?? {}) as Opaque;
  return opacity ?? displayState?.selectedAlpha;
}

/** Why a layer shows nothing, in the source's words; null while all is well. */
export function problemOf(layer: ManagedUserLayer): string | null {
  for (const { severity, message } of layer.layer?.messages ?? []) {
    if (severity === MessageSeverity.error) return message;
  }
  return null;
}

/** Longest side of what is loaded, in units of the coordinate space; infinite or negative while it is not known. */
export function longestSide(viewer: Viewer): number {
  const { lowerBounds, upperBounds } = viewer.coordinateSpace.value.bounds;
  const { displayDimensionIndices, displayRank } = viewer.displayDimensionRenderInfo.value;
  const shown = [...displayDimensionIndices].slice(0, displayRank);
  return Math.max(...shown.map((i) => (upperBounds[i] ?? 0) - (lowerBounds[i] ?? 0)));
}

/** Slices still stand along the axes, or have been turned. */
export function isTurned(viewer: Viewer): boolean {
  return viewer.crossSectionOrientation.toJSON() !== undefined;
}

/** What a layer has at a place, as text, empty where nothing is known; several channels are set apart by spaces. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>).join(" ");
  return String((value as { value?: unknown }).value ?? value);
}

/** The value under the pointer, else at the centre of the view. */
export function valueAt(viewer: Viewer, layer: ManagedUserLayer): string {
  if (layer.layer === null || !layer.visible) return "";
  if (viewer.mouseState.active) return valueText(viewer.layerSelectedValues.get(layer.layer)?.value);
  return valueText(layer.layer.getValueAt(viewer.position.value, viewer.mouseState));
}

/** Show one object of a layer alone, or with null all of them. */
export function showOnly(layer: ManagedUserLayer, segment: string | null): void {
  type Segments = { visibleSegments: { clear(): void; add(id: bigint): void } };
  const { displayState } = (layer.layer ?? {}) as { displayState?: { segmentationGroupState: { value: Segments } } };
  const segments = displayState?.segmentationGroupState.value.visibleSegments;
  segments?.clear();
  if (segment !== null) segments?.add(BigInt(segment));
}

/** The objects of a layer that are shown alone; empty when all are shown. */
export function shownAlone(layer: ManagedUserLayer): string[] {
  type Segments = { visibleSegments: Iterable<bigint> };
  const { displayState } = (layer.layer ?? {}) as { displayState?: { segmentationGroupState: { value: Segments } } };
  return [...(displayState?.segmentationGroupState.value.visibleSegments ?? [])].map(String);
}

/** Where the pointer is, in units of the coordinate space; null while it is not over a view. */
export function mousePosition(viewer: Viewer): ArrayLike<number> | null {
  return viewer.mouseState.active ? viewer.mouseState.position : null;
}

/** The id of the annotation whose outline is under the pointer, if there is one. */
export function pickedAnnotation(viewer: Viewer): string | undefined {
  return viewer.mouseState.active ? viewer.mouseState.pickedAnnotationId : undefined;
}

/** A slice on the screen: its middle, and from there to its right and lower edge; in units of the coordinate space. */
export interface SeenPlane {
  middle: number[];
  right: number[];
  down: number[];
}

export function seenPlanes(viewer: Viewer): SeenPlane[] {
  return [...viewer.display.panels].flatMap((panel) => {
    if (!(panel instanceof SliceViewPanel)) return [];
    const { invViewMatrix, logicalWidth, logicalHeight, displayDimensionRenderInfo, globalPosition } =
      panel.sliceView.projectionParameters.value;
    const { displayDimensionIndices, displayRank } = displayDimensionRenderInfo;
    if (logicalWidth <= 0 || logicalHeight <= 0) return [];
    const plane = {
      middle: [...globalPosition],
      right: Array<number>(globalPosition.length).fill(0),
      down: Array<number>(globalPosition.length).fill(0),
    };
    for (let i = 0; i < displayRank; i++) {
      const dimension = displayDimensionIndices[i] ?? 0;
      plane.middle[dimension] = invViewMatrix[12 + i] ?? 0;
      plane.right[dimension] = ((invViewMatrix[i] ?? 0) * logicalWidth) / 2;
      plane.down[dimension] = ((invViewMatrix[4 + i] ?? 0) * logicalHeight) / 2;
    }
    return [plane];
  });
}

export function poseOf(viewer: Viewer): Pose {
  const [x = 0, y = 0, z = 0, w = 1] = viewer.crossSectionOrientation.orientation;
  return {
    position: [...viewer.position.value],
    orientation: [x, y, z, w],
    scale: viewer.crossSectionScale.value,
  };
}

export function setPose(viewer: Viewer, { position, orientation, scale }: Pose): void {
  viewer.position.value = Float32Array.from(position);
  viewer.crossSectionOrientation.restoreState(orientation);
  viewer.crossSectionScale.value = scale;
}

/** Angle and scale of the view in 3D; the scale is NaN while it is not known. */
export function projectionOf(viewer: Viewer): Omit<Pose, "position"> {
  const [x = 0, y = 0, z = 0, w = 1] = viewer.projectionOrientation.orientation;
  return { orientation: [x, y, z, w], scale: viewer.projectionScale.value };
}

/** Called whenever the view moves, turns, comes nearer or is laid out in another way. */
export function onNavigation(viewer: Viewer, action: () => void): void {
  const { position, crossSectionScale, projectionScale, crossSectionOrientation, projectionOrientation, layout } =
    viewer;
  for (const it of [
    position,
    crossSectionScale,
    projectionScale,
    crossSectionOrientation,
    projectionOrientation,
    layout,
  ]) {
    it.changed.add(action);
  }
}

/** Called when a person takes hold of the view, with the mouse, a finger, the wheel or a key. */
export function onUserInput(action: () => void): void {
  const view = document.getElementById("neuroglancer-container");
  for (const event of ["pointerdown", "wheel", "keydown"]) {
    view?.addEventListener(event, action, { capture: true, passive: true });
  }
}

/** Everything wanted for the present view is on the screen. A layer that failed is not waited for. */
export function isShown(viewer: Viewer): boolean {
  const layers = viewer.layerManager.managedLayers.filter((it) => problemOf(it) === null);
  if (layers.length === 0) return true;
  viewer.chunkQueueManager.flushPendingChunkUpdates();
  return layers.every((it) => it.isReady()) && viewer.display.isReady();
}

const AT_REST_CHECKS = 3;
const CHECK_INTERVAL_MS = 100;

/** Resolves when the view has been complete for three checks in a row. */
export async function settled(viewer: Viewer): Promise<void> {
  for (let complete = 0; complete < AT_REST_CHECKS;) {
    complete = isShown(viewer) ? complete + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
  }
}

/**
 * Blocks of each layer that could not be read. Neuroglancer paints them like empty space and says so only in the
 * worker's console, where nobody looks.
 */
export async function failedBlocks(viewer: Viewer): Promise<Map<string, number>> {
  const statistics = await viewer.chunkQueueManager.getStatistics();
  const state = getChunkStateStatisticIndex(ChunkState.FAILED, ChunkPriorityTier.VISIBLE);
  const failed = state * numChunkMemoryStatistics + ChunkMemoryStatistics.numChunks;
  const counts = new Map<string, number>();
  for (const layer of viewer.layerManager.managedLayers) {
    const sources = new Set<unknown>();
    for (const renderLayer of layer.layer?.renderLayers ?? []) {
      const { visibleSourcesList } = renderLayer as { visibleSourcesList?: { source: unknown }[] };
      for (const { source } of visibleSourcesList ?? []) sources.add(source);
    }
    let count = 0;
    for (const [source, values] of statistics) if (sources.has(source)) count += values[failed] ?? 0;
    if (count > 0) counts.set(layer.name, count);
  }
  return counts;
}
