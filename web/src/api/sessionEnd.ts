/**
 * The end of a session: signing out, a refused renewal, or another account in its place.
 * Everything that belongs to one account registers here and is gone before the next one comes;
 * ``createStore`` does so for every store.
 */

let current = new AbortController();
const resets: (() => void)[] = [];
const flushes: (() => Promise<unknown>)[] = [];
const FLUSH_MILLISECONDS = 5000;

/** Run ``reset`` whenever a session ends. */
export function onSessionEnd(reset: () => void): void {
  resets.push(reset);
}

/** Run ``flush`` before signing out, while the server still accepts the session. */
export function beforeSignOut(flush: () => Promise<unknown>): void {
  flushes.push(flush);
}

/** Send what is unsaved; give up after five seconds. */
export async function flushSession(): Promise<void> {
  const all = Promise.allSettled(flushes.map((flush) => flush()));
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, FLUSH_MILLISECONDS))]);
}

export function endSession(): void {
  current.abort(new DOMException("The session has ended.", "AbortError"));
  current = new AbortController();
  for (const reset of resets) reset();
}

/** A signal that aborts when the session of this moment ends. */
export function sessionSignal(): AbortSignal {
  return current.signal;
}

/**
 * Return the result of ``work``. After the end of the session it never settles: no result, error
 * or message of one account reaches the next.
 */
export async function withinSession<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal } = current;
  try {
    const result = await work(signal);
    if (!signal.aborted) return result;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return new Promise(() => {});
}
