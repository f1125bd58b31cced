/** What more there is to one layer: its page, its address, other programs that read it, its colour as it was. */

import { copyText } from "../copying";
import type { LayerDescription } from "./config";
import type { LayerSet } from "./layer_set";
import { byId, element } from "./page";

function link(words: string, url: string, note = ""): HTMLElement {
  const anchor = element("a", "menu-item", words);
  anchor.href = url;
  if (note !== "") anchor.append(element("span", "mute", note));
  if (new URL(url, document.baseURI).origin !== location.origin) {
    anchor.target = "_blank";
    anchor.rel = "noopener";
  }
  return anchor;
}

function button(words: string, action: (pressed: HTMLElement) => void, note = ""): HTMLElement {
  // The words stand by themselves: what was copied is said in their place.
  const label = element("span", "", words);
  const made = element("button", "menu-item", label);
  made.type = "button";
  if (note !== "") made.append(element("span", "mute", note));
  made.addEventListener("click", () => action(label));
  return made;
}

function items(layer: LayerDescription, layers: LayerSet, close: () => void): HTMLElement[] {
  const found: HTMLElement[] = [];
  if (layer.method !== null) found.push(element("p", "menu-note mute", `Made: ${layer.method}`));
  if (layer.url !== null) found.push(link("About this layer", layer.url));
  const { dataUrl } = layer;
  if (dataUrl !== null) found.push(button("Copy the data's address", (it) => void copyText(dataUrl, it)));
  const colour = layers.colour(layer.name);
  if (colour !== undefined && colour !== layer.colour) {
    const words = layer.colour === null ? "A colour for each object again" : "Its own colour again";
    found.push(
      button(words, () => {
        layers.setColour(layer.name, layer.colour);
        close();
      }),
    );
  }
  if (layer.openWith.length > 0) {
    found.push(element("p", "menu-head", "Open with"));
    for (const { name, url, text, note } of layer.openWith) {
      if (/^https?:/.test(url)) found.push(link(name, url, note));
      else if (text !== "") found.push(button(`Copy for ${name}`, (it) => void copyText(text, it), note));
    }
    if (layer.url !== null) found.push(link("Other ways", `${layer.url}#access`));
  }
  return found;
}

/** Open the one menu of the page beside the button of a layer. */
export function openLayerMenu(layer: LayerDescription, layers: LayerSet, opener: HTMLElement): void {
  const menu = byId("layer-menu");
  const close = () => {
    menu.hidePopover();
    opener.focus();
  };
  menu.setAttribute("aria-label", `More about ${layer.title}`);
  menu.replaceChildren(element("h2", "", layer.title), ...items(layer, layers, close));
  menu.showPopover();
  const { left, bottom, top } = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${bottom + height + 8 > innerHeight ? Math.max(8, top - height - 4) : bottom + 4}px`;
  menu.querySelector<HTMLElement>("a, button")?.focus();
}
