/** "Loading", and what could not be read: kept true to what is on the screen. */

import type { LayerPanel } from "./layer_panel";
import { failedBlocks, isShown, problemOf, type Viewer } from "./neuroglancer";
import { byId } from "./page";

const WATCH_INTERVAL_MS = 500;
const SLOW_AFTER_MS = 10_000;

export function showNotice(title: string, text: string): void {
  byId("notice-title").textContent = title;
  byId("notice-text").textContent = text;
  byId("notice").hidden = false;
  byId("loading").hidden = true;
}

export function watchLoading(viewer: Viewer, panel: LayerPanel): void {
  const loading = byId("loading");
  let lastShown = performance.now();
  const watch = async () => {
    if (!document.hidden) {
      const shown = isShown(viewer);
      const failed = shown ? new Map<string, number>() : await failedBlocks(viewer);
      if (shown) lastShown = performance.now();
      // Neuroglancer asks a busy or broken storage again for minutes, without a word.
      const slow = performance.now() - lastShown > SLOW_AFTER_MS;
      loading.textContent = slow ? "Still loading: the storage is slow or does not answer…" : "Loading…";
      loading.hidden = shown || failed.size > 0;
      panel.setFailedBlocks(failed);
      const layers = viewer.layerManager.managedLayers;
      byId("notice").hidden = layers.length === 0 || layers.some((it) => problemOf(it) === null);
      if (!byId("notice").hidden) {
        showNotice("No layer could be loaded", "The list of layers says why, layer by layer.");
      }
    }
    setTimeout(watch, WATCH_INTERVAL_MS);
  };
  void watch();
}
