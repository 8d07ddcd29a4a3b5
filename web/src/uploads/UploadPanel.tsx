import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronUp, CircleAlert, CircleCheck, RotateCw, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { texts } from "../texts";
import { formatBytes, formatDuration } from "../ui/format";
import { useStore } from "../ui/store";
import {
  cancelAll,
  cancelUpload,
  clearUploads,
  isOpen,
  retryFailed,
  retryUpload,
  speedometer,
  type Upload,
  uploads,
} from "./queue";

const ROW = 58;
const SHOWN_ROWS = 5;

/** Every upload with its progress, and all of them together. */
export function UploadPanel() {
  const all = useStore(uploads);
  const [open, setOpen] = useState(true);
  if (all.length === 0) {
    return null;
  }
  const failed = all.filter((one) => one.state === "failed");
  const running = all.some(isOpen);
  return (
    <section className="upload-panel" aria-label={texts.upload.panel}>
      <header>
        <Summary all={all} failed={failed.length} running={running} />
        <button
          type="button"
          className="icon-button small"
          aria-expanded={open}
          aria-label={open ? texts.upload.collapse : texts.upload.expand}
          onClick={() => setOpen(!open)}
        >
          {open ? <ChevronDown aria-hidden="true" /> : <ChevronUp aria-hidden="true" />}
        </button>
        {!running && (
          <button
            type="button"
            className="icon-button small"
            aria-label={texts.upload.close}
            onClick={clearUploads}
          >
            <X aria-hidden="true" />
          </button>
        )}
      </header>
      {open && <UploadList all={all} />}
      {open && (running || failed.length > 0) && (
        <footer>
          {failed.length > 0 && (
            <button type="button" className="text-button" onClick={retryFailed}>
              {texts.upload.retryAll}
            </button>
          )}
          {running && (
            <button type="button" className="text-button" onClick={cancelAll}>
              {texts.upload.cancelAll}
            </button>
          )}
        </footer>
      )}
    </section>
  );
}

type SummaryProps = { all: readonly Upload[]; failed: number; running: boolean };

function Summary({ all, failed, running }: SummaryProps) {
  const counted = all.filter((one) => one.state !== "cancelled" && one.state !== "failed");
  const done = counted.filter((one) => one.state === "done").length;
  const size = counted.reduce((sum, one) => sum + one.file.size, 0);
  const sent = counted.reduce((sum, one) => sum + Math.min(one.sent, one.file.size), 0);
  const speed = useSpeed(running);
  const title = running
    ? texts.upload.running(done, counted.length)
    : failed > 0
      ? texts.upload.finishedWithErrors(done, failed)
      : texts.upload.finished(done);
  return (
    <div className="upload-summary">
      <h2>{title}</h2>
      {running && (
        <>
          <progress max={Math.max(size, 1)} value={sent} aria-label={texts.upload.total} />
          <p>
            {formatBytes(sent)} / {formatBytes(size)}
            {speed > 0 && (
              <>
                {" · "}
                {texts.upload.speed(formatBytes(speed))}
                {" · "}
                {texts.upload.left(formatDuration((size - sent) / speed))}
              </>
            )}
          </p>
        </>
      )}
      <p className="visually-hidden" role="status">
        {running || done === 0 ? "" : texts.upload.announceDone(done)}
      </p>
    </div>
  );
}

function useSpeed(running: boolean): number {
  const [speed, setSpeed] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setSpeed(speedometer.read()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return speed;
}

function UploadList({ all }: { all: readonly Upload[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const ordered = [...all].sort((a, b) => RANK[a.state] - RANK[b.state]);
  const virtualizer = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 4,
    useFlushSync: false,
  });
  const height = ROW * Math.min(ordered.length, SHOWN_ROWS);
  return (
    <div ref={scroller} tabIndex={0} className="upload-list" style={{ height }}>
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const one = ordered[item.index];
          return (
            one && (
              <li key={one.key} style={{ transform: `translateY(${item.start}px)` }}>
                <UploadRow upload={one} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

const RANK = { failed: 0, sending: 1, waiting: 2, done: 3, cancelled: 4 };

function UploadRow({ upload }: { upload: Upload }) {
  const { key, file, state, sent, error } = upload;
  const allSent = state === "sending" && sent >= file.size;
  const says = {
    waiting: error ?? texts.upload.waiting,
    sending: allSent ? texts.upload.processing : `${formatBytes(sent)} / ${formatBytes(file.size)}`,
    done: `${texts.upload.done} · ${formatBytes(file.size)}`,
    failed: error ?? "",
    cancelled: texts.upload.cancelled,
  }[state];
  return (
    <div className="upload-row" data-state={state}>
      <div className="upload-text">
        <span className="upload-name">{file.name}</span>
        <span className="upload-says">{says}</span>
        {state === "sending" && (
          <progress max={Math.max(file.size, 1)} value={sent} aria-label={file.name} />
        )}
      </div>
      {state === "done" && <CircleCheck aria-hidden="true" className="good" />}
      {state === "failed" && <CircleAlert aria-hidden="true" className="bad" />}
      {(state === "failed" || state === "cancelled") && (
        <button
          type="button"
          className="icon-button small"
          aria-label={texts.upload.retry(file.name)}
          onClick={() => retryUpload(key)}
        >
          <RotateCw aria-hidden="true" />
        </button>
      )}
      {isOpen(upload) && (
        <button
          type="button"
          className="icon-button small"
          aria-label={texts.upload.cancel(file.name)}
          onClick={() => cancelUpload(key)}
        >
          <X aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
