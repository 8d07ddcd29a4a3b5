import type { FileCard } from "./files";

/** A tile's place: which file, and how wide its picture is. */
export type Placed = { index: number; width: number };
export type Row = { tiles: Placed[]; height: number };

export type Space = { width: number; height: number; gap: number };

const NARROWEST = 0.62;
const WIDEST = 2.4;
const TALLEST = 1.3;

/** Return how wide a file is shown for its height, known before its picture has loaded. */
export function aspectOf(file: Pick<FileCard, "width" | "height" | "mimeType">): number {
  if (file.width && file.height) {
    return Math.min(Math.max(file.width / file.height, NARROWEST), WIDEST);
  }
  return file.mimeType === "application/pdf" ? 0.77 : 1;
}

/** Fill rows of one height each with whole pictures, as books and newspapers set them. */
export function justify(files: readonly FileCard[], space: Space): Row[] {
  const rows: Row[] = [];
  let open: number[] = [];
  let sum = 0;
  let first = 0;
  const close = (height: number) => {
    const tiles = open.map((aspect, at) => ({ index: first + at, width: aspect * height }));
    rows.push({ tiles, height });
    first += open.length;
    open = [];
    sum = 0;
  };
  for (const file of files) {
    const aspect = aspectOf(file);
    open.push(aspect);
    sum += aspect;
    const left = space.width - space.gap * (open.length - 1);
    if (sum * space.height >= left) {
      close(left / sum);
    }
  }
  if (open.length > 0) {
    const left = space.width - space.gap * (open.length - 1);
    const stretched = left / sum;
    close(stretched <= space.height * TALLEST ? stretched : Math.min(space.height, stretched));
  }
  return rows;
}
