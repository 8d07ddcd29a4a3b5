import { BulkSetVisibilityDocument, UpdateDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import type { Visibility } from "../generated/graphql";
import { texts } from "../texts";
import { showToast } from "../ui/toasts";
import { type FileCard, queries, refreshFiles, replaceFile } from "./files";

const AT_ONCE = 4;
const IN_ONE_REQUEST = 1000;

/** Add tags to every file that lacks them, a few at a time, and say how that went. */
export async function addTags(files: readonly FileCard[], tags: readonly string[]): Promise<void> {
  const waiting = files.filter((file) => tags.some((tag) => !file.tags.includes(tag)));
  const all = files.length;
  let failures = 0;
  let reason = "";
  const work = async () => {
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      try {
        const input = { tags: [...new Set([...file.tags, ...tags])] };
        replaceFile((await execute(UpdateDocument, { id: file.id, input })).update);
      } catch (error) {
        failures += 1;
        reason = inWords(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  showToast(
    failures > 0
      ? { text: texts.selection.partly(failures, reason), tone: "error" }
      : { text: texts.selection.done(all) },
  );
}

/** Change who sees files, and say how that went. */
export async function setVisibility(ids: readonly string[], visibility: Visibility): Promise<void> {
  let refused = 0;
  try {
    for (let start = 0; start < ids.length; start += IN_ONE_REQUEST) {
      const some = ids.slice(start, start + IN_ONE_REQUEST);
      const variables = { ids: some, visibility };
      const { results } = (await execute(BulkSetVisibilityDocument, variables)).bulkSetVisibility;
      for (const { id, outcome } of results) {
        if (outcome === "CHANGED") replaceFile({ id, visibility });
        else if (outcome !== "UNCHANGED") refused += 1;
      }
    }
  } catch (error) {
    showToast({ text: texts.selection.partly(ids.length, inWords(error)), tone: "error" });
    return;
  }
  showToast(
    refused > 0
      ? { text: texts.selection.partly(refused, texts.selection.ofOthers), tone: "error" }
      : {
          text: texts.selection.visibilityDone(ids.length, texts.details.visibilities[visibility]),
        },
  );
  // Their previews have new addresses, and lists by visibility hold other files.
  await Promise.all([refreshFiles(), queries.invalidateQueries({ queryKey: ["file"] })]);
}
