/** Share: the present view goes to the portal, a short link comes back. */

import { copyText } from "../copying";
import { LinkRefused, makeLink } from "./links";
import type { Viewer } from "./neuroglancer";
import { byId } from "./page";

export function setUpShare(viewer: Viewer, linksUrl: string, dataset: string): void {
  const dialog = byId<HTMLDialogElement>("share-dialog");
  const text = byId("share-text");
  const row = byId("share-link-row");
  const link = byId<HTMLInputElement>("share-link");
  const csrfToken = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
  byId("share").addEventListener("click", async () => {
    text.textContent = "Making the link…";
    row.hidden = true;
    dialog.showModal();
    try {
      link.value = await makeLink(linksUrl, viewer.state.toJSON(), dataset, csrfToken);
      text.textContent = "Whoever opens it sees this place, this angle and these layers.";
      row.hidden = false;
      link.select();
    } catch (error) {
      if (!(error instanceof LinkRefused)) throw error;
      text.textContent = `The link could not be made. ${error.message}`;
    }
  });
  byId("copy-link").addEventListener("click", (event) => {
    void copyText(link.value, event.currentTarget as HTMLElement);
  });
}
