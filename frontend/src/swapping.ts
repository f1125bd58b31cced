/**
 * A list that is narrowed in place: a form with `data-swaps="id"` stands in the element of that id, which is replaced
 * by the same element of the page that the form, or a link with `data-swap`, leads to. Without this, both lead there.
 */

const TYPING_PAUSE_MS = 300;

/** The address that a form would lead to, without what says nothing. */
export function addressOf(action: string, fields: Iterable<[string, FormDataEntryValue]>): string {
  const query = new URLSearchParams();
  for (const [name, value] of fields) if (typeof value === "string" && value !== "") query.append(name, value);
  const text = query.toString();
  return text === "" ? action : `${action}?${text}`;
}

export function setUpSwapping(): void {
  setUpClosing();
  const id = document.querySelector<HTMLFormElement>("form[data-swaps]")?.dataset.swaps;
  if (id === undefined) return;
  let asked = new AbortController();
  let typing: ReturnType<typeof setTimeout> | undefined;
  const place = () => document.getElementById(id) as HTMLElement;

  const show = async (address: string, remember: "push" | "replace" | "keep") => {
    clearTimeout(typing);
    asked.abort();
    asked = new AbortController();
    let next: HTMLElement | null = null;
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (answer.ok) next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
    }
    if (next === null) {
      location.assign(address); // the page itself says what is wrong
      return;
    }
    replace(place(), next);
    if (remember === "push") history.pushState(null, "", address);
    if (remember === "replace") history.replaceState(null, "", address);
    const said = document.getElementById("said");
    if (said !== null) said.textContent = place().dataset.count ?? "";
  };

  document.addEventListener("change", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>("form[data-swaps]");
    if (form === null || (event.target as HTMLInputElement).type === "search") return;
    void show(addressOf(form.action, new FormData(form)), "push");
  });
  document.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    const form = field.closest<HTMLFormElement>("form[data-swaps]");
    if (form === null || field.type !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(() => void show(addressOf(form.action, new FormData(form)), "replace"), TYPING_PAUSE_MS);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset.swaps === undefined) return;
    event.preventDefault();
    void show(addressOf(form.action, new FormData(form)), "push");
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-swap]");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void show(link.href, "push");
  });
  window.addEventListener("popstate", () => void show(location.href, "keep"));
}

/** What is open stays open, and what has the focus keeps it, with what was typed meanwhile. */
function replace(old: HTMLElement, next: HTMLElement): void {
  const open = old.querySelector<HTMLElement>("details[open][data-facet]");
  const scrolled = open?.querySelector(".values")?.scrollTop ?? 0;
  const focused = old.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  const value = focused instanceof HTMLInputElement && focused.name !== "" ? focused.value : null;
  const summary = focused?.closest("summary")?.parentElement?.dataset.facet;
  const typed = focused instanceof HTMLInputElement && focused.type === "search" ? focused : null;
  old.replaceWith(next);
  const details = open && next.querySelector<HTMLDetailsElement>(`details[data-facet="${open.dataset.facet}"]`);
  if (details) {
    details.open = true;
    details.querySelector(".values")?.scrollTo(0, scrolled);
  }
  if (typed !== null) {
    const field = next.querySelector<HTMLInputElement>(`#${typed.id}`);
    if (field === null) return;
    field.value = typed.value;
    field.focus();
    field.setSelectionRange(typed.selectionStart, typed.selectionEnd);
  } else if (value !== null) {
    const { name, type } = focused as HTMLInputElement;
    const fields = [...next.querySelectorAll<HTMLInputElement>("input")].filter((it) => it.name === name);
    fields.find((it) => type !== "checkbox" || it.value === value)?.focus();
  } else if (summary !== undefined) {
    next.querySelector<HTMLElement>(`details[data-facet="${summary}"] summary`)?.focus();
  } else if (focused?.id) {
    next.querySelector<HTMLElement>(`#${focused.id}`)?.focus();
  } else if (focused instanceof HTMLSelectElement) {
    next.querySelector<HTMLElement>(`select[name="${focused.name}"]`)?.focus();
  }
}

/** An open facet is closed by Escape, and by a click elsewhere. */
function setUpClosing(): void {
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector<HTMLDetailsElement>("details[open][data-facet]");
    if (event.key !== "Escape" || open === null) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll<HTMLDetailsElement>("details[open][data-facet]")) {
      if (!open.contains(event.target as Node) && document.contains(event.target as Node)) open.open = false;
    }
  });
}
