/** The dialog that takes a Neuroglancer link, shows what it holds, and opens it when all of it may be read. */

import type { NeuroglancerState } from "./config";
import { byId, copyOf, part } from "./page";
import { type Pasted, parsePasted } from "./pasted";
import { inventory, type InventoryItem, type Origins, type Source } from "./sources";

const VERDICTS: Record<Source["verdict"], string> = {
  portal: "this portal's data",
  external: "data of an allowed origin",
  page: "in the link itself",
  refused: "not opened here",
};

function itemRow({ name, kind, sources, allowed }: InventoryItem): HTMLElement {
  const row = copyOf("inventory-row");
  part(row, ".inventory-name").textContent = name;
  part(row, ".badge").textContent = kind;
  part(row, ".badge").hidden = kind === "";
  row.classList.toggle("refused", !allowed);
  part(row, ".inventory-sources").append(
    ...sources.map(({ url, verdict, why }) => {
      const line = document.createElement("span");
      const address = document.createElement("code");
      address.textContent = url;
      line.append(`${VERDICTS[verdict]}${why === "" ? "" : `: ${why}`}`, address);
      return line;
    }),
  );
  return row;
}

function verdict(pasted: Pasted | null, text: string, items: InventoryItem[]): string {
  if (text.trim() === "") return "";
  if (pasted === null) return "This is no link that holds a view.";
  if (pasted.kind === "page") return "This is an address of this portal.";
  if (pasted.kind === "elsewhere") {
    return `The link holds no view, only the address where one is kept: ${pasted.url}. Open it there, and paste what it becomes.`;
  }
  if (items.length === 0) return "This view has no layers.";
  const refused = items.filter((it) => !it.allowed).length;
  if (refused === 0) return `${items.length === 1 ? "One layer" : `${items.length} layers`}; all may be opened here.`;
  return `${refused} of ${items.length} layers would read from where this portal does not. The view is not opened.`;
}

export function setUpPaste(origins: Origins, open: (state: NeuroglancerState) => void): void {
  const dialog = byId<HTMLDialogElement>("paste-dialog");
  const field = byId<HTMLTextAreaElement>("paste-text");
  const button = byId<HTMLButtonElement>("paste-open");
  let pasted: Pasted | null = null;
  const read = () => {
    pasted = parsePasted(field.value, location.origin);
    const items = pasted?.kind === "state" ? inventory(pasted.state, origins) : [];
    byId("paste-verdict").textContent = verdict(pasted, field.value, items);
    byId("paste-layers").replaceChildren(...items.map(itemRow));
    const whole = items.length > 0 && items.every((it) => it.allowed);
    button.disabled = !(pasted?.kind === "page" || (pasted?.kind === "state" && whole));
  };
  field.addEventListener("input", read);
  byId("open-paste").addEventListener("click", () => {
    field.value = "";
    read();
    dialog.showModal();
  });
  byId("paste-close").addEventListener("click", () => dialog.close());
  byId("paste-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled || pasted === null) return;
    dialog.close();
    if (pasted.kind === "page") location.assign(pasted.url);
    else if (pasted.kind === "state") open(pasted.state);
  });
}
