/** The present view stands in the page's address: a reload keeps it. Nothing of it goes to the server. */

import { readFragment, writeFragment } from "./address";
import type { LayerSpec, NeuroglancerState, ViewerConfig } from "./config";
import type { Viewer } from "./neuroglancer";
import { inventory, type Origins } from "./sources";

/** Browsers allow some hundred changes of the address in half a minute. */
const WRITE_AFTER_MS = 400;

/** Where the last change waits that came too shortly before a reload to reach the address. */
const UNWRITTEN = "cisterna-unwritten-view";

const isReload = (): boolean =>
  (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined)?.type === "reload";

/** The fragment of the page, or after a reload the one that was not written any more. Taken once. */
function presentFragment(): string {
  const unwritten = sessionStorage.getItem(UNWRITTEN);
  sessionStorage.removeItem(UNWRITTEN);
  const [address, fragment] = unwritten === null ? [] : (JSON.parse(unwritten) as string[]);
  return isReload() && address === location.pathname + location.search ? (fragment ?? "") : location.hash;
}

/** The layers that the page itself brings along, by name. */
export function knownLayers({ state, offered }: ViewerConfig): Map<string, LayerSpec> {
  const layers = [...(Array.isArray(state.layers) ? (state.layers as LayerSpec[]) : []), ...offered];
  return new Map(
    layers.map(({ visible: _visible, archived: _archived, ...layer }) => [layer.name as string, layer as LayerSpec]),
  );
}

/** The view in the present address; null when there is none, or when it names a source that may not be read. */
export function presentState(known: Map<string, LayerSpec>, origins: Origins): NeuroglancerState | null {
  const state = readFragment(presentFragment(), known);
  return state !== null && inventory(state, origins).every((it) => it.allowed) ? state : null;
}

/** The present view as a fragment, with its `#`. */
export const fragmentOf = (viewer: Viewer, known: Map<string, LayerSpec>): string =>
  writeFragment(viewer.state.toJSON() as NeuroglancerState, known);

export function keepPresentState(
  viewer: Viewer,
  known: Map<string, LayerSpec>,
  open: (state: NeuroglancerState) => void,
  origins: Origins,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let written = location.hash;
  const write = () => {
    timer = undefined;
    const fragment = fragmentOf(viewer, known);
    if (fragment === written) return;
    written = fragment;
    history.replaceState(null, "", fragment === "" ? location.pathname + location.search : fragment);
  };
  viewer.state.changed.add(() => (timer ??= setTimeout(write, WRITE_AFTER_MS)));
  // A reload goes to the address as it was when it began: what is written until the answer is here comes too late.
  let left: string | undefined;
  addEventListener("beforeunload", () => (left = written));
  addEventListener("pagehide", () => {
    if (timer === undefined && written === (left ?? written)) return;
    const unwritten = [location.pathname + location.search, fragmentOf(viewer, known)];
    sessionStorage.setItem(UNWRITTEN, JSON.stringify(unwritten));
  });
  addEventListener("hashchange", () => {
    if (location.hash === written) return;
    written = location.hash;
    const state = presentState(known, origins);
    if (state !== null) open(state);
  });
}
