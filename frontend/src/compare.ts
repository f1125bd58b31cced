/** Two views of the portal side by side: each a page of its own in a frame, linked from here. */

import { readCompared, writeCompared } from "./compare/address";
import { Coupling, type Kind } from "./compare/coupling";
import { copyText } from "./copying";
import type { Linked } from "./viewer/linked";
import { byId, eachFrame, hasWebGl2, part } from "./viewer/page";

interface CompareConfig {
  views: [{ url: string; title: string }, { url: string; title: string }];
  sharesSpace: boolean;
  /** Of this page, pinned to the versions it shows. */
  address: string;
}

/** Browsers allow some hundred changes of the address in half a minute. */
const WRITE_AFTER_MS = 400;
const LOOK_AGAIN_MS = 50;
/** A narrower view has no room for four panels. */
const LEAST_WIDTH = 480;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function showPictures(): void {
  const template = byId<HTMLTemplateElement>("compare-pictures");
  template.replaceWith(template.content.cloneNode(true));
}

function addFrame(place: HTMLElement, url: string, title: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.title = title;
  frame.allow = "clipboard-write; fullscreen";
  place.append(frame);
  return frame;
}

/** The view in a frame, once it is there; null where there is none to come. */
async function viewIn(frame: HTMLIFrameElement): Promise<Linked | null> {
  await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  const linked = frame.contentWindow?.cisterna?.linked ?? null;
  while (linked !== null && linked.read() === null) await pause(LOOK_AGAIN_MS);
  return linked;
}

async function open(): Promise<void> {
  const config = JSON.parse(byId("compare-config").textContent ?? "") as CompareConfig;
  const root = byId("compare");
  root.hidden = false;
  const kept = readCompared(location.hash);
  const frames = config.views.map(({ url, title }, side) =>
    addFrame(
      part(root, `[data-side="${side}"]`),
      url + (kept?.views[side] ?? ""),
      `${side === 0 ? "Left" : "Right"}: ${title}`,
    ),
  );
  const [left, right] = await Promise.all(frames.map(viewIn));
  if (!left || !right) return;
  const views = [left, right] as const;
  const coupling = new Coupling(views, config.sharesSpace, kept?.apart);
  if (kept === null && frames.some((it) => it.clientWidth < LEAST_WIDTH)) {
    for (const view of views) view.apply({ layout: "xy" });
  }
  coupling.begin(kept !== null);

  let written = location.hash;
  const write = () => {
    const fragment = writeCompared({ apart: [...coupling.apart], views: [left.fragment(), right.fragment()] });
    if (fragment === written) return;
    written = fragment;
    history.replaceState(history.state, "", config.address + fragment);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const writeSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      write();
    }, WRITE_AFTER_MS);
  };
  addEventListener("hashchange", () => {
    if (location.hash !== written) location.reload();
  });

  views.forEach((view, side) => {
    view.onNavigation(eachFrame(() => coupling.follow(side === 0 ? 0 : 1)));
    view.onChange(writeSoon);
  });
  for (const choice of root.querySelectorAll<HTMLInputElement>(".links input")) {
    const kind = choice.name as Kind;
    choice.checked = !coupling.apart.has(kind);
    choice.addEventListener("change", () => {
      coupling.setTogether(kind, choice.checked);
      writeSoon();
    });
  }
  byId("copy-compared").addEventListener("click", (event) => {
    write();
    void copyText(location.href, event.currentTarget as HTMLElement);
  });
  root.dataset.linked = "true";
}

if (hasWebGl2()) void open();
else showPictures();
