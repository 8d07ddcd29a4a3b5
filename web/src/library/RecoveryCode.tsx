import { Copy } from "lucide-react";
import { Fragment, useState } from "react";
import { texts } from "../texts";
import { copy } from "../ui/copy";

type Props = { code: string; saved: boolean; onSaved: (saved: boolean) => void };

/** A recovery code that is shown this once: to copy, or to write down, and to say so. */
export function RecoveryCode({ code, saved, onSaved }: Props) {
  const [copied, setCopied] = useState(false);
  return (
    <section className="recovery">
      <h2 className="field-label">{texts.recovery.code}</h2>
      <p className="recovery-code">
        {code.split("-").map((group, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a code never changes, and groups repeat
          <Fragment key={at}>
            {at > 0 && "-"}
            {at > 0 && <wbr />}
            {group}
          </Fragment>
        ))}
      </p>
      <p className="quiet">{texts.recovery.once}</p>
      <div className="recovery-actions">
        <button
          type="button"
          className="button"
          onClick={() => void copy(code).then((done) => setCopied(done))}
        >
          <Copy aria-hidden="true" />
          {texts.recovery.copy}
        </button>
        <span className="good-text" role="status">
          {copied && texts.recovery.copied}
        </span>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={saved}
          onChange={(event) => onSaved(event.target.checked)}
        />
        {texts.recovery.saved}
      </label>
    </section>
  );
}
