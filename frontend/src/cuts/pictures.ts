/** A slice's picture: the one before stays until the next is decoded, and one that fails says so in its place. */

/** A server with many slices to cut refuses some of them for a moment. */
const PAUSES_MS = [700, 2000];

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

export class Picture {
  readonly plane: string;
  #wanted: AbortController | null = null;
  #last: HTMLImageElement;

  constructor(private readonly figure: HTMLElement) {
    this.plane = figure.dataset.plane ?? "";
    this.#failed.querySelector("button")?.addEventListener("click", () => void this.show(this.#last, true));
    const image = (this.#last = this.#image);
    if (image.complete && image.hasAttribute("src") && image.naturalWidth === 0) void this.show(image, true);
    else image.addEventListener("error", () => void this.show(image, true), { once: true });
  }

  get #image(): HTMLImageElement {
    return this.figure.querySelector("img") as HTMLImageElement;
  }

  get #failed(): HTMLElement {
    return this.figure.querySelector(".cut-failed") as HTMLElement;
  }

  /** Show what `next` shows, as soon as it is here; `again` also where that is what is shown already. */
  async show(next: HTMLImageElement, again = false, stop?: AbortSignal): Promise<void> {
    this.#last = next;
    const src = next.getAttribute("src");
    const isShown = this.#image.getAttribute("src") === src && this.figure.dataset.state === undefined;
    if (isShown && !again) {
      this.#image.alt = next.alt;
      return;
    }
    this.#wanted?.abort();
    const wanted = (this.#wanted = new AbortController());
    stop?.addEventListener("abort", () => wanted.abort(), { once: true });
    const late = setTimeout(() => (this.figure.dataset.state = "loading"), 400);
    const image = document.createElement("img");
    for (const { name, value } of next.attributes)
      if (name !== "src" && name !== "loading") image.setAttribute(name, value);
    const came = src === null || (await this.#load(image, src, wanted.signal));
    clearTimeout(late);
    if (wanted.signal.aborted) {
      // Whoever asked for something newer goes on; else what is shown is not what the page says.
      if (this.#wanted === wanted) this.figure.dataset.state = "stale";
      return;
    }
    this.#failed.hidden = came;
    if (came) {
      delete this.figure.dataset.state;
      this.#image.replaceWith(image);
    } else this.figure.dataset.state = "failed";
  }

  async #load(image: HTMLImageElement, src: string, signal: AbortSignal): Promise<boolean> {
    // An image whose source is taken away settles in no browser alike.
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("No longer wanted")), { once: true });
    });
    stopped.catch(() => undefined);
    for (const pauseMs of [...PAUSES_MS, null]) {
      image.src = src;
      try {
        await Promise.race([image.decode(), stopped]);
        return true;
      } catch {
        image.removeAttribute("src");
        if (pauseMs === null || signal.aborted) return false;
        await pause(pauseMs, signal);
      }
    }
    return false;
  }
}
