/** The page of slices, which works without this: what is set or clicked shows at once. The server says what changes. */

import { Latest } from "./cuts/latest";
import { Picture } from "./cuts/pictures";
import { type Step, stepOfKey, stepOfWheel, Steps, withClick } from "./cuts/requests";

type Fields = [name: string, value: string][];

function setUp(form: HTMLFormElement): void {
  const problem = document.getElementById("cuts-problem") as HTMLElement;
  const pictures = [...form.querySelectorAll<HTMLElement>(".cut")].map((it) => new Picture(it));
  const steps = new Steps();
  /** The field that someone is about to fill in: no answer writes into it. */
  let open: Element | null = null;

  const fields = (submitter?: HTMLElement | null): Fields =>
    [...new FormData(form, submitter ?? null)].map(([name, value]) => [name, String(value)]);

  const latest = new Latest<Fields>(async (asked, signal) => {
    const query = new URLSearchParams(asked);
    try {
      const answer = await fetch(`${location.pathname}?${query}&live=1`, { signal });
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) throw new Error(part.querySelector("h1")?.textContent ?? answer.statusText);
      if (part.getElementById("cuts") === null) throw new Error("The answer is not of this page");
      problem.hidden = true;
      await apply(part, signal);
    } catch (error) {
      if (signal.aborted) return;
      problem.textContent = `This could not be shown: ${error instanceof Error ? error.message : String(error)}`;
      problem.hidden = false;
    }
  });

  async function apply(part: Document, signal: AbortSignal): Promise<void> {
    for (const old of form.querySelectorAll<HTMLElement>("[data-live]")) {
      const now = part.querySelector<HTMLElement>(`[data-live="${old.dataset.live ?? ""}"]`);
      if (now !== null && old.tagName !== "IMG") renew(old, now);
    }
    const here = form.querySelector<HTMLAnchorElement>('[data-live="here"]');
    if (here !== null) history.replaceState(history.state, "", location.pathname + new URL(here.href).search);
    await Promise.all(
      pictures.map(async (picture) => {
        const next = part.querySelector<HTMLImageElement>(`[data-live="${picture.plane}-picture"]`);
        if (next !== null) await picture.show(next, false, signal);
      }),
    );
  }

  function renew(old: HTMLElement, now: HTMLElement): void {
    if (old instanceof HTMLInputElement && now instanceof HTMLInputElement) {
      for (const name of ["min", "max", "step", "aria-valuetext"]) {
        const value = now.getAttribute(name);
        if (value !== null && old.getAttribute(name) !== value) old.setAttribute(name, value);
      }
      if (old !== open && old.value !== now.value) old.value = now.value;
    } else if (old instanceof HTMLSelectElement && now instanceof HTMLSelectElement) {
      if (old !== open) old.value = now.value;
    } else if (old instanceof HTMLButtonElement && now instanceof HTMLButtonElement) {
      old.disabled = now.disabled;
    } else if (old.dataset.of !== undefined) {
      if (old.dataset.of === now.dataset.of) return;
      old.dataset.of = now.dataset.of;
      old.innerHTML = now.innerHTML;
    } else {
      for (const name of ["href", "data-copy", "style"]) {
        const value = now.getAttribute(name);
        if (value !== null) old.setAttribute(name, value);
      }
      if (old.innerHTML !== now.innerHTML) old.innerHTML = now.innerHTML;
    }
  }

  const ask = (asked: Fields): void => {
    steps.forget();
    latest.ask(asked);
  };
  const askStep = (step: Step | null): boolean => {
    if (step !== null) latest.ask(steps.add(fields(), step, latest.isIdle));
    return step !== null;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open = null;
    const submitter = event.submitter as HTMLButtonElement | HTMLInputElement | null;
    const step = submitter?.name === "step" ? /^(\w+)([+-]\d+)$/.exec(submitter.value) : null;
    if (step !== null) askStep({ what: step[1] ?? "", count: Number(step[2]) });
    else if (submitter?.type !== "image") ask(fields(submitter));
  });
  form.addEventListener("input", (event) => {
    open = event.target as Element;
    if (!(open instanceof HTMLInputElement) || open.name !== "position") ask(fields());
  });
  form.addEventListener("change", () => (open = null));
  form.addEventListener("focusout", (event) => {
    if (event.target === open) open = null;
  });

  for (const figure of form.querySelectorAll<HTMLElement>(".cut")) setUpPicture(figure);

  function setUpPicture(figure: HTMLElement): void {
    const plane = figure.dataset.plane ?? "";
    let begun: Fields | null = null;
    for (const target of figure.querySelectorAll<HTMLInputElement>('.cut-picture input[type="image"]')) {
      target.tabIndex = 0;
      target.alt += plane === "tilted" ? ": arrow keys tilt it" : ": arrow keys move, comma and full stop step through";
      const point = (event: MouseEvent, from: Fields) => {
        const box = target.getBoundingClientRect();
        ask(withClick(from, plane, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
      };
      target.addEventListener("click", (event) => {
        event.preventDefault();
        target.focus({ preventScroll: true });
        // A key presses it, too; and a mouse has been heard of before.
        if (event.detail > 0 && (event as PointerEvent).pointerType !== "mouse") point(event, fields());
      });
      target.addEventListener("pointerdown", (event) => {
        // A finger that moves scrolls the page.
        if (event.pointerType !== "mouse" || event.button !== 0) return;
        target.setPointerCapture(event.pointerId);
        begun = fields();
        point(event, begun);
      });
      // Else the browser takes the picture itself along.
      target.addEventListener("dragstart", (event) => event.preventDefault());
      target.addEventListener("pointermove", (event) => {
        if (begun !== null) point(event, begun);
      });
      for (const end of ["pointerup", "pointercancel"]) target.addEventListener(end, () => (begun = null));
      target.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (askStep(stepOfKey(plane, event.key, event.shiftKey))) event.preventDefault();
      });
      target.addEventListener(
        "wheel",
        (event) => {
          // Elsewhere the wheel scrolls the page, as everywhere.
          if (document.activeElement !== target || event.ctrlKey) return;
          const delta = event.deltaY === 0 ? event.deltaX : event.deltaY;
          if (askStep(stepOfWheel(plane, delta, event.shiftKey))) event.preventDefault();
        },
        { passive: false },
      );
    }
  }

  form.classList.add("live");
}

const form = document.getElementById("cuts");
if (form instanceof HTMLFormElement) setUp(form);
