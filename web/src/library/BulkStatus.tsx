import { texts } from "../texts";
import { Modal } from "../ui/Modal";
import { useStore } from "../ui/store";
import { bulk, closeBulk, type Refusal } from "./bulk";

/** How far a change of many files is, and on request which files it could not change. */
export function BulkStatus() {
  const now = useStore(bulk);
  const running = now !== null && now.done < now.total;
  return (
    <>
      {running && (
        <section className="selection-bar bulk-progress" aria-label={texts.selection.changing}>
          <strong role="status">{texts.selection.progress(now.done, now.total)}</strong>
          <progress max={now.total} value={now.done} aria-label={texts.selection.changing} />
        </section>
      )}
      <Modal title={texts.selection.refusedTitle} open={now?.listed ?? false} onClose={closeBulk}>
        <Refusals all={now?.refused ?? []} />
      </Modal>
    </>
  );
}

const MOST_LISTED = 500;

function Refusals({ all }: { all: readonly Refusal[] }) {
  return (
    <>
      <ul className="refusals" tabIndex={0} aria-label={texts.selection.refusedTitle}>
        {all.slice(0, MOST_LISTED).map(({ id, name, reason }) => (
          <li key={id}>
            <strong>{name}</strong>
            <span className="quiet">{reason}</span>
          </li>
        ))}
      </ul>
      {all.length > MOST_LISTED && (
        <p className="quiet">{texts.selection.moreRefused(all.length - MOST_LISTED)}</p>
      )}
    </>
  );
}
