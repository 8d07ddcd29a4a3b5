import { createStore } from "../ui/store";
import { onSessionEnd } from "./sessionEnd";

/**
 * Retries of everything that failed for a passing reason: lists, the viewer, uploads, edits.
 * The pause doubles with each failure, up to 30 seconds. A retry runs at once when the network or
 * the server is back, or when somebody looks at the page again; none runs while the browser is
 * offline, and in a hidden page only those that are marked ``inBackground``.
 */

type Waiting = {
  run: () => void;
  timer: ReturnType<typeof setTimeout>;
  inBackground: boolean;
  /** The moment before which the server asked not to be tried again. */
  notBefore: number;
};

type Options = { seconds?: number | null; inBackground?: boolean };

const LONGEST_SECONDS = 30;

const waiting = new Map<string, Waiting>();
const failures = new Map<string, number>();

/** Whether the last request found no server. */
export const serverIsAway = createStore(false, { lasting: true });

/** Run ``run`` later; ``seconds`` is what the server asked for. One retry waits for each key. */
export function retryLater(key: string, run: () => void, options: Options = {}): void {
  const failed = failures.get(key) ?? 0;
  failures.set(key, failed + 1);
  clearTimeout(waiting.get(key)?.timer);
  const asked = options.seconds ?? 0;
  const pause = Math.min(2 ** failed, LONGEST_SECONDS) * (1 + Math.random() / 4); // not all clients at once
  const seconds = Math.max(pause, asked);
  waiting.set(key, {
    run,
    timer: setTimeout(() => retry(key), seconds * 1000),
    inBackground: options.inBackground ?? false,
    notBefore: Date.now() + asked * 1000,
  });
}

/** Resolve when ``key`` is to be tried again; never, once the session has ended. */
export function retryPause(key: string, seconds: number | null): Promise<void> {
  return new Promise((resolve) => retryLater(key, resolve, { seconds, inBackground: true }));
}

/** Note that it worked, or that it is no longer wanted. */
export function noRetry(key: string): void {
  clearTimeout(waiting.get(key)?.timer);
  waiting.delete(key);
  failures.delete(key);
}

/** Note that a request found no server. */
export function noteAway(): void {
  serverIsAway.set(true);
}

/** Note that the server answered; after an outage everything that waits is tried at once. */
export function noteAnswer(): void {
  if (serverIsAway.get()) {
    serverIsAway.set(false);
    retryAll();
  }
}

function retry(key: string): void {
  const one = waiting.get(key);
  if (one && navigator.onLine && (one.inBackground || !document.hidden)) {
    clearTimeout(one.timer);
    waiting.delete(key);
    one.run();
  }
}

function retryAll(): void {
  for (const [key, { notBefore }] of [...waiting]) {
    if (notBefore <= Date.now()) retry(key);
  }
}

window.addEventListener("online", retryAll);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) retryAll();
});

onSessionEnd(() => {
  for (const key of [...waiting.keys(), ...failures.keys()]) noRetry(key);
});
