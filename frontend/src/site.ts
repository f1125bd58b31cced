/** Small comforts on ordinary pages, which all work without it. */

import "./site/tokens.css";
import "./site/base.css";
import "./site/parts.css";
import "./site/search.css";
import "./site/gallery.css";
import "./site/dataset.css";
import "./site/tables.css";
import "./site/commands.css";
import "./site/organelles.css";
import "./site/browsing.css";
import "./site/research.css";
import "./site/account.css";
import "./site/jobs.css";
import { copyText } from "./copying";
import { setUpEmbedding } from "./embedding";
import { setUpSwapping } from "./swapping";
import { readTheme, type Theme, THEMES, writeTheme } from "./theme";
import { setUpWatching } from "./watching";

/** `[data-theme-choice]` holds a button for each of light, dark and system, with `value` naming it. */
function setUpTheme(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-theme-choice] button")];
  const apply = (theme: Theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === theme));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const theme = THEMES.find((it) => it === button.value) ?? "system";
      writeTheme(localStorage, theme);
      apply(theme);
    });
  }
  apply(readTheme(localStorage));
}

/** `[data-copy="text"]` copies that text; `[data-copy="#id"]` copies what stands in that element. */
function setUpCopying(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (button === null) return;
    const what = button.dataset.copy ?? "";
    const source = what.startsWith("#") ? document.getElementById(what.slice(1)) : null;
    void copyText((source?.textContent ?? what).trim(), button);
  });
}

/** "/" goes to the search field, unless one is writing. */
function setUpSearchKey(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const writing = target.isContentEditable || target.closest("input, textarea, select, dialog[open]") !== null;
    const search = document.querySelector<HTMLInputElement>("input[type=search]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writing || search === null) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

setUpTheme();
setUpCopying();
setUpSearchKey();
setUpEmbedding();
setUpSwapping();
setUpWatching();
