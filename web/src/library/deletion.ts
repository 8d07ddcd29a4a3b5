import { BulkDeleteDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import { texts } from "../texts";
import { createStore } from "../ui/store";
import { showToast } from "../ui/toasts";
import { removeFiles } from "./files";

/** Files that are about to be deleted: they are not shown, and the server has not been told. */
export const hidden = createStore<ReadonlySet<string>>(new Set());

const GRACE_MILLISECONDS = 7000;
const AT_ONCE = 1000;

/** Hide files at once and delete them after a grace in which that can be undone. */
export function deleteFiles(ids: readonly string[]): void {
  hidden.update((now) => new Set([...now, ...ids]));
  const settle = once((undone: boolean, leaving: boolean) => {
    window.removeEventListener("pagehide", leave);
    if (undone) {
      show(ids);
    } else {
      void commit(ids, leaving);
    }
  });
  const leave = () => settle(false, true);
  window.addEventListener("pagehide", leave);
  showToast({
    text: texts.deletion.done(ids.length),
    action: { label: texts.deletion.undo, run: () => settle(true, false) },
    milliseconds: GRACE_MILLISECONDS,
    onGone: () => settle(false, false),
  });
}

function once<A extends unknown[]>(run: (...args: A) => void): (...args: A) => void {
  let done = false;
  return (...args) => {
    if (!done) {
      done = true;
      run(...args);
    }
  };
}

async function commit(ids: readonly string[], leaving: boolean): Promise<void> {
  try {
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const some = ids.slice(start, start + AT_ONCE);
      await execute(BulkDeleteDocument, { ids: some }, { keepalive: leaving });
    }
    removeFiles(new Set(ids));
  } catch (error) {
    showToast({ text: texts.deletion.failed(inWords(error)), tone: "error" });
  } finally {
    show(ids);
  }
}

function show(ids: readonly string[]): void {
  const back = new Set(ids);
  hidden.update((now) => new Set([...now].filter((id) => !back.has(id))));
}
