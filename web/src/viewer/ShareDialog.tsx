import { Link2 } from "lucide-react";
import { useState } from "react";
import { inWords } from "../api/errors";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { copy } from "../ui/copy";
import { formatMoment } from "../ui/format";
import { Modal } from "../ui/Modal";
import { revokeLinks, type SignedLink, signedLink } from "./links";

type Props = { file: FileDetails; open: boolean; onClose: () => void };

const USUAL_SECONDS = 86400;

/** Make a link to one file that ends by itself, and take all of them back. */
export function ShareDialog({ file, open, onClose }: Props) {
  const [seconds, setSeconds] = useState(USUAL_SECONDS);
  const [link, setLink] = useState<SignedLink | null>(null);
  const [says, setSays] = useState("");
  const [failed, setFailed] = useState("");
  const attempt = async (work: () => Promise<void>) => {
    setFailed("");
    setSays("");
    try {
      await work();
    } catch (error) {
      setFailed(inWords(error));
    }
  };
  const make = () =>
    attempt(async () => {
      const made = await signedLink(file.id, seconds);
      setLink(made);
      const until = formatMoment(made.expiresAt);
      const copied = await copy(made.url); // else it is there to be copied by hand
      setSays(copied ? texts.share.until(until) : texts.share.ready(until));
    });
  const revoke = () =>
    attempt(async () => {
      await revokeLinks(file.id);
      setLink(null);
      setSays(texts.share.revoked);
    });
  return (
    <Modal title={texts.share.title} open={open} onClose={onClose}>
      <p className="quiet">{texts.share.lead}</p>
      <label className="field">
        <span className="field-label">{texts.share.expires}</span>
        <select
          className="select"
          value={seconds}
          onChange={(event) => setSeconds(Number(event.target.value))}
        >
          {Object.entries(texts.share.durations).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {link && (
        <label className="field">
          <span className="field-label">{texts.share.link}</span>
          <input
            readOnly
            className="input"
            value={link.url}
            onFocus={(event) => event.target.select()}
          />
        </label>
      )}
      <p className="good-text" role="status">
        {says}
      </p>
      {failed && (
        <p className="error-text" role="alert">
          {failed}
        </p>
      )}
      <footer>
        <button type="button" className="text-button push" onClick={() => void revoke()}>
          {texts.share.revoke}
        </button>
        <button type="button" className="button primary" onClick={() => void make()}>
          <Link2 aria-hidden="true" />
          {texts.share.make}
        </button>
      </footer>
    </Modal>
  );
}
