import { createStore } from "./store";

export type Theme = "system" | "light" | "dark";

const KEY = "media.theme";

export const theme = createStore<Theme>(stored(), { lasting: true });

export function setTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  theme.set(next);
  applyTheme();
}

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.get();
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}
