import { KeyRound, LogOut } from "lucide-react";
import { useState } from "react";
import { texts } from "../texts";
import { formatMoment } from "../ui/format";
import { Modal } from "../ui/Modal";
import { RecoveryCode } from "./RecoveryCode";
import { useRecoveryCode } from "./useRecoveryCode";

type Props = {
  /** How many files the guest has; null where that is not known. */
  files: number | null;
  onClose: () => void;
  onLeave: () => void;
};

/** Ask a guest before the files are out of reach, and offer the code that brings them back. */
export default function SignOutDialog({ files, onClose, onLeave }: Props) {
  const { known, code, busy, failure, make } = useRecoveryCode();
  const [saved, setSaved] = useState(false);
  const safe = Boolean(code ?? known);
  if (known === undefined && !failure) {
    return null; // which button is the safe one is not known yet
  }
  return (
    <Modal title={texts.signOut.title} open onClose={onClose}>
      {!code && (
        <p>
          {known ? texts.signOut.kept(formatMoment(known.createdAt)) : texts.signOut.lost(files)}
        </p>
      )}
      {code && <RecoveryCode code={code} saved={saved} onSaved={setSaved} />}
      {failure && (
        <p className="error-text" role="alert">
          {failure}
        </p>
      )}
      <footer>
        {code ? (
          <button type="button" className="button" onClick={onClose}>
            {texts.signOut.cancel}
          </button>
        ) : (
          <button
            type="button"
            className={`button ${known ? "" : "primary"}`}
            disabled={busy}
            onClick={() => void make()}
          >
            <KeyRound aria-hidden="true" />
            {known ? texts.recovery.makeNew : texts.recovery.make}
          </button>
        )}
        <button
          type="button"
          className={`button ${safe ? "primary" : "danger"}`}
          disabled={code !== null && !saved}
          onClick={onLeave}
        >
          <LogOut aria-hidden="true" />
          {safe ? texts.signOut.withCode : texts.signOut.withoutCode}
        </button>
      </footer>
    </Modal>
  );
}
