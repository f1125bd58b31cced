/** Copy a text and say so on the button that was pressed. */

const SAID_FOR_MS = 1500;
const before = new WeakMap<HTMLElement, { label: string | null; text: string | null }>();

function say(button: HTMLElement, words: string): void {
  const iconOnly = button.querySelector("svg") !== null;
  if (!before.has(button)) {
    before.set(button, { label: button.getAttribute("aria-label"), text: iconOnly ? null : button.textContent });
    setTimeout(() => {
      const was = before.get(button);
      before.delete(button);
      button.classList.remove("said");
      if (was === undefined) return;
      if (was.text !== null) button.textContent = was.text;
      if (was.label === null) button.removeAttribute("aria-label");
      else button.setAttribute("aria-label", was.label);
    }, SAID_FOR_MS);
  }
  button.classList.add("said");
  button.setAttribute("aria-label", words);
  if (!iconOnly) button.textContent = words;
}

export async function copyText(text: string, button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied");
  } catch {
    // No clipboard without HTTPS (a portal on a laboratory's own network) or without the person's leave.
    say(button, copyBySelection(text) ? "Copied" : "Press Ctrl+C");
  }
}

function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden-visually";
  (document.querySelector<HTMLElement>("dialog[open]") ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
