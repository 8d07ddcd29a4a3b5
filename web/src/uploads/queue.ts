import { ApiError, inWords, isPassing } from "../api/errors";
import { upload } from "../api/upload";
import { queries, refreshFiles } from "../library/files";
import { texts } from "../texts";
import { formatBytes } from "../ui/format";
import { createStore } from "../ui/store";
import { Speedometer } from "./speed";

export type UploadState = "waiting" | "sending" | "done" | "failed" | "cancelled";

export type Upload = {
  key: number;
  /** Names this upload to the server, however often it is sent. */
  name: string;
  file: File;
  state: UploadState;
  sent: number;
  error: string | null;
};

const AT_ONCE = 3;
const TRIES = 4;
const REFRESH_MILLISECONDS = 1000;

/** Every upload of this page, in the order they came. */
export const uploads = createStore<readonly Upload[]>([]);
export const speedometer = new Speedometer();

const controllers = new Map<number, AbortController>();
let last = 0;
let painting = false;
let items: Upload[] = [];

/** Put files in the queue; those that the server would refuse for their size fail at once. */
export function addUploads(files: readonly File[]): void {
  const viewer = queries.getQueryData<{ maxUploadBytes: number }>(["viewer"]);
  const limit = viewer?.maxUploadBytes ?? Number.POSITIVE_INFINITY;
  for (const file of files) {
    last += 1;
    const error = file.size > limit ? texts.upload.tooLarge(formatBytes(limit)) : null;
    items.push({
      key: last,
      name: randomName(),
      file,
      state: error ? "failed" : "waiting",
      sent: 0,
      error,
    });
  }
  paint();
  startNext();
}

export function cancelUpload(key: number): void {
  change(key, { state: "cancelled" });
  controllers.get(key)?.abort(new DOMException("cancelled", "AbortError"));
  startNext();
}

export function cancelAll(): void {
  for (const one of items) {
    if (isOpen(one)) cancelUpload(one.key);
  }
}

export function retryUpload(key: number): void {
  change(key, { state: "waiting", sent: 0, error: null });
  startNext();
}

export function retryFailed(): void {
  for (const one of items) {
    if (one.state === "failed") change(one.key, { state: "waiting", sent: 0, error: null });
  }
  startNext();
}

/** Forget what is settled. */
export function clearUploads(): void {
  items = items.filter(isOpen);
  paint();
}

export function isOpen(one: Upload): boolean {
  return one.state === "waiting" || one.state === "sending";
}

function startNext(): void {
  while (controllers.size < AT_ONCE) {
    const next = items.find((one) => one.state === "waiting");
    if (!next) {
      return;
    }
    void run(next);
  }
}

async function run({ key, name, file }: Upload): Promise<void> {
  const controller = new AbortController();
  controllers.set(key, controller);
  change(key, { state: "sending", sent: 0, error: null });
  try {
    await sendPatiently(key, name, file, controller.signal);
    change(key, { state: "done", sent: file.size });
    scheduleRefresh();
  } catch (error) {
    if (!controller.signal.aborted) {
      change(key, { state: "failed", error: inWords(error) });
    }
  } finally {
    controllers.delete(key);
    startNext();
  }
}

/** Send it, again after a while if the server is only busy. */
async function sendPatiently(key: number, name: string, file: File, signal: AbortSignal) {
  const progress = (sent: number) => {
    const before = items.find((one) => one.key === key)?.sent ?? 0;
    speedometer.add(sent - before);
    change(key, { sent });
  };
  for (let tried = 1; ; tried += 1) {
    try {
      return await upload(file, null, name, progress, signal);
    } catch (error) {
      if (signal.aborted || tried >= TRIES || !isPassing(error)) {
        throw error;
      }
      const wait = (error instanceof ApiError && error.retryAfter) || 2 ** (tried - 1);
      await pause(wait * 1000, signal);
    }
  }
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

let refreshDue = false;

function scheduleRefresh(): void {
  if (refreshDue) return;
  refreshDue = true;
  setTimeout(() => {
    refreshDue = false;
    void refreshFiles();
  }, REFRESH_MILLISECONDS);
}

function change(key: number, part: Partial<Upload>): void {
  const at = items.findIndex((one) => one.key === key);
  const before = items[at];
  if (before) {
    items[at] = { ...before, ...part };
    paint();
  }
}

/** Show changes once a frame, however many there are. */
function paint(): void {
  if (!painting) {
    painting = true;
    setTimeout(() => {
      painting = false;
      uploads.set([...items]);
    }, 50);
  }
}
