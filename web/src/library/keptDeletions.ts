import { sessionSignal } from "../api/sessionEnd";
import { randomName } from "../ui/randomName";

/**
 * Deletions that the server has not confirmed, in the browser's storage: a later page of the same
 * account finishes what a closed page began. A lock of the same name shows that a page is at it.
 */
export type KeptDeletion = { key: string; account: string; ids: readonly string[] };

const PREFIX = "media.deletion.";

/** Keep a new deletion; where the storage has no room for it, ``isKept`` is false. */
export function keepDeletion(account: string, ids: readonly string[]): KeptDeletion {
  return keep({ key: PREFIX + randomName(), account, ids });
}

/** Keep a deletion with the ids that are left, or forget it if there are none. */
export function keepRest(kept: KeptDeletion, ids: readonly string[]): KeptDeletion {
  if (ids.length > 0) return keep({ ...kept, ids });
  localStorage.removeItem(kept.key);
  return { ...kept, ids };
}

export function isKept({ key }: KeptDeletion): boolean {
  return localStorage.getItem(key) !== null;
}

/** Return every deletion that is kept for an account. */
export function keptDeletions(account: string): KeptDeletion[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .flatMap((key) => read(key) ?? [])
    .filter((kept) => kept.account === account);
}

/**
 * Run ``work`` when no other page is at this deletion, and hold it until ``work`` or the session
 * ends. Over plain HTTP browsers have no locks: there it runs at once.
 */
export async function whileHeld(kept: KeptDeletion, work: () => Promise<void>): Promise<void> {
  const signal = sessionSignal();
  const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const held = () => Promise.race([work(), ended]);
  await ("locks" in navigator ? navigator.locks.request(kept.key, held) : held());
}

function keep(kept: KeptDeletion): KeptDeletion {
  const { key, ...content } = kept;
  try {
    localStorage.setItem(key, JSON.stringify(content));
  } catch {
    localStorage.removeItem(key); // no room: an older state of it would delete too much
  }
  return kept;
}

function read(key: string): KeptDeletion | null {
  try {
    return { key, ...JSON.parse(localStorage.getItem(key) ?? "") };
  } catch {
    localStorage.removeItem(key);
    return null;
  }
}
