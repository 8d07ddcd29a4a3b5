import { type FormEvent, useState } from "react";
import { ApiError, inWords } from "../api/errors";
import { signInByCode } from "../api/session";
import { texts } from "../texts";

/** Sign in to a guest account by its recovery code. */
export function ByCode() {
  const [open, setOpen] = useState(false);
  return open ? (
    <CodeForm onBack={() => setOpen(false)} />
  ) : (
    <button type="button" className="text-button" onClick={() => setOpen(true)}>
      {texts.signIn.byCode}
    </button>
  );
}

function CodeForm({ onBack }: { onBack: () => void }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailed("");
    try {
      await signInByCode(code);
    } catch (error) {
      const known = error instanceof ApiError && texts.recovery.byCode[error.code];
      setFailed(known || inWords(error));
      setBusy(false);
    }
  };
  return (
    <form className="by-code" onSubmit={(event) => void enter(event)}>
      <label className="field">
        <span className="field-label">{texts.recovery.enter}</span>
        <input
          // biome-ignore lint/a11y/noAutofocus: whoever opened the form is about to type the code
          autoFocus
          required
          className="input"
          value={code}
          placeholder="recovery-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      {failed && (
        <p className="error-text" role="alert">
          {failed}
        </p>
      )}
      <footer>
        <button type="submit" className="button primary" disabled={busy}>
          {texts.recovery.signIn}
        </button>
        <button type="button" className="text-button" onClick={onBack}>
          {texts.recovery.back}
        </button>
      </footer>
    </form>
  );
}
