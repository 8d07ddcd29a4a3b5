import { inWords, isPassing } from "../api/errors";
import { noRetry, retryLater } from "../api/retry";
import { onSessionEnd } from "../api/sessionEnd";
import { upload } from "../api/upload";
import { queries, refreshFiles } from "../library/files";
import { texts } from "../texts";
import { formatBytes } from "../ui/format";
import { randomName } from "../ui/randomName";
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
const RETRY = "uploads";
const REFRESH_MILLISECONDS = 1000;

/** Every upload of this page, in the order they came. */
export const uploads = createStore<readonly Upload[]>([]);
export const speedometer = new Speedometer();

const controllers = new Map<number, AbortController>();
let last = 0;
let painting = false;
let paused = false; // the server cannot take uploads now; a retry is due
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
  resume();
}

export function retryFailed(): void {
  for (const one of items) {
    if (one.state === "failed") change(one.key, { state: "waiting", sent: 0, error: null });
  }
  resume();
}

/** Forget what is settled. */
export function clearUploads(): void {
  items = items.filter(isOpen);
  paint();
}

export function isOpen(one: Upload): boolean {
  return one.state === "waiting" || one.state === "sending";
}

onSessionEnd(() => {
  for (const controller of controllers.values()) controller.abort();
  controllers.clear();
  items = [];
  paused = false;
});

function resume(): void {
  paused = false;
  startNext();
}

function startNext(): void {
  while (!paused && controllers.size < AT_ONCE) {
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
    await upload(file, null, name, progressOf(key), controller.signal);
    paused = false;
    noRetry(RETRY);
    change(key, { state: "done", sent: file.size });
    scheduleRefresh();
  } catch (error) {
    if (!controller.signal.aborted) fail(key, error);
  } finally {
    controllers.delete(key);
    startNext();
  }
}

/** Fail for good, or wait for the server at the end of the queue: others go first next time. */
function fail(key: number, error: unknown): void {
  if (!isPassing(error)) {
    change(key, { state: "failed", error: inWords(error) });
    return;
  }
  change(key, { state: "waiting", sent: 0, error: texts.upload.waitingAgain(inWords(error)) });
  items.sort((one, other) => Number(one.key === key) - Number(other.key === key));
  if (!paused) {
    paused = true;
    retryLater(RETRY, resume, { seconds: error.retryAfter, inBackground: true });
  }
}

function progressOf(key: number): (sent: number) => void {
  return (sent) => {
    const before = items.find((one) => one.key === key)?.sent ?? 0;
    speedometer.add(sent - before);
    change(key, { sent });
  };
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
