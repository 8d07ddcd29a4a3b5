import { decode } from "blurhash";
import { File as FileIcon, FileText, Globe, Image, Music, Play, Users } from "lucide-react";
import { type MouseEvent, memo, useEffect, useRef, useState } from "react";
import { texts } from "../texts";
import { formatBytes, formatDuration, formatKind, ownAddress } from "../ui/format";
import { useReload } from "../ui/useReload";
import type { FileCard } from "./files";

type Props = {
  file: FileCard;
  index: number;
  column: number;
  width: number;
  height: number;
  selected: boolean;
  reachable: boolean;
  owner: string | null;
  onOpen: (index: number, event: MouseEvent) => void;
  onSelect: (index: number, event: MouseEvent) => void;
};

/** One file of the grid: its picture opens it, the mark in its corner selects it. */
export const Tile = memo(function Tile(props: Props) {
  const { file, index, column, width, height, selected, reachable, owner } = props;
  const [attempt, fail] = useReload();
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: what is inside takes the focus
    <div
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={selected}
      className="tile"
      data-selected={selected || undefined}
      style={{ width }}
    >
      <button
        type="button"
        className="tile-open"
        data-index={index}
        tabIndex={reachable ? 0 : -1}
        aria-label={labelOf(file)}
        style={{ height }}
        onClick={(event) => props.onOpen(index, event)}
      >
        <Picture key={attempt} file={file} onFail={fail} />
        <Badges file={file} />
      </button>
      <button
        type="button"
        role="checkbox"
        className="tile-select"
        aria-checked={selected}
        aria-label={texts.grid.select(file.filename)}
        tabIndex={reachable ? 0 : -1}
        onClick={(event) => props.onSelect(index, event)}
      />
      <div className="tile-caption">
        <span className="tile-name">{file.filename}</span>
        <span className="tile-facts">
          {formatKind(file.mimeType)} · {formatBytes(file.size)}
          {owner && ` · ${texts.grid.from(owner)}`}
        </span>
      </div>
    </div>
  );
});

function labelOf({ filename, duration }: FileCard): string {
  const label = texts.grid.open(filename);
  return typeof duration === "number" ? `${label}, ${formatDuration(duration)}` : label;
}

function Picture({ file, onFail }: { file: FileCard; onFail: () => void }) {
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const source = file.thumbnail ? ownAddress(file.thumbnail) : null;
  if (source === null || state === "failed") {
    return (
      <span className="tile-glyph">
        <Glyph mimeType={file.mimeType} />
      </span>
    );
  }
  return (
    <>
      {file.blurhash && state === "loading" && <Blur hash={file.blurhash} />}
      <img
        src={source}
        alt=""
        decoding="async"
        draggable={false}
        className="tile-image"
        data-shown={state === "shown" || undefined}
        data-page={/^text\/|pdf|document|json/.test(file.mimeType) || undefined}
        onLoad={() => setState("shown")}
        onError={() => {
          setState("failed");
          onFail();
        }}
      />
    </>
  );
}

const BLUR = 20;

function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    try {
      context?.putImageData(
        new ImageData(new Uint8ClampedArray(decode(hash, BLUR, BLUR)), BLUR),
        0,
        0,
      );
    } catch {
      // A hash that cannot be read leaves the plain ground.
    }
  }, [hash]);
  return <canvas ref={canvas} width={BLUR} height={BLUR} className="tile-blur" />;
}

export function Glyph({ mimeType }: { mimeType: string }) {
  const family = mimeType.split("/")[0];
  const Icon =
    { image: Image, audio: Music, video: Play, text: FileText }[family ?? ""] ??
    (/pdf|document|word/.test(mimeType) ? FileText : FileIcon);
  return <Icon aria-hidden="true" strokeWidth={1.5} />;
}

function Badges({ file }: { file: FileCard }) {
  return (
    <span className="tile-badges">
      {file.visibility === "PUBLIC" && <Globe aria-hidden="true" />}
      {file.visibility === "SHARED" && <Users aria-hidden="true" />}
      {typeof file.duration === "number" && (
        <span className="tile-duration">
          {file.mimeType.startsWith("video/") && <Play aria-hidden="true" />}
          {formatDuration(file.duration)}
        </span>
      )}
    </span>
  );
}
