import { createStore } from "../ui/store";
import type { FileVariable } from "./fileVariables";

/** The files that were chosen, by the name of their variable. */
export type ChosenFiles = Readonly<Record<string, readonly File[]>>;

export const chosenFiles = createStore<ChosenFiles>({});

/** Put ``files`` into a variable: beside those of a list, in place of a single one. */
export function choose(variable: FileVariable, files: readonly File[]): void {
  if (files.length === 0) {
    return;
  }
  const before = variable.list ? (chosenFiles.get()[variable.name] ?? []) : [];
  const after = [...before, ...files];
  set(variable, variable.list ? after : after.slice(0, 1));
}

export function remove(variable: FileVariable, index: number): void {
  set(
    variable,
    (chosenFiles.get()[variable.name] ?? []).filter((_, n) => n !== index),
  );
}

function set(variable: FileVariable, files: readonly File[]): void {
  chosenFiles.set({ ...chosenFiles.get(), [variable.name]: files });
}
