/** What is under the pointer, else at the centre of the view: for each layer that is on, its value there. */

import { copyText } from "../copying";
import type { LayerDescription } from "./config";
import { cropsMeant } from "./crops";
import type { LayerPanel } from "./layer_panel";
import type { LayerSet } from "./layer_set";
import { mousePosition, showOnly, shownAlone, valueAt, type Viewer } from "./neuroglancer";
import { byId, copyOf, eachFrame, paintDot, part } from "./page";
import { formatNm, toNm } from "./position";
import { isImage } from "./tree";

/** Labels with a thin space after each three digits: 64-bit ids have up to twenty. */
export const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, "\u2009");

class Reading {
  readonly element = copyOf<HTMLLIElement>("reading");
  private readonly value = part(this.element, ".reading-value");
  private readonly meaning = part(this.element, ".reading-meaning");
  private readonly alone = part<HTMLButtonElement>(this.element, ".reading-alone");
  private readonly copy = part<HTMLButtonElement>(this.element, ".reading-copy");
  private text = "";

  constructor(
    readonly layer: LayerDescription,
    private readonly viewer: Viewer,
    private readonly layers: LayerSet,
  ) {
    part(this.element, ".reading-title").textContent = layer.title;
    const page = part<HTMLAnchorElement>(this.element, ".reading-page");
    if (layer.url === null) page.remove();
    else page.href = layer.url;
    page.setAttribute("aria-label", `About ${layer.title}`);
    if (isImage(layer)) {
      this.alone.remove();
      this.copy.remove();
    }
    this.alone.setAttribute("aria-label", `Only this object of ${layer.title}`);
    this.copy.setAttribute("aria-label", `Copy the label of ${layer.title}`);
    this.alone.addEventListener("click", () => this.toggleAlone());
    this.copy.addEventListener("click", () => void copyText(this.text, this.copy));
  }

  refresh(): void {
    if (this.layer.kind === "annotation") {
      this.refreshCrops();
      return;
    }
    const live = this.layers.live(this.layer.name);
    const value = live === undefined ? "" : valueAt(this.viewer, live);
    this.text = value;
    const isLabel = !isImage(this.layer) && this.layer.kind !== "prediction";
    const isBackground = isLabel && (value === "0" || value === "");
    this.value.textContent = value === "" ? "–" : isLabel && /^\d+$/.test(value) ? grouped(value) : value;
    this.value.title = value;
    const words = [this.meaningOf(value), isLabel && value === "0" ? "background" : ""];
    this.meaning.textContent = words.filter((it) => it !== "").join(" · ");
    paintDot(part(this.element, ".dot"), this.layers.colour(this.layer.name) ?? null, isImage(this.layer));
    const alone = live === undefined ? [] : shownAlone(live);
    this.alone.hidden = !isLabel || (isBackground && alone.length === 0);
    this.alone.textContent = alone.length > 0 ? "Show all" : "Only this";
    this.copy.hidden = !isLabel || isBackground;
  }

  /** The name of the crop that is meant, the classes in it, and the way to its page. */
  private refreshCrops(): void {
    const [crop, ...others] = cropsMeant(this.viewer, this.layer.crops);
    paintDot(part(this.element, ".dot"), this.layer.colour, false);
    this.alone.hidden = this.copy.hidden = true;
    this.value.textContent = crop?.title ?? "–";
    const beside = others.length > 0 ? `inside ${others.map((it) => it.title).join(", ")}` : "";
    this.meaning.textContent = [crop?.classes ?? "", beside].filter((it) => it !== "").join(" · ");
    const page = this.element.querySelector<HTMLAnchorElement>(".reading-page");
    if (page !== null) page.href = crop?.url ?? this.layer.url ?? "";
  }

  private meaningOf(value: string): string {
    const named = this.layer.labels.find((it) => it.value === value);
    if (named !== undefined) return named.title;
    return isImage(this.layer) ? "" : (this.layer.headings.at(-1)?.title ?? "");
  }

  private toggleAlone(): void {
    const live = this.layers.live(this.layer.name);
    if (live === undefined) return;
    showOnly(live, shownAlone(live).length > 0 ? null : this.text);
    this.refresh();
  }
}

export function setUpDetails(viewer: Viewer, layers: LayerSet, panel: LayerPanel): void {
  const list = byId("readings");
  const heading = byId("details-title");
  const place = byId("details-place");
  let readings: Reading[] = [];
  const refresh = eachFrame(() => {
    const shown = panel.shown;
    if (shown.length !== readings.length || shown.some((it, i) => it !== readings[i]?.layer)) {
      readings = shown.map((it) => new Reading(it, viewer, layers));
      list.replaceChildren(...readings.map((it) => it.element));
    }
    const at = mousePosition(viewer);
    const words = at === null ? "At the centre" : "Under the cursor";
    if (heading.textContent !== words) heading.textContent = words;
    const nm = toNm(at ?? viewer.position.value, viewer.coordinateSpace.value);
    place.textContent = nm === null ? "" : `${formatNm(nm)} nm`;
    for (const reading of readings) reading.refresh();
  });
  viewer.layerSelectedValues.changed.add(refresh);
  viewer.position.changed.add(refresh);
  viewer.layerManager.layersChanged.add(refresh);
  viewer.layerManager.specificationChanged.add(refresh);
  // Values at the centre arrive with the data, of which no signal tells.
  setInterval(() => {
    if (!document.hidden && mousePosition(viewer) === null) refresh();
  }, 500);
  refresh();
}
