/** The parts of the page, which stands in the Django template. */

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found as T;
}

export function part<T extends HTMLElement>(root: ParentNode, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (found === null) throw new Error(`The page has no ${selector}`);
  return found;
}

/** Whether the browser can draw in 3D. */
export const hasWebGl2 = (): boolean => document.createElement("canvas").getContext("webgl2") !== null;

/** A copy of the one element in a `<template>`. */
export function copyOf<T extends HTMLElement>(templateId: string): T {
  const content = byId<HTMLTemplateElement>(templateId).content.cloneNode(true) as DocumentFragment;
  return content.firstElementChild as T;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

/** Paint the dot that stands for a layer: its colour, grey for images, many where each object has its own. */
export function paintDot(dot: HTMLElement, colour: string | null, isGrey: boolean): void {
  dot.classList.toggle("grey", colour === null && isGrey);
  dot.classList.toggle("many", colour === null && !isGrey);
  if (colour === null) dot.style.removeProperty("--c");
  else dot.style.setProperty("--c", colour);
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

/** Say something in passing, at the foot of the view; the next words replace these. */
export function say(words: string, ...more: Node[]): void {
  const place = byId("said");
  place.replaceChildren(words, ...more);
  place.hidden = words === "";
}
