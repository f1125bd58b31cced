/** The viewer page: Neuroglancer, with the portal's own bar and list of layers around it. */

import { copyText } from "./copying";
import { parseConfig, type ViewerConfig } from "./viewer/config";
import { eachFrame, LayerPanel } from "./viewer/layer_panel";
import { groupLayers, layerNames } from "./viewer/layers";
import { LinkRefused, makeLink } from "./viewer/links";
import {
  createViewer,
  failedBlocks,
  isShown,
  isTurned,
  longestSide,
  problemOf,
  settled,
  type Viewer,
} from "./viewer/neuroglancer";
import { formatNm, fromNm, parseNm, toNm } from "./viewer/position";
import { withSlices } from "./viewer/slices_in_3d";
import { layoutName, panelTitles, withDefaults, withLayout } from "./viewer/state";
// After Neuroglancer's own style, to have the last word.
import "./viewer.css";

declare global {
  interface Window {
    /** For tests and for pages that embed the viewer. */
    cisterna?: { viewer: Viewer; settled: () => Promise<void> };
  }
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found as T;
}

function showNotice(title: string, text: string): void {
  byId("notice-title").textContent = title;
  byId("notice-text").textContent = text;
  byId("notice").hidden = false;
  byId("loading").hidden = true;
}

const hasWebGl2 = (): boolean => document.createElement("canvas").getContext("webgl2") !== null;

function setUpLayouts(viewer: Viewer): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-layout]")];
  const refresh = () => {
    // The space key alternates with Neuroglancer's other order of the same four panels.
    const current = layoutName(viewer.layout.toJSON()).replace("-alt", "");
    for (const it of buttons) it.setAttribute("aria-pressed", String(it.dataset.layout === current));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      viewer.layout.restoreState(withLayout(viewer.layout.toJSON(), button.dataset.layout ?? ""));
    });
  }
  viewer.layout.changed.add(refresh);
  refresh();
  const keepSlices = eachFrame(() => {
    const [x = 0, y = 0, z = 0, w = 1] = viewer.crossSectionOrientation.orientation;
    const layout = withSlices(viewer.layout.toJSON(), longestSide(viewer), [x, y, z, w]);
    if (layout !== null) viewer.layout.restoreState(layout);
  });
  viewer.layout.changed.add(keepSlices);
  viewer.coordinateSpace.changed.add(keepSlices);
}

/** Say which plane a panel shows (a turned slice is none of xy, xz, yz any more), and let the Tab key reach it. */
function setUpViews(viewer: Viewer): void {
  // Neuroglancer puts new panels on the page some time after the layout's signal, but before it draws them.
  viewer.display.updateFinished.add(() => {
    const titles = panelTitles(viewer.layout.toJSON());
    const panels = document.querySelectorAll<HTMLElement>(".neuroglancer-rendered-data-panel");
    panels.forEach((panel, i) => {
      const plane = titles[i] ?? "";
      const title = isTurned(viewer) && /^[xyz]{2}$/.test(plane) ? `${plane}, turned` : plane;
      if (panel.dataset.title === title) return;
      panel.dataset.title = title;
      panel.tabIndex = 0;
      panel.setAttribute("role", "application");
      panel.setAttribute("aria-label", `View ${title}; press h for the keys`);
    });
  });
}

function setUpPosition(viewer: Viewer): void {
  const field = byId<HTMLInputElement>("position");
  const show = () => {
    const nm = toNm(viewer.position.value, viewer.coordinateSpace.value);
    field.value = nm === null ? "" : formatNm(nm);
    field.removeAttribute("aria-invalid");
  };
  viewer.position.changed.add(
    eachFrame(() => {
      if (document.activeElement !== field) show();
    }),
  );
  field.addEventListener("change", () => {
    const nm = parseNm(field.value);
    const moved = nm && fromNm(nm, viewer.position.value, viewer.coordinateSpace.value);
    if (moved === null) {
      field.setAttribute("aria-invalid", "true");
      return;
    }
    viewer.position.value = moved;
    show();
  });
  field.addEventListener("blur", show);
  byId("copy-position").addEventListener("click", (event) => {
    void copyText(field.value, event.currentTarget as HTMLElement);
  });
  show();
}

function setUpShare(viewer: Viewer, config: ViewerConfig): void {
  const dialog = byId<HTMLDialogElement>("share-dialog");
  const text = byId("share-text");
  const row = byId("share-link-row");
  const link = byId<HTMLInputElement>("share-link");
  const csrfToken = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
  byId("share").addEventListener("click", async () => {
    text.textContent = "Making the link…";
    row.hidden = true;
    dialog.showModal();
    try {
      link.value = await makeLink(config.linksUrl, viewer.state.toJSON(), csrfToken);
      text.textContent = "Whoever opens it sees this place, this angle and these layers.";
      row.hidden = false;
      link.select();
    } catch (error) {
      if (!(error instanceof LinkRefused)) throw error;
      text.textContent = `The link could not be made. ${error.message}`;
    }
  });
  byId("copy-link").addEventListener("click", (event) => {
    void copyText(link.value, event.currentTarget as HTMLElement);
  });
}

function setUpPanels(viewer: Viewer): void {
  const toggle = byId("toggle-layers");
  toggle.addEventListener("click", () => {
    const open = document.body.dataset.panel !== "open";
    document.body.dataset.panel = open ? "open" : "closed";
    toggle.setAttribute("aria-expanded", String(open));
  });
  const help = byId<HTMLDialogElement>("help-dialog");
  byId("open-help").addEventListener("click", () => help.showModal());
  viewer.bindAction("show-keys", () => help.showModal());
}

const WATCH_INTERVAL_MS = 500;
const SLOW_AFTER_MS = 10_000;

/** Keep "loading" and the counts of unreadable blocks true to what is on the screen. */
function watchLoading(viewer: Viewer, panel: LayerPanel): void {
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
      if (layers.length > 0 && layers.every((it) => problemOf(it) !== null)) {
        showNotice("No layer could be loaded", "The list of layers says why, layer by layer.");
      }
    }
    setTimeout(watch, WATCH_INTERVAL_MS);
  };
  void watch();
}

function open(): void {
  const config = parseConfig(byId("viewer-config").textContent ?? "");
  if (!hasWebGl2()) {
    showNotice(
      "This browser cannot draw in 3D",
      "The viewer needs WebGL 2, which this browser does not offer or has switched off.",
    );
    return;
  }
  if (layerNames(config.state).length === 0) {
    showNotice("Nothing to show yet", "No layer of this dataset can be shown in the viewer.");
    return;
  }
  const initial = withDefaults(config.state);
  const viewer = createViewer(byId("neuroglancer-container"));
  window.cisterna = { viewer, settled: () => settled(viewer) };
  viewer.state.restoreState(initial);
  byId("reset").addEventListener("click", () => {
    viewer.state.reset();
    viewer.state.restoreState(initial);
  });
  setUpLayouts(viewer);
  setUpViews(viewer);
  setUpPosition(viewer);
  setUpShare(viewer, config);
  setUpPanels(viewer);
  watchLoading(viewer, new LayerPanel(byId("layers"), groupLayers(initial, config.layers), viewer));
}

try {
  open();
} catch (error) {
  showNotice("The view could not be opened", error instanceof Error ? error.message : String(error));
  throw error;
}
