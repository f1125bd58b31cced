/** The list of layers, by organelle: parents above children, a filter where there are many. */

import type { LayerDescription } from "./config";
import { openLayerMenu } from "./layer_menu";
import { LayerRow } from "./layer_row";
import type { LayerSet } from "./layer_set";
import type { Viewer } from "./neuroglancer";
import { copyOf, eachFrame, element, paintDot, part } from "./page";
import { alone, type Branch, describe, layerTree, matches } from "./tree";

const FILTER_FROM_LAYERS = 9;

interface Section {
  element: HTMLDetailsElement;
  count: HTMLElement;
  rows: LayerRow[];
}

export class LayerPanel {
  private rows: LayerRow[] = [];
  private sections: Section[] = [];
  private failed = new Map<string, number>();
  private names: readonly string[] = [];
  /** What was on before one layer was shown alone. */
  private before: { alone: string; on: ReadonlySet<string> } | null = null;

  constructor(
    private readonly root: HTMLElement,
    viewer: Viewer,
    private readonly layers: LayerSet,
    private readonly descriptions: readonly LayerDescription[],
  ) {
    this.rebuild();
    const filter = part<HTMLInputElement>(root, "#filter");
    filter.addEventListener("input", () => this.filter(filter.value));
    const refresh = eachFrame(() => this.refresh());
    viewer.layerManager.layersChanged.add(refresh);
    viewer.layerManager.specificationChanged.add(refresh);
    for (let digit = 1; digit <= 9; digit++) {
      viewer.bindAction(`switch-layer-${digit}`, () => {
        const name = this.rows[digit - 1]?.description.name;
        if (name !== undefined) layers.set(name, !layers.isOn(name));
      });
    }
  }

  /** The description of a layer, if it is in the list. */
  description(name: string): LayerDescription | undefined {
    return this.rows.find((it) => it.description.name === name)?.description;
  }

  /** Descriptions of the layers that are on, in the order of the list. */
  get shown(): LayerDescription[] {
    return this.rows.map((it) => it.description).filter((it) => this.layers.isOn(it.name));
  }

  setFailedBlocks(failed: Map<string, number>): void {
    this.failed = failed;
    this.refresh();
  }

  private rebuild(): void {
    this.names = this.layers.names;
    this.rows = [];
    this.sections = [];
    const list = part(this.root, "#layer-groups");
    list.replaceChildren(
      ...layerTree(describe(this.names, this.descriptions)).map((it) => this.section(it, 0).element),
    );
    part(this.root, ".filter").hidden = this.rows.length < FILTER_FROM_LAYERS;
    this.refresh();
  }

  private section(branch: Branch, depth: number): Section {
    const made = copyOf<HTMLDetailsElement>("layer-group");
    made.style.setProperty("--depth", String(depth));
    part(made, ".group-title").textContent = branch.heading.title;
    part(made, ".group-title").title = branch.heading.title;
    const dot = part(made, ".dot");
    if (branch.heading.colour === null) dot.remove();
    else paintDot(dot, branch.heading.colour, false);
    const section: Section = { element: made, count: part(made, ".group-count"), rows: [] };
    this.sections.push(section);
    const items = part(made, "ul");
    for (const layer of branch.layers) {
      const row = new LayerRow(layer, this.layers, {
        toggleAlone: (it) => this.toggleAlone(it),
        openMenu: (it, button) => openLayerMenu(it, this.layers, button),
      });
      this.rows.push(row);
      section.rows.push(row);
      items.append(row.element);
    }
    for (const below of branch.branches) {
      const child = this.section(below, depth + 1);
      section.rows.push(...child.rows);
      items.append(element("li", "group-item", child.element));
    }
    return section;
  }

  private refresh(): void {
    if (this.layers.names !== this.names) {
      this.rebuild();
      return;
    }
    if (this.before !== null && !this.isAlone(this.before.alone)) this.before = null;
    for (const row of this.rows) {
      const { name } = row.description;
      row.refresh(this.failed.get(name) ?? 0, this.before?.alone === name);
    }
    for (const { count, rows } of this.sections) {
      const on = rows.filter((it) => it.isOn).length;
      const words = on === 0 ? String(rows.length) : `${on} of ${rows.length}`;
      if (count.textContent !== words) count.textContent = words;
    }
  }

  private toggleAlone(layer: LayerDescription): void {
    if (this.before?.alone === layer.name) {
      this.layers.setOnly(this.before.on);
      this.before = null;
    } else {
      const on = this.before?.on ?? this.layers.on;
      this.layers.setOnly(this.aloneWith(layer));
      this.before = { alone: layer.name, on };
    }
    this.refresh();
  }

  private aloneWith(layer: LayerDescription): ReadonlySet<string> {
    return alone(
      layer,
      this.layers.on,
      this.rows.map((it) => it.description),
    );
  }

  private isAlone(name: string): boolean {
    const layer = this.description(name);
    if (layer === undefined) return false;
    const wanted = this.aloneWith(layer);
    const on = this.layers.on;
    return on.size === wanted.size && [...on].every((it) => wanted.has(it));
  }

  private filter(query: string): void {
    for (const row of this.rows) row.element.hidden = !matches(row.description, query);
    for (const { element: section, rows } of this.sections) {
      const found = rows.some((it) => !it.element.hidden);
      section.hidden = !found;
      if (query !== "" && found) section.open = true;
    }
    part(this.root, "#no-match").hidden = this.rows.some((it) => !it.element.hidden);
  }
}
