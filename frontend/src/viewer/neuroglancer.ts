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
import type { ManagedUserLayer, UserLayer } from "neuroglancer/unstable/layer/index.js";
import { setDefaultInputEventBindings } from "neuroglancer/unstable/ui/default_input_event_bindings.js";
import { makeMinimalViewer } from "neuroglancer/unstable/ui/minimal_viewer.js";
import { MessageSeverity } from "neuroglancer/unstable/util/message_list.js";
import type { Viewer } from "neuroglancer/unstable/viewer.js";

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
  keys.set("keyn", "replaced");
  keys.set("keyh", "show-keys");
  for (let digit = 1; digit <= 9; digit++) keys.set(`control+digit${digit}`, "replaced");
  viewer.inputEventBindings.sliceView.set("control+mousedown2", "replaced");
  viewer.inputEventBindings.perspectiveView.set("control+mousedown2", "replaced");
  return viewer;
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

/** The value under the pointer as text, empty where there is none. */
export function hoveredValue(viewer: Viewer, layer: ManagedUserLayer): string {
  const value: unknown =
    layer.layer === null || !layer.visible ? null : viewer.layerSelectedValues.get(layer.layer)?.value;
  return value === null || value === undefined ? "" : String(value);
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
