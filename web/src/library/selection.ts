import { createStore } from "../ui/store";

/** Which files are selected, and from where a range reaches. */
export type Selection = { ids: ReadonlySet<string>; anchor: string | null };

const NOTHING: Selection = { ids: new Set(), anchor: null };

export const selection = createStore<Selection>(NOTHING);

export function clearSelection(): void {
  selection.set(NOTHING);
}

export function toggleSelected(id: string): void {
  selection.update(({ ids }) => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    return { ids: next, anchor: id };
  });
}

export function selectAll(ids: readonly string[]): void {
  selection.set({ ids: new Set(ids), anchor: ids[0] ?? null });
}

/** Select from the anchor up to and with ``id``, in the order that is shown. */
export function selectUpTo(id: string, shown: readonly { id: string }[]): void {
  const { anchor, ids } = selection.get();
  const from = shown.findIndex((file) => file.id === anchor);
  const to = shown.findIndex((file) => file.id === id);
  if (from < 0 || to < 0) {
    toggleSelected(id);
    return;
  }
  const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  selection.set({ ids: new Set([...ids, ...range.map((file) => file.id)]), anchor });
}
