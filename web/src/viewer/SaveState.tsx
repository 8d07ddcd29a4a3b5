import { Check, CircleAlert } from "lucide-react";
import type { Edit } from "../library/edits";
import { texts } from "../texts";

/** Whether the changes of a file are saved, and the way to try it again. */
export function SaveState({ edit, onRetry }: { edit: Edit | undefined; onRetry: () => void }) {
  return (
    <div className="details-saved" data-state={edit?.state}>
      <p role="status">
        {edit?.state === "failed" && <CircleAlert aria-hidden="true" />}
        {edit?.state === "saved" && <Check aria-hidden="true" />}
        {edit && words(edit)}
      </p>
      {edit?.state === "failed" && (
        <button type="button" className="text-button" onClick={onRetry}>
          {texts.details.saveAgain}
        </button>
      )}
    </div>
  );
}

function words({ state, reason }: Edit): string {
  return {
    waiting: texts.details.saving,
    saving: texts.details.saving,
    saved: texts.details.saved,
    failed: texts.details.unsaved(reason ?? ""),
  }[state];
}
