import { BulkSetVisibilityDocument, BulkTagDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import type { Visibility } from "../generated/graphql";
import { texts } from "../texts";
import { createStore } from "../ui/store";
import { showToast } from "../ui/toasts";
import { changeFiles, type FileCard, knownFiles, queries, refreshFiles } from "./files";
import { selectAll } from "./selection";

/** A change of many files: how far it is, and what became of those that it could not change. */
export type Bulk = { done: number; total: number; refused: readonly Refusal[]; listed: boolean };

/** One file that could not be changed. */
export type Refusal = { id: string; name: string; reason: string };

type Results = readonly { id: string; outcome: string }[];
type Step = (ids: string[]) => Promise<Results>;

const IN_ONE_REQUEST = 500;
const READING_MILLISECONDS = 20_000;

export const bulk = createStore<Bulk | null>(null);

/** Add tags to files, and say how that went. */
export function addTags(ids: readonly string[], tags: readonly string[]): Promise<void> {
  const add = [...tags];
  return changeAll(
    ids,
    async (some) => (await execute(BulkTagDocument, { ids: some, add })).bulkTag.results,
    (file) => ({ ...file, tags: [...new Set([...file.tags, ...tags])] }),
    texts.selection.done(ids.length),
  );
}

/** Change who sees files, and say how that went. */
export function setVisibility(ids: readonly string[], visibility: Visibility): Promise<void> {
  return changeAll(
    ids,
    async (some) =>
      (await execute(BulkSetVisibilityDocument, { ids: some, visibility })).bulkSetVisibility
        .results,
    (file) => ({ ...file, visibility }),
    texts.selection.visibilityDone(ids.length, texts.details.visibilities[visibility]),
  );
}

/** Show the list of files that could not be changed. */
export function listRefused(): void {
  bulk.update((now) => now && { ...now, listed: true });
}

export function closeBulk(): void {
  bulk.set(null);
}

/** Change files a few hundred at a time. Those that no answer came for stay selected. */
async function changeAll(
  ids: readonly string[],
  send: Step,
  change: (file: FileCard) => FileCard,
  success: string,
): Promise<void> {
  const names = new Map(knownFiles().map((file) => [file.id, file.filename]));
  const refused: Refusal[] = [];
  const refuse = (id: string, reason: string) =>
    refused.push({ id, name: names.get(id) ?? id, reason });
  let done = 0;
  try {
    for (; done < ids.length; done += IN_ONE_REQUEST) {
      bulk.set({ done, total: ids.length, refused: [], listed: false });
      const results = await send(ids.slice(done, done + IN_ONE_REQUEST));
      for (const { id, outcome } of results) {
        const reason = texts.selection.refusals[outcome];
        if (reason !== undefined) refuse(id, reason);
      }
      const changed = results.filter(({ outcome }) => outcome === "CHANGED");
      changeFiles(new Set(changed.map(({ id }) => id)), change);
    }
  } catch (error) {
    const rest = ids.slice(done);
    for (const id of rest) refuse(id, inWords(error));
    selectAll(rest);
  }
  report(ids.length, refused, success);
  // Previews have new addresses, and lists by tag or visibility hold other files.
  await Promise.all([refreshFiles(), queries.invalidateQueries({ queryKey: ["file"] })]);
}

function report(total: number, refused: readonly Refusal[], success: string): void {
  const [first] = refused;
  if (!first) {
    bulk.set(null);
    showToast({ text: success });
    return;
  }
  bulk.set({ done: total, total, refused, listed: false });
  showToast({
    text: texts.selection.partly(refused.length, first.reason),
    tone: "error",
    milliseconds: READING_MILLISECONDS,
    action: { label: texts.selection.which, run: listRefused },
  });
}
