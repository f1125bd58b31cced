/** The API's page, which works without this: what a form asks for is shown beneath it, as it was answered. */

import { curlOf, shownBody, sizeOf, statusOf } from "./asking/answers";

const HEADERS = ["content-type", "etag", "link", "cache-control", "location", "retry-after", "content-disposition"];
const MOST_BYTES = 200_000;

function setUp(form: HTMLFormElement): void {
  const part = form.nextElementSibling as HTMLElement;
  const find = <E extends HTMLElement>(selector: string) => part.querySelector(selector) as E;
  const [status, command, copy] = [find(".api-status"), find(".command code"), find(".copy")];
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
      const { text, bytes, isWhole } = await read(answer);
      if (signal.aborted) return;
      const took = `${Math.round(performance.now() - beganMs)} ms`;
      status.textContent = [statusOf(answer), took, sizeOf(bytes, isWhole)].join(" · ");
      command.textContent = copy.dataset.copy = curlOf(answer.url, document.body.querySelector(".who") !== null);
      headers.replaceChildren(...HEADERS.flatMap((name) => row(name, answer.headers.get(name))));
      show(answer, text, isWhole);
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = `No answer: ${error instanceof Error ? error.message : String(error)}`;
      for (const each of [command, headers, body]) each.replaceChildren();
    }
  }

  function show(answer: Response, text: string, isWhole: boolean): void {
    const kind = answer.headers.get("content-type") ?? "";
    body.replaceChildren();
    if (kind.startsWith("image/")) {
      const picture = new Image();
      picture.src = answer.url;
      picture.alt = "The picture that was asked for";
      body.append(picture);
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

/** The beginning of a body as text: some of them never end. */
async function read(answer: Response): Promise<{ text: string; bytes: number; isWhole: boolean }> {
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
