/** One layer in the list: a switch, its colour, its name, how opaque it is, and what went wrong. */

import type { LayerDescription } from "./config";
import type { LayerSet } from "./layer_set";
import { copyOf, paintDot, part } from "./page";
import { isImage } from "./tree";

export interface RowActions {
  /** Show this layer alone, and back. */
  toggleAlone(description: LayerDescription): void;
  openMenu(description: LayerDescription, button: HTMLElement): void;
}

function gapText(failedBlocks: number): string {
  if (failedBlocks === 0) return "";
  const blocks = failedBlocks === 1 ? "One block" : `${failedBlocks} blocks`;
  return `${blocks} of this view could not be read: the gap is not empty space.`;
}

/** Written only where it changes: the list is refreshed at every change of any layer. */
function setText(target: HTMLElement, words: string): void {
  target.hidden = words === "";
  if (target.textContent !== words) target.textContent = words;
}

export class LayerRow {
  readonly element = copyOf<HTMLLIElement>("layer-row");
  private readonly visible = part<HTMLInputElement>(this.element, "input[type=checkbox]");
  private readonly dot = part(this.element, ".dot");
  private readonly colour = part<HTMLInputElement>(this.element, "input[type=color]");
  private readonly opacity = part<HTMLInputElement>(this.element, "input[type=range]");
  private readonly onlyThis = part<HTMLButtonElement>(this.element, ".only");
  private readonly problem = part(this.element, ".layer-problem");

  constructor(
    readonly description: LayerDescription,
    private readonly layers: LayerSet,
    actions: RowActions,
  ) {
    const { name, title, method } = description;
    this.element.dataset.layer = name;
    part(this.element, ".layer-title").textContent = title;
    part(this.element, ".layer-head").title = [description.description.trim(), method && `Made ${madeBy(method)}`]
      .filter(Boolean)
      .join("\n");
    paintDot(this.dot, description.colour, isImage(description));
    this.colour.setAttribute("aria-label", `Colour of ${title}`);
    this.opacity.setAttribute("aria-label", `Opacity of ${title}`);
    this.onlyThis.setAttribute("aria-label", `Only ${title}`);
    const more = part<HTMLButtonElement>(this.element, ".more");
    more.setAttribute("aria-label", `More about ${title}`);
    this.visible.addEventListener("change", () => layers.set(name, this.visible.checked));
    this.opacity.addEventListener("input", () => layers.setOpacity(name, this.opacity.valueAsNumber));
    this.colour.addEventListener("input", () => layers.setColour(name, this.colour.value));
    this.onlyThis.addEventListener("click", () => actions.toggleAlone(description));
    more.addEventListener("click", () => actions.openMenu(description, more));
  }

  get isOn(): boolean {
    return this.visible.checked;
  }

  refresh(failedBlocks: number, isAlone: boolean): void {
    const { name } = this.description;
    const on = this.layers.isOn(name);
    this.visible.checked = on;
    this.element.classList.toggle("on", on);
    const opacity = this.layers.opacity(name);
    this.opacity.hidden = opacity === undefined || !on;
    if (opacity !== undefined) this.opacity.valueAsNumber = opacity;
    const colour = on ? this.layers.colour(name) : undefined;
    this.colour.hidden = colour === undefined;
    if (colour !== undefined) {
      paintDot(this.dot, colour, isImage(this.description));
      this.colour.value = colour ?? "#888888";
    }
    this.onlyThis.setAttribute("aria-pressed", String(isAlone));
    const problem = this.layers.problem(name);
    const words = problem === null ? gapText(failedBlocks) : `Could not be loaded: ${problem}`;
    this.element.classList.toggle("failed", words !== "");
    setText(this.problem, words);
  }
}

const madeBy = (method: string): string => (method === "by hand" ? method : `by ${method}`);
