/** A still picture that becomes the live viewer in its place. Without this script it is a link to the viewer. */

/** A smaller screen has no room for a viewer within a page. */
const LEAST_WIDTH = 720;

export function setUpEmbedding(): void {
  for (const still of document.querySelectorAll<HTMLAnchorElement>("a[data-embed]")) {
    still.addEventListener("click", (event) => {
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0;
      if (elsewhere || innerWidth < LEAST_WIDTH) return;
      event.preventDefault();
      const frame = document.createElement("iframe");
      frame.src = still.dataset.embed ?? still.href;
      frame.title = "Viewer";
      frame.allow = "clipboard-write; fullscreen";
      Object.assign(frame.style, { position: "absolute", inset: "0", width: "100%", height: "100%", border: "0" });
      // In the picture's own place, so that nothing moves.
      const place = document.createElement("div");
      place.className = still.className;
      place.style.position = "relative";
      place.append(...still.querySelectorAll(":scope > img"), frame);
      still.replaceWith(place);
      frame.focus();
    });
  }
}
