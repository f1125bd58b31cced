/** The viewer page: Neuroglancer, with the portal's own bar and panels around it. */

import { copyText } from "./copying";
import { type NeuroglancerState, parseConfig } from "./viewer/config";
import { setUpDetails } from "./viewer/details";
import { setUpDimensions } from "./viewer/dimensions";
import { setUpDownload } from "./viewer/download";
import { setUpGoTo } from "./viewer/go_to";
import { LayerPanel } from "./viewer/layer_panel";
import { LayerSet } from "./viewer/layer_set";
import { setUpLayouts, setUpPanels } from "./viewer/layouts";
import { type Linked, linkedView } from "./viewer/linked";
import { showNotice, watchLoading } from "./viewer/loading";
import { createViewer, settled, type Viewer } from "./viewer/neuroglancer";
import { byId, copyOf, hasWebGl2 } from "./viewer/page";
import { setUpPaste } from "./viewer/paste";
import { fragmentOf, keepPresentState, knownLayers, presentState } from "./viewer/present";
import { setUpShare } from "./viewer/share";
import { setUpSlicesLinks } from "./viewer/slices_address";
import { withDefaults } from "./viewer/state";
import { Stops } from "./viewer/stops";
// After Neuroglancer's own style, to have the last word.
import "./viewer.css";

declare global {
  interface Window {
    /** For tests and for pages that embed the viewer. */
    cisterna?: { viewer: Viewer; layers: LayerSet; settled: () => Promise<void>; linked: Linked };
  }
}

function setUpSides(viewer: Viewer): void {
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

/** Addresses of layers that are not opened here. */
function setUpAddresses(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-address]")) {
    button.addEventListener("click", () => void copyText(button.dataset.address ?? "", button));
  }
}

function open(): void {
  setUpAddresses();
  const config = parseConfig(byId("viewer-config").textContent ?? "");
  const known = knownLayers(config);
  const origins = { dataUrl: config.dataUrl, external: config.externalOrigins };
  if (!hasWebGl2()) {
    showNotice(
      "This browser cannot draw in 3D",
      "The viewer needs WebGL 2, which this browser does not offer or has switched off. Slices through any place need nothing.",
    );
    byId("notice").append(copyOf("slices"));
    byId("notice").classList.add("pictures");
    document.body.classList.add("no-viewer");
    const linked = presentState(known, origins);
    setUpSlicesLinks(() => linked);
    return;
  }
  if (known.size === 0) {
    showNotice("Nothing to show yet", "No layer of this dataset can be shown in the viewer.");
    return;
  }
  const viewer = createViewer(byId("neuroglancer-container"));
  const layers = new LayerSet(
    viewer,
    [...known.values()],
    config.layers.map((it) => it.name),
  );
  window.cisterna = { viewer, layers, settled: () => settled(viewer), linked: linkedView(viewer, known) };
  const show = (state: NeuroglancerState) => {
    viewer.state.reset();
    layers.open(withDefaults(state));
  };
  show(presentState(known, origins) ?? config.state);
  keepPresentState(viewer, known, show, origins);
  byId("reset").addEventListener("click", () => show(config.state));
  setUpPaste(origins, show);
  setUpSlicesLinks(() => viewer.state.toJSON() as NeuroglancerState);
  const fullWindow = byId<HTMLAnchorElement>("full-window");
  fullWindow.addEventListener("click", () => (fullWindow.href = config.viewUrl + fragmentOf(viewer, known)));
  setUpLayouts(viewer);
  setUpPanels(viewer);
  setUpShare(viewer, config.linksUrl, config.reference);
  setUpSides(viewer);
  const panel = new LayerPanel(byId("layers"), viewer, layers, config.layers);
  setUpGoTo(viewer, layers, panel);
  setUpDimensions(viewer);
  setUpDownload(viewer, layers, panel, config);
  setUpDetails(viewer, layers, panel);
  new Stops(viewer, layers, config.stops).begin(new URLSearchParams(location.search).get("view"));
  watchLoading(viewer, panel);
}

try {
  open();
} catch (error) {
  showNotice("The view could not be opened", error instanceof Error ? error.message : String(error));
  throw error;
}
