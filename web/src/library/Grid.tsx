import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { texts } from "../texts";
import { useStore } from "../ui/store";
import type { FileCard } from "./files";
import { justify, type Row } from "./layout";
import { selection, selectUpTo, toggleSelected } from "./selection";
import { Tile } from "./Tile";
import { useGridKeys } from "./useGridKeys";

type Props = {
  files: readonly FileCard[];
  total: number;
  complete: boolean;
  /** Whether the files are others', and each says whose. */
  ofOthers: boolean;
  onMore: () => void;
  onOpen: (id: string) => void;
};

const WIDE = { height: 208, gap: 16, caption: 52 };
const NARROW = { height: 132, gap: 10, caption: 44 };
const NARROW_BELOW = 600;
const AHEAD_ROWS = 12;

/** All files in rows of whole pictures; only the rows near the window exist in the page. */
export function Grid({ files, total, complete, ofOthers, onMore, onOpen }: Props) {
  const [list, width, top] = usePlace();
  const measures = width < NARROW_BELOW ? NARROW : WIDE;
  const rows = useMemo(
    () => (width > 0 ? justify(files, { width, ...measures }) : []),
    [files, width, measures],
  );
  const [active, setActive] = useState(0);
  const reachable = Math.min(active, Math.max(files.length - 1, 0));
  const activeRow = rowOf(rows, reachable);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (at) => (rows[at]?.height ?? 0) + measures.caption + measures.gap,
    overscan: 2,
    useFlushSync: false,
    scrollMargin: top,
    rangeExtractor: useCallback(
      (range: Range) => {
        const near = defaultRangeExtractor(range);
        return activeRow < 0 || near.includes(activeRow)
          ? near
          : [...near, activeRow].sort((a, b) => a - b); // the focus must not vanish
      },
      [activeRow],
    ),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows have new heights
  useLayoutEffect(() => virtualizer.measure(), [rows, virtualizer]);
  const shown = virtualizer.getVirtualItems();
  const lastShown = virtualizer.range?.endIndex ?? 0;
  useEffect(() => {
    if (!complete && lastShown + AHEAD_ROWS >= rows.length) onMore();
  }, [complete, lastShown, rows.length, onMore]);

  const { ids } = useStore(selection);
  const keys = useGridKeys({
    list,
    files,
    rows,
    active: reachable,
    setActive,
    onOpen,
    virtualizer,
  });
  const now = useRef(files);
  now.current = files;
  const open = useCallback(
    (index: number, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => {
      const file = now.current[index];
      if (!file) return;
      setActive(index);
      if (event.shiftKey) selectUpTo(file.id, now.current);
      else if (event.ctrlKey || event.metaKey) toggleSelected(file.id);
      else onOpen(file.id);
    },
    [onOpen],
  );
  const select = useCallback((index: number, event: { shiftKey: boolean }) => {
    const file = now.current[index];
    if (!file) return;
    setActive(index);
    if (event.shiftKey) selectUpTo(file.id, now.current);
    else toggleSelected(file.id);
  }, []);

  return (
    <div
      ref={list}
      role="grid"
      aria-label={texts.grid.label}
      aria-multiselectable="true"
      aria-rowcount={complete ? rows.length : -1}
      aria-describedby="grid-hint"
      className="grid"
      data-selecting={ids.size > 0 || undefined}
      data-total={total}
      style={{ height: virtualizer.getTotalSize() }}
      onKeyDown={keys}
    >
      {shown.map((item) => (
        <div
          key={item.key}
          role="row"
          tabIndex={-1}
          aria-rowindex={item.index + 1}
          className="grid-row"
          style={{ transform: `translateY(${item.start - top}px)`, gap: measures.gap }}
        >
          {rows[item.index]?.tiles.map((tile, column) => {
            const file = files[tile.index];
            return (
              file && (
                <Tile
                  key={file.id}
                  file={file}
                  index={tile.index}
                  column={column}
                  width={tile.width}
                  height={rows[item.index]?.height ?? 0}
                  selected={ids.has(file.id)}
                  reachable={tile.index === reachable}
                  owner={ofOthers ? (file.owner.name ?? file.owner.email ?? null) : null}
                  onOpen={open}
                  onSelect={select}
                />
              )
            );
          })}
        </div>
      ))}
    </div>
  );
}

function rowOf(rows: readonly Row[], index: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const first = rows[middle]?.tiles[0]?.index ?? 0;
    const last = rows[middle]?.tiles.at(-1)?.index ?? 0;
    if (index < first) high = middle - 1;
    else if (index > last) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Return a ref, and how wide its element is and where it begins in the page. */
function usePlace() {
  const list = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const top = Math.round(element.getBoundingClientRect().top + window.scrollY);
      const width = element.clientWidth;
      setPlace((old) => (old.width === width && old.top === top ? old : { width, top }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return [list, place.width, place.top] as const;
}
