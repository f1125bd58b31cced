/** The places that curators chose: one press, and the view moves there. */

import type { Stop } from "./config";
import { fly } from "./flight";
import type { LayerSet } from "./layer_set";
import { onUserInput, poseOf, setPose, type Viewer } from "./neuroglancer";
import { byId, copyOf, part } from "./page";
import { fromNm, middleNm, nmPerUnit } from "./position";
import { layoutName, withLayout } from "./state";

export class Stops {
  private readonly buttons: HTMLButtonElement[] = [];
  /** Index of the stop that was gone to last; -1 before the first. */
  private current = -1;
  private flights = 0;

  constructor(
    private readonly viewer: Viewer,
    private readonly layers: LayerSet,
    private readonly stops: readonly Stop[],
  ) {
    byId("stops").hidden = stops.length === 0;
    const list = byId("stop-list");
    stops.forEach((stop, index) => {
      const item = copyOf<HTMLLIElement>("stop-row");
      const button = part<HTMLButtonElement>(item, "button");
      button.textContent = stop.title;
      button.title = stop.description.trim();
      button.addEventListener("click", () => this.goTo(index));
      this.buttons.push(button);
      list.append(item);
    });
    byId("next-stop").addEventListener("click", () => this.step(1));
    byId("previous-stop").addEventListener("click", () => this.step(-1));
    viewer.bindAction("next-stop", () => this.step(1));
    viewer.bindAction("previous-stop", () => this.step(-1));
    // Whoever takes hold of the view has it: a flight ends there.
    onUserInput(() => this.flights++);
  }

  /** The stop the page was opened at. */
  begin(name: string | null): void {
    this.mark(this.stops.findIndex((it) => it.name === name));
  }

  private step(by: number): void {
    const count = this.stops.length;
    if (count === 0) return;
    this.goTo(this.current < 0 ? (by > 0 ? 0 : count - 1) : (this.current + by + count) % count);
  }

  private goTo(index: number): void {
    const stop = this.stops[index];
    if (stop === undefined) return;
    const { viewer } = this;
    this.layers.setOnly(new Set(stop.layers));
    const layout = viewer.layout.toJSON();
    if (layoutName(layout) !== stop.layout) viewer.layout.restoreState(withLayout(layout, stop.layout));
    const from = poseOf(viewer);
    const space = viewer.coordinateSpace.value;
    const place = stop.positionNm ?? middleNm(space);
    const position = place === null ? null : fromNm(place, viewer.position.value, space);
    const unit = nmPerUnit(space);
    if (position === null || unit === null) return;
    const to = { position: [...position], orientation: stop.orientation, scale: stop.nmPerPixel / unit };
    const flight = ++this.flights;
    fly(
      from,
      to,
      (pose) => setPose(viewer, pose),
      () => this.flights !== flight,
    );
    this.mark(index);
  }

  private mark(index: number): void {
    this.current = index;
    this.buttons.forEach((it, i) => {
      if (i === index) it.setAttribute("aria-current", "true");
      else it.removeAttribute("aria-current");
    });
  }
}
