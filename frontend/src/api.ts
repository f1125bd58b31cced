/** The API's page, which works without this: what a form asks for is shown beneath it, as it was answered. */

import { curlOf, shownBody, sizeOf, statusOf } from "./asking/answers";

const HEADERS = ["content-type", "etag", "link", "cache-control", "location", "retry-after", "content-disposition"];
const MOST_BYTES = 200_000;

interface Content {
  text: string;
  bytes: number;
  isWhole: boolean;
  picture?: string;
}

function setUp(form: HTMLFormElement): void {
  const part = form.nextElementSibling as HTMLElement;
  const find = <E extends HTMLElement>(selector: string) => part.querySelector(selector) as E;
  const [status, command, copy] = [find(".api-status"), find(".command"), find(".copy")];
  const [headers, body] = [find("dl"), find(".api-body")];
  let asking = new AbortController();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
    void ask(`${form.action}?${new URLSearchParams(fields)}`);
  });

  async function ask(address: string): Promise<void> {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    status.textContent = "Asking…";
    part.hidden = false;
    const beganMs = performance.now();
    try {
      const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
      const came = await read(answer);
      if (signal.aborted) return;
      const took = `${Math.round(performance.now() - beganMs)} ms`;
      status.textContent = [statusOf(answer), took, sizeOf(came.bytes, came.isWhole)].join(" · ");
      copy.dataset.copy = curlOf(answer.url, document.body.querySelector(".who") !== null);
      (command.querySelector("code") as HTMLElement).textContent = copy.dataset.copy;
      command.hidden = false;
      headers.replaceChildren(...HEADERS.flatMap((name) => row(name, answer.headers.get(name))));
      show(answer, came);
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = `No answer: ${error instanceof Error ? error.message : String(error)}`;
      command.hidden = true;
      for (const each of [headers, body]) each.replaceChildren();
    }
  }

  function show(answer: Response, { text, isWhole, picture }: Content): void {
    const kind = answer.headers.get("content-type") ?? "";
    body.replaceChildren();
    if (picture !== undefined) {
      const image = new Image();
      image.src = picture;
      image.alt = "The picture that was asked for";
      body.append(image);
      return;
    }
    const shown = shownBody(kind, text, isWhole);
    if (shown === null || !isWhole) {
      const link = document.createElement("a");
      Object.assign(link, { href: answer.url, className: "link", textContent: "Open it whole" });
      body.append(link);
    }
    if (shown !== null) {
      const pre = document.createElement("pre");
      pre.tabIndex = 0;
      pre.setAttribute("aria-label", "What was answered");
      pre.textContent = shown;
      body.append(pre);
    }
    const next = isWhole ? nextOf(text) : null;
    if (next !== null) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button", textContent: "Next page" });
      button.addEventListener("click", () => void ask(next));
      body.append(button);
    }
  }
}

/** What follows in a list: its address on this site, whatever address the site gives itself. */
function nextOf(text: string): string | null {
  try {
    const { next } = JSON.parse(text) as { next?: unknown };
    if (typeof next !== "string") return null;
    const { pathname, search } = new URL(next);
    return pathname + search;
  } catch {
    return null;
  }
}

/** A picture whole, as an address; of another body the beginning as text: some of them never end. */
async function read(answer: Response): Promise<Content> {
  if (answer.headers.get("content-type")?.startsWith("image/")) {
    const picture = await answer.blob();
    return { text: "", bytes: picture.size, isWhole: true, picture: await addressOf(picture) };
  }
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), bytes, isWhole: true };
    bytes += value.length;
    text += decoder.decode(value, { stream: true });
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      return { text, bytes, isWhole: false };
    }
  }
  return { text, bytes, isWhole: true };
}

function addressOf(picture: Blob): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result)));
    reader.readAsDataURL(picture);
  });
}

function row(name: string, value: string | null): HTMLElement[] {
  if (value === null) return [];
  const [term, said] = [document.createElement("dt"), document.createElement("dd")];
  const code = document.createElement("code");
  code.textContent = name;
  term.append(code);
  said.textContent = value;
  return [term, said];
}

for (const form of document.querySelectorAll<HTMLFormElement>(".api-form")) setUp(form);
