import { BulkDeleteDocument } from "../api/documents";
import { inWords, isPassing } from "../api/errors";
import { execute } from "../api/graphql";
import { noRetry, retryPause } from "../api/retry";
import { session } from "../api/session";
import { beforeSignOut, onSessionEnd } from "../api/sessionEnd";
import { texts } from "../texts";
import { createStore } from "../ui/store";
import { showToast } from "../ui/toasts";
import { refreshFiles, removeFiles } from "./files";
import {
  isKept,
  type KeptDeletion,
  keepDeletion,
  keepRest,
  keptDeletions,
  whileHeld,
} from "./keptDeletions";

/** Files that are not shown because they are about to be deleted. */
export const hidden = createStore<ReadonlySet<string>>(new Set());

const GRACE_MILLISECONDS = 7000;
const AT_ONCE = 1000;
const LEAVING_BYTES = 48 * 1024; // browsers send 64 KiB in all after a page has gone
const ID_BYTES = 36;

/** Deletions that the server has not confirmed, by key, and what ends the grace of each. */
const open = new Map<string, KeptDeletion>();
const endGrace = new Map<string, () => void>();
const running = new Set<Promise<void>>();

/** Hide files at once and delete them after a grace in which that can be undone. */
export function deleteFiles(ids: readonly string[]): void {
  const current = session.get();
  if (current.status !== "signed-in") return;
  const kept = keepDeletion(current.account, ids);
  hide(ids);
  run(kept, async () => {
    if (await isUndone(kept)) {
      keepRest(kept, []);
      show(ids);
    } else {
      await commit(kept);
    }
  });
}

/** Finish the deletions that pages of this account began and could not finish. */
export function takeUpDeletions(account: string): void {
  for (const kept of keptDeletions(account)) {
    if (open.has(kept.key)) continue;
    hide(kept.ids);
    run(kept, async () => {
      if (isKept(kept)) await commit(kept);
      await refreshFiles();
      show(kept.ids);
    });
  }
}

function run(kept: KeptDeletion, work: () => Promise<void>): void {
  open.set(kept.key, kept);
  const done = whileHeld(kept, work).finally(() => {
    open.delete(kept.key);
    running.delete(done);
  });
  running.add(done);
}

/** Show what is deleted, and return whether that was taken back; without room to keep it, at once. */
function isUndone(kept: KeptDeletion): Promise<boolean> {
  const text = texts.deletion.done(kept.ids.length);
  if (!isKept(kept)) {
    showToast({ text });
    return Promise.resolve(false);
  }
  return new Promise<boolean>((resolve) => {
    endGrace.set(kept.key, () => resolve(false));
    showToast({
      text,
      action: { label: texts.deletion.undo, run: () => resolve(true) },
      milliseconds: GRACE_MILLISECONDS,
      onGone: () => resolve(false),
    });
  }).finally(() => endGrace.delete(kept.key));
}

/** Delete a thousand at a time, patiently while the server is away. */
async function commit(kept: KeptDeletion): Promise<void> {
  const some = kept.ids.slice(0, AT_ONCE);
  try {
    const { results } = (await execute(BulkDeleteDocument, { ids: some })).bulkDelete;
    const refused = results.filter(({ outcome }) => outcome === "FORBIDDEN").length;
    if (refused > 0) tell(texts.selection.partly(refused, texts.selection.ofOthers));
    removeFiles(new Set(results.flatMap(({ id, outcome }) => (outcome === "FORBIDDEN" ? [] : id))));
    noRetry(kept.key);
  } catch (error) {
    if (!isPassing(error)) {
      keepRest(kept, []);
      show(kept.ids);
      tell(texts.deletion.failed(inWords(error)));
      return;
    }
    await retryPause(kept.key, error.retryAfter);
    return commit(kept);
  }
  show(some);
  const rest = keepRest(kept, kept.ids.slice(AT_ONCE));
  open.set(kept.key, rest);
  if (rest.ids.length > 0) await commit(rest);
}

function tell(text: string): void {
  showToast({ text, tone: "error" });
}

/** Send what fits into the requests that outlive a page; the next page finishes the rest. */
function sendOnLeaving(): void {
  let room = Math.floor(LEAVING_BYTES / ID_BYTES);
  for (const { ids } of open.values()) {
    for (let start = 0; start < ids.length && room > 0; start += AT_ONCE) {
      const some = ids.slice(start, start + Math.min(AT_ONCE, room));
      room -= some.length;
      void execute(BulkDeleteDocument, { ids: some }, { keepalive: true }).catch(() => null);
    }
  }
}

window.addEventListener("pagehide", sendOnLeaving);

beforeSignOut(() => {
  for (const end of endGrace.values()) end();
  return Promise.allSettled(running);
});

onSessionEnd(() => {
  open.clear();
  endGrace.clear();
  running.clear();
});

function hide(ids: readonly string[]): void {
  hidden.update((now) => new Set([...now, ...ids]));
}

function show(ids: readonly string[]): void {
  const back = new Set(ids);
  hidden.update((now) => new Set([...now].filter((id) => !back.has(id))));
}
