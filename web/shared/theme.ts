// Light or dark: as the system says until somebody chooses, and then as chosen, on every page.
import { keptForGood } from "./kept";

export type Theme = "system" | "light" | "dark";

const storageKey = "pluv-theme";

export function savedTheme(): Theme {
  const saved = keptForGood.get(storageKey);
  return saved === "light" || saved === "dark" ? saved : "system";
}

// Call it before the first paint.
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function saveTheme(theme: Theme): void {
  if (theme === "system") keptForGood.remove(storageKey);
  else keptForGood.set(storageKey, theme);
  applyTheme(theme);
}

export function isDark(theme: Theme): boolean {
  return theme === "dark" ||
    (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}
