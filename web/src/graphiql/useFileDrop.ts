import { useEffect, useRef, useState } from "react";
import { choose, chosenFiles } from "./chosenFiles";
import type { FileVariable } from "./fileVariables";

/**
 * Take files that are dropped anywhere on the page: those dropped on a variable's row for that one,
 * others for the first that is still empty. Returns whether files are being dragged over the page.
 *
 * Without this the browser would leave the page for the dropped file, or an editor would write its
 * name into the query.
 */
export function useFileDrop(variables: readonly FileVariable[]): boolean {
  const [dragging, setDragging] = useState(false);
  const current = useRef(variables);
  current.current = variables;
  useEffect(() => {
    const ending = new AbortController();
    const options = { capture: true, signal: ending.signal };
    const over = (event: DragEvent) => {
      if (claim(event)) {
        setDragging(true);
      }
    };
    addEventListener("dragenter", over, options);
    addEventListener("dragover", over, options);
    addEventListener("dragleave", (event) => event.relatedTarget ?? setDragging(false), options);
    addEventListener(
      "drop",
      (event) => {
        setDragging(false);
        const variable = claim(event) && target(event, current.current);
        if (variable) {
          choose(variable, [...(event.dataTransfer?.files ?? [])]);
        }
      },
      options,
    );
    return () => ending.abort();
  }, []);
  return dragging;
}

/** Keep an event with files from everybody else, and tell whether it was one. */
function claim(event: DragEvent): boolean {
  if (!event.dataTransfer?.types.includes("Files")) {
    return false;
  }
  event.preventDefault();
  event.stopPropagation();
  return true;
}

function target(event: DragEvent, variables: readonly FileVariable[]): FileVariable | undefined {
  const row = (event.target as Element).closest<HTMLElement>("[data-variable]");
  return (
    variables.find(({ name }) => name === row?.dataset["variable"]) ??
    variables.find(({ name }) => !chosenFiles.get()[name]?.length) ??
    variables[0]
  );
}
