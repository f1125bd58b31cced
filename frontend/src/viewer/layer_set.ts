/**
 * The layers of a dataset, on and off. Neuroglancer reads the metadata of every layer it has, also of those that are
 * hidden or archived; so a layer that was never on is not Neuroglancer's yet: it waits here, as its JSON.
 */

import type { LayerSpec, NeuroglancerState } from "./config";
import {
  addLayer,
  colourOf,
  type ManagedUserLayer,
  opacityOf,
  problemOf,
  setColour,
  type Viewer,
} from "./neuroglancer";
import { splitLayers } from "./state";

export class LayerSet {
  /** Layers that Neuroglancer does not have yet, by name. */
  private readonly waiting = new Map<string, LayerSpec>();
  private order: string[] = [];

  /**
   * @param offered layers beside those of whatever state is opened.
   * @param listed names in the order of the list; layers that are not in it come last.
   */
  constructor(
    private readonly viewer: Viewer,
    private readonly offered: readonly LayerSpec[],
    private readonly listed: readonly string[],
  ) {}

  /** Show a state. Its hidden layers, and those it lacks, wait until they are switched on. */
  open(state: NeuroglancerState): void {
    const { shown, hidden } = splitLayers(state);
    const names = new Set(shown.map((it) => it.name));
    this.waiting.clear();
    for (const { visible: _visible, archived: _archived, ...layer } of [...hidden, ...this.offered]) {
      const spec = layer as LayerSpec;
      if (!names.has(spec.name)) this.waiting.set(spec.name, spec);
      names.add(spec.name);
    }
    const known = new Set(this.listed);
    this.order = [...this.listed.filter((it) => names.has(it)), ...[...names].filter((it) => !known.has(it))];
    this.viewer.state.restoreState({ ...state, layers: shown });
  }

  /** Names of all layers, on or off, in the order of the list. */
  get names(): readonly string[] {
    return this.order;
  }

  /** Names of the layers that are on. */
  get on(): Set<string> {
    return new Set(this.order.filter((it) => this.isOn(it)));
  }

  isOn(name: string): boolean {
    return this.live(name)?.visible ?? false;
  }

  /** Neuroglancer's layer, once it has been on. Looked up each time: restoring a state replaces the objects. */
  live(name: string): ManagedUserLayer | undefined {
    return this.viewer.layerManager.getLayerByName(name);
  }

  set(name: string, on: boolean): void {
    const layer = this.live(name);
    if (layer !== undefined) {
      layer.setVisible(on);
      return;
    }
    const spec = this.waiting.get(name);
    if (!on || spec === undefined) return;
    this.waiting.delete(name);
    // Drawn over the layers above it in the list, under those below it.
    const before = new Set(this.order.slice(0, this.order.indexOf(name)));
    const index = this.viewer.layerManager.managedLayers.filter((it) => before.has(it.name)).length;
    addLayer(this.viewer, spec, index);
  }

  /** Switch exactly these on. */
  setOnly(names: ReadonlySet<string>): void {
    for (const name of this.order) this.set(name, names.has(name));
  }

  /** Undefined while the layer has never been on. */
  opacity(name: string): number | undefined {
    return opacityOf(this.live(name)?.layer ?? null)?.value;
  }

  setOpacity(name: string, opacity: number): void {
    const target = opacityOf(this.live(name)?.layer ?? null);
    if (target !== undefined) target.value = opacity;
  }

  /** `#rrggbb`; null where each object has its own; undefined where it cannot be chosen. */
  colour(name: string): string | null | undefined {
    return colourOf(this.live(name)?.layer ?? null);
  }

  setColour(name: string, colour: string | null): void {
    setColour(this.live(name)?.layer ?? null, colour);
  }

  problem(name: string): string | null {
    const layer = this.live(name);
    return layer === undefined ? null : problemOf(layer);
  }
}
