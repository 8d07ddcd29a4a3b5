import type { Virtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef } from "react";
import { deleteFiles } from "./deletion";
import type { FileCard } from "./files";
import type { Row } from "./layout";
import { clearSelection, selectAll, selection, selectUpTo, toggleSelected } from "./selection";

type Grid = {
  list: RefObject<HTMLDivElement | null>;
  files: readonly FileCard[];
  rows: readonly Row[];
  active: number;
  setActive: (index: number) => void;
  onOpen: (id: string) => void;
  virtualizer: Virtualizer<Window, Element>;
};

/** Return the grid's key handler (ARIA Authoring Practices, grid: one stop of Tab, arrows inside). */
export function useGridKeys(grid: Grid) {
  const now = useRef(grid);
  now.current = grid;
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    // After every paint: the row that the focus moves to may have come into being just now.
    const { list } = now.current;
    const target = list.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (target) {
      wanted.current = null;
      target.focus({ preventScroll: true });
    }
  });
  return useCallback((event: KeyboardEvent) => {
    const { files, rows, active, setActive, virtualizer } = now.current;
    const to = destination(event, rows, active, files.length);
    if (to !== null) {
      event.preventDefault();
      wanted.current = to;
      setActive(to);
      virtualizer.scrollToIndex(rowAt(rows, to), { align: "auto" });
      if (event.shiftKey) extend(files, active, to);
      return;
    }
    const file = files[active];
    if (file && act(event, file, now.current)) event.preventDefault();
  }, []);
}

function extend(files: readonly FileCard[], from: number, to: number): void {
  const [start, end] = [files[from], files[to]];
  if (start && selection.get().anchor === null) toggleSelected(start.id);
  if (end) selectUpTo(end.id, files);
}

function act(event: KeyboardEvent, file: FileCard, { files }: Grid): boolean {
  const { ids } = selection.get();
  switch (event.key) {
    case " ":
      toggleSelected(file.id);
      return true;
    case "a":
      if (event.ctrlKey || event.metaKey) selectAll(files.map((one) => one.id));
      return event.ctrlKey || event.metaKey;
    case "Escape":
      clearSelection();
      return true;
    case "Delete":
      deleteFiles(ids.size > 0 ? [...ids] : [file.id]);
      clearSelection();
      return true;
    default:
      return false;
  }
}

function destination(
  event: KeyboardEvent,
  rows: readonly Row[],
  active: number,
  count: number,
): number | null {
  const row = rowAt(rows, active);
  switch (event.key) {
    case "ArrowRight":
      return Math.min(active + 1, count - 1);
    case "ArrowLeft":
      return Math.max(active - 1, 0);
    case "ArrowDown":
      return nearest(rows, row, row + 1, active);
    case "ArrowUp":
      return nearest(rows, row, row - 1, active);
    case "PageDown":
      return nearest(rows, row, Math.min(row + 3, rows.length - 1), active);
    case "PageUp":
      return nearest(rows, row, Math.max(row - 3, 0), active);
    case "Home":
      return event.ctrlKey ? 0 : (rows[row]?.tiles[0]?.index ?? active);
    case "End":
      return event.ctrlKey ? count - 1 : (rows[row]?.tiles.at(-1)?.index ?? active);
    default:
      return null;
  }
}

function rowAt(rows: readonly Row[], index: number): number {
  return rows.findIndex((row) => (row.tiles.at(-1)?.index ?? -1) >= index);
}

/** Return the tile of row ``to`` whose middle lies nearest to that of ``active`` in row ``from``. */
function nearest(rows: readonly Row[], from: number, to: number, active: number): number {
  const middle = middles(rows[from]).find(([index]) => index === active)?.[1] ?? 0;
  const candidates = middles(rows[to]);
  candidates.sort((a, b) => Math.abs(a[1] - middle) - Math.abs(b[1] - middle));
  return candidates[0]?.[0] ?? active;
}

function middles(row: Row | undefined): [number, number][] {
  let left = 0;
  return (row?.tiles ?? []).map(({ index, width }) => {
    left += width;
    return [index, left - width / 2];
  });
}
