/**
 * What goes on by itself: an element with `data-watch="milliseconds"` is replaced by the same element of its page, asked
 * for again and again as long as that says so, while somebody looks. Without this, the page tells when it is reloaded.
 */

export function setUpWatching(): void {
  const watched = document.querySelector<HTMLElement>("[data-watch]");
  if (watched !== null) wait(watched);
}

function wait(element: HTMLElement): void {
  const pause = Number(element.dataset.watch);
  if (!(pause > 0)) return;
  setTimeout(() => {
    if (document.hidden) document.addEventListener("visibilitychange", () => void look(element), { once: true });
    else void look(element);
  }, pause);
}

async function look(element: HTMLElement): Promise<void> {
  let next: HTMLElement | null = null;
  try {
    const answer = await fetch(location.href);
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    next = page?.getElementById(element.id) ?? null;
  } catch {
    // the network is away for a moment
  }
  if (next === null || element.contains(document.activeElement)) {
    wait(element); // who has the focus in there keeps it
    return;
  }
  element.replaceWith(next);
  wait(next);
}
