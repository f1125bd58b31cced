/** The list of layers: a switch, a name, an opacity, the value under the pointer, and what went wrong. */

import type { LayerDescription } from "./config";
import { type LayerGroup, matches } from "./layers";
import { hoveredValue, opacityOf, problemOf, type Viewer } from "./neuroglancer";

const FILTER_FROM_LAYERS = 9;

function part<T extends HTMLElement>(root: ParentNode, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (found === null) throw new Error(`The page has no ${selector}`);
  return found;
}

function gapText(failedBlocks: number): string {
  if (failedBlocks === 0) return "";
  const blocks = failedBlocks === 1 ? "One block" : `${failedBlocks} blocks`;
  return `${blocks} of this view could not be read: the gap is not empty space.`;
}

class LayerRow {
  readonly element: HTMLLIElement;
  private readonly visible: HTMLInputElement;
  private readonly opacity: HTMLInputElement;
  private readonly more: HTMLElement;
  private readonly value: HTMLOutputElement;
  private readonly problem: HTMLElement;

  constructor(
    template: HTMLTemplateElement,
    readonly description: LayerDescription,
    private readonly viewer: Viewer,
  ) {
    const { title, kind, colour, method, url } = description;
    this.element = part<HTMLLIElement>(template.content.cloneNode(true) as DocumentFragment, ".layer");
    this.visible = part(this.element, "input[type=checkbox]");
    this.opacity = part(this.element, "input[type=range]");
    this.more = part(this.element, ".layer-more");
    this.value = part(this.element, ".layer-value");
    this.problem = part(this.element, ".layer-problem");
    this.element.dataset.layer = description.name;
    this.element.title = description.description;
    part(this.element, ".layer-title").textContent = title;
    const dot = part(this.element, ".dot");
    if (colour !== null) dot.style.setProperty("--c", colour);
    else dot.classList.add(kind === "em" ? "grey" : "many");
    const badge = part(this.element, ".badge");
    badge.textContent = method;
    badge.hidden = method === null;
    const page = part<HTMLAnchorElement>(this.element, ".layer-page");
    if (url === null) page.remove();
    else page.href = url;
    page.setAttribute("aria-label", `About ${title}`);
    this.opacity.setAttribute("aria-label", `Opacity of ${title}`);
    this.visible.addEventListener("change", () => this.layer?.setVisible(this.visible.checked));
    this.opacity.addEventListener("input", () => {
      const target = opacityOf(this.layer?.layer ?? null);
      if (target !== undefined) target.value = this.opacity.valueAsNumber;
    });
  }

  /** Looked up each time: restoring a state replaces Neuroglancer's layer objects. */
  private get layer() {
    return this.viewer.layerManager.getLayerByName(this.description.name);
  }

  refresh(failedBlocks: number): void {
    const { layer } = this;
    this.visible.disabled = layer === undefined;
    this.visible.checked = layer?.visible ?? false;
    const opacity = opacityOf(layer?.layer ?? null);
    this.more.hidden = opacity === undefined || !this.visible.checked;
    if (opacity !== undefined) this.opacity.valueAsNumber = opacity.value;
    const problem = layer === undefined ? null : problemOf(layer);
    const words = problem === null ? gapText(failedBlocks) : `Could not be loaded: ${problem}`;
    this.element.classList.toggle("failed", words !== "");
    this.problem.hidden = words === "";
    if (this.problem.textContent !== words) this.problem.textContent = words;
  }

  showValue(): void {
    const { layer } = this;
    this.value.textContent = layer === undefined ? "" : hoveredValue(this.viewer, layer);
  }
}

export class LayerPanel {
  private readonly rows: LayerRow[] = [];
  private readonly groups: HTMLElement[] = [];
  private failed = new Map<string, number>();

  constructor(root: HTMLElement, groups: LayerGroup[], viewer: Viewer) {
    const list = part(root, "#layer-groups");
    const template = part<HTMLTemplateElement>(document, "#layer-row");
    for (const { heading, layers } of groups) {
      const section = document.createElement("section");
      const title = document.createElement("h2");
      const items = document.createElement("ul");
      title.textContent = heading;
      for (const description of layers) {
        const row = new LayerRow(template, description, viewer);
        this.rows.push(row);
        items.append(row.element);
      }
      section.append(title, items);
      this.groups.push(section);
      list.append(section);
    }
    this.setUpFilter(root);
    const refresh = eachFrame(() => this.refresh());
    viewer.layerManager.layersChanged.add(refresh);
    viewer.layerManager.specificationChanged.add(refresh);
    const showValues = eachFrame(() => {
      for (const row of this.rows) row.showValue();
    });
    viewer.layerSelectedValues.changed.add(showValues);
    this.refresh();
  }

  setFailedBlocks(failed: Map<string, number>): void {
    this.failed = failed;
    this.refresh();
  }

  private refresh(): void {
    for (const row of this.rows) row.refresh(this.failed.get(row.description.name) ?? 0);
  }

  private setUpFilter(root: HTMLElement): void {
    const filter = part<HTMLInputElement>(root, "#filter");
    const noMatch = part(root, "#no-match");
    part(root, ".filter").hidden = this.rows.length < FILTER_FROM_LAYERS;
    filter.addEventListener("input", () => {
      for (const row of this.rows) row.element.hidden = !matches(row.description, filter.value);
      for (const group of this.groups) group.hidden = group.querySelector(".layer:not([hidden])") === null;
      noMatch.hidden = this.groups.some((it) => !it.hidden);
    });
  }
}

/** At most one call a frame, however often the signal comes. */
export function eachFrame(action: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      action();
    });
  };
}
