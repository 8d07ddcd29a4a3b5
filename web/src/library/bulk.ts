import { UpdateDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import { texts } from "../texts";
import { showToast } from "../ui/toasts";
import { type FileCard, replaceFile } from "./files";

const AT_ONCE = 4;

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
