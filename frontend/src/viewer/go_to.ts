/** The field that shows where one is, and takes one elsewhere: to a place in nm, or to an object by its number. */

import { copyText } from "../copying";
import type { LayerDescription } from "./config";
import { parseDestination } from "./destination";
import type { LayerPanel } from "./layer_panel";
import type { LayerSet } from "./layer_set";
import { problemText } from "./links";
import { showOnly, type Viewer } from "./neuroglancer";
import { byId, eachFrame, element, say } from "./page";
import { formatNm, fromNm, type PositionNm, toNm } from "./position";

interface Found {
  layer: LayerDescription;
  nm: PositionNm;
}

/** Ask the portal, layer by layer, where an object lies. The first layer that has it counts. */
async function locate(id: string, layers: readonly LayerDescription[]): Promise<Found | string> {
  let problem = "";
  for (const layer of layers) {
    if (layer.locateUrl === null) continue;
    const response = await fetch(`${layer.locateUrl}?segment=${id}`, { headers: { Accept: "application/json" } });
    const answer = (await response.json().catch(() => null)) as { position_nm?: unknown } | null;
    if (response.ok && Array.isArray(answer?.position_nm)) return { layer, nm: answer.position_nm as PositionNm };
    // Of several layers, one that was not searched to the end says more than one that does not have it.
    const words = problemText(answer, response.status);
    if (problem === "" || response.status !== 404) problem = words;
  }
  return problem === "" ? "No layer that is on has numbered objects." : problem;
}

function moveTo(viewer: Viewer, nm: PositionNm): boolean {
  const moved = fromNm(nm, viewer.position.value, viewer.coordinateSpace.value);
  if (moved === null) return false;
  viewer.position.value = moved;
  return true;
}

export function setUpGoTo(viewer: Viewer, layers: LayerSet, panel: LayerPanel): void {
  const field = byId<HTMLInputElement>("position");
  const show = () => {
    const nm = toNm(viewer.position.value, viewer.coordinateSpace.value);
    field.value = nm === null ? "" : formatNm(nm);
    field.removeAttribute("aria-invalid");
  };

  async function goToSegment(id: string): Promise<void> {
    say(`Looking for ${id}…`);
    let found: Found | string;
    try {
      found = await locate(id, panel.shown);
    } catch {
      found = "The portal cannot be reached. Is the network there?";
    }
    if (typeof found === "string") {
      field.setAttribute("aria-invalid", "true");
      say(found);
      return;
    }
    const { layer, nm } = found;
    moveTo(viewer, nm);
    const only = element("button", "btn", "Only this");
    only.type = "button";
    only.addEventListener("click", () => {
      const live = layers.live(layer.name);
      if (live !== undefined) showOnly(live, id);
      const byKey = document.activeElement === only;
      say("");
      if (byKey) field.focus();
    });
    const isWaiting = document.activeElement === field;
    say(`${id} of ${layer.title} is at the centre. `, only);
    if (isWaiting) only.focus(); // by key it is the next thing, not the last of forty
  }

  byId("go-to").addEventListener("submit", (event) => {
    event.preventDefault();
    const destination = parseDestination(field.value);
    field.removeAttribute("aria-invalid");
    if (destination?.kind === "segment") void goToSegment(destination.id);
    else if (destination !== null && moveTo(viewer, destination.nm)) show();
    else {
      field.setAttribute("aria-invalid", "true");
      say("Write a place in nm, such as 1250, 1180, 1200, or the number of an object.");
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      show();
      field.blur();
    }
  });
  field.addEventListener("focus", () => field.select());
  field.addEventListener("blur", show);
  const follow = () => {
    if (document.activeElement !== field) show();
  };
  viewer.position.changed.add(eachFrame(follow));
  byId("copy-position").addEventListener("click", (event) => {
    const nm = toNm(viewer.position.value, viewer.coordinateSpace.value);
    void copyText(nm === null ? "" : formatNm(nm), event.currentTarget as HTMLElement);
  });
  show();
}
