import { KeyRound } from "lucide-react";
import { useState } from "react";
import type { KnownCode } from "../api/recovery";
import { texts } from "../texts";
import { formatMoment } from "../ui/format";
import { Modal } from "../ui/Modal";
import { RecoveryCode } from "./RecoveryCode";
import { useRecoveryCode } from "./useRecoveryCode";

/** A guest's recovery code: make, replace and revoke it. */
export default function RecoveryDialog({ onClose }: { onClose: () => void }) {
  const { known, code, busy, says, failure, make, revoke } = useRecoveryCode();
  const [saved, setSaved] = useState(false);
  return (
    <Modal title={texts.recovery.title} open onClose={onClose}>
      <p className="quiet">{texts.recovery.lead}</p>
      {code ? (
        <RecoveryCode code={code} saved={saved} onSaved={setSaved} />
      ) : (
        <p>{known !== undefined && about(known)}</p>
      )}
      <p className="good-text" role="status">
        {says}
      </p>
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
      <footer>
        {known && (
          <button
            type="button"
            className="text-button push"
            disabled={busy}
            onClick={() => void revoke()}
          >
            {texts.recovery.revoke}
          </button>
        )}
        {code ? (
          <button type="button" className="button primary" disabled={!saved} onClick={onClose}>
            {texts.share.close}
          </button>
        ) : (
          <button
            type="button"
            className="button primary"
            disabled={busy}
            onClick={() => void make()}
          >
            <KeyRound aria-hidden="true" />
            {known ? texts.recovery.makeNew : texts.recovery.make}
          </button>
        )}
      </footer>
    </Modal>
  );
}

function about(known: KnownCode): string {
  if (!known) return texts.recovery.none;
  const { made, used, replaces } = texts.recovery;
  const when = formatMoment(known.createdAt);
  const says = known.lastUsedAt ? used(when, formatMoment(known.lastUsedAt)) : made(when);
  return `${says} ${replaces}`;
}
