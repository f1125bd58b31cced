import { expect, test } from "vitest";

import { readTheme, writeTheme } from "../src/theme";

function memory() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

test("a theme is remembered until the system's is wanted again", () => {
  const storage = memory();
  expect(readTheme(storage)).toBe("system");
  writeTheme(storage, "dark");
  expect(readTheme(storage)).toBe("dark");
  writeTheme(storage, "system");
  expect(readTheme(storage)).toBe("system");
});

test("an unknown word counts as system", () => {
  const storage = memory();
  storage.setItem("cisterna-theme", "sepia");
  expect(readTheme(storage)).toBe("system");
});
