import { Lock } from "lucide-react";
import { type FormEvent, useState } from "react";
import { texts } from "../texts";

/** pdf.js asks for a password: ``answer`` sends one, ``wrong`` tells that the last did not fit. */
export type PasswordRequest = { answer: (password: string) => void; wrong: boolean };

type Props = { request: PasswordRequest; onCancel: () => void };

/** Asks for the password of a PDF; it stays in this page. */
export function PdfPassword({ request, onCancel }: Props) {
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState<PasswordRequest | null>(null);
  const wrong = request.wrong && sent !== request;
  const open = (event: FormEvent) => {
    event.preventDefault();
    setSent(request);
    setTyped("");
    request.answer(typed);
  };
  return (
    <form className="viewer-empty pdf-password" onSubmit={open}>
      <Lock aria-hidden="true" strokeWidth={1.3} />
      <label className="field">
        <span className="field-label">{texts.viewer.passwordLabel}</span>
        <input
          type="password"
          className="input"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the document is nothing else until it is open
          autoFocus
          aria-invalid={wrong}
          aria-describedby="pdf-password-wrong"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <p id="pdf-password-wrong" className="error-text" role="alert">
        {wrong && texts.viewer.passwordWrong}
      </p>
      <p className="pdf-password-buttons">
        <button type="button" className="button" onClick={onCancel}>
          {texts.viewer.passwordCancel}
        </button>
        <button type="submit" className="button primary" disabled={typed === ""}>
          {texts.viewer.passwordOpen}
        </button>
      </p>
    </form>
  );
}

/** What stands in the place of a PDF whose password nobody gave. */
export function PdfLocked({ onOpen }: { onOpen: () => void }) {
  return (
    <div className="viewer-empty">
      <Lock aria-hidden="true" strokeWidth={1.3} />
      <p>{texts.viewer.passwordNeeded}</p>
      <button type="button" className="button" onClick={onOpen}>
        {texts.viewer.passwordAsk}
      </button>
    </div>
  );
}
