import { ChevronDown, ScanText } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { ExtractTextDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import type { TextPartsFragment } from "../generated/graphql";
import { type FileDetails, replaceFile } from "../library/files";
import { texts } from "../texts";
import { CopyButton } from "./Details";

type Props = { file: FileDetails; own: boolean };

const HAS_NO_TEXT = /^(audio|video)\//;

/** The text that a file holds, read out on request, with a search in it. */
export function ExtractedText({ file, own }: Props) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const read = async () => {
    setBusy(true);
    setFailed("");
    try {
      const retry = failed !== "";
      const { extractText } = await execute(ExtractTextDocument, { id: file.id, retry });
      replaceFile({ id: file.id, text: extractText } as Partial<FileDetails> & { id: string });
    } catch (error) {
      setFailed(inWords(error));
    }
    setBusy(false);
  };
  if (HAS_NO_TEXT.test(file.mimeType) || (!file.text && !own)) {
    return null;
  }
  return (
    <section className="extracted">
      <h3>{texts.extracted.title}</h3>
      {file.text ? (
        <Found text={file.text} />
      ) : (
        <>
          <p className="quiet">{texts.extracted.lead}</p>
          <button type="button" className="button" disabled={busy} onClick={() => void read()}>
            <ScanText aria-hidden="true" />
            {busy ? texts.extracted.reading : texts.extracted.extract}
          </button>
        </>
      )}
      {failed && (
        <p className="error-text" role="alert">
          {failed}
        </p>
      )}
    </section>
  );
}

/** The text with what was searched for marked in it. */
function Found({ text }: { text: TextPartsFragment }) {
  const [wanted, setWanted] = useState("");
  const [current, setCurrent] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const pieces = useMemo(() => split(text.text, wanted), [text.text, wanted]);
  const matches = (pieces.length - 1) / 2;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the marks change with the pieces
  useEffect(() => {
    box.current?.querySelectorAll("mark")[current]?.scrollIntoView({ block: "nearest" });
  }, [current, pieces]);
  if (!text.text.trim()) {
    return <p className="quiet">{texts.extracted.none}</p>;
  }
  const step = () => setCurrent(matches > 0 ? (current + 1) % matches : 0);
  return (
    <>
      <div className="find">
        <input
          type="search"
          className="input"
          aria-label={texts.extracted.find}
          placeholder={texts.extracted.find}
          value={wanted}
          onChange={(event) => {
            setWanted(event.target.value);
            setCurrent(0);
          }}
          onKeyDown={(event) => event.key === "Enter" && step()}
        />
        <button
          type="button"
          className="icon-button small"
          aria-label={texts.extracted.next}
          disabled={matches === 0}
          onClick={step}
        >
          <ChevronDown aria-hidden="true" />
        </button>
        <CopyButton label={texts.extracted.copy} text={text.text} />
      </div>
      <p className="quiet" role="status">
        {wanted
          ? texts.extracted.found(matches)
          : texts.extracted.about(text.language ?? null, text.pages)}
      </p>
      <div
        ref={box}
        className="found-text takes-arrows"
        tabIndex={0}
        role="group"
        aria-label={texts.extracted.title}
      >
        {pieces.map((piece, at) =>
          at % 2 === 1 ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text have no other name
            <mark key={at} data-current={(at - 1) / 2 === current || undefined}>
              {piece}
            </mark>
          ) : (
            piece
          ),
        )}
      </div>
      {text.truncated && <p className="quiet">{texts.extracted.truncated}</p>}
    </>
  );
}

const MOST_MATCHES = 500;

/** Return the text in pieces of which every second one, from the first match on, is a match. */
export function split(text: string, wanted: string): string[] {
  const needle = wanted.trim();
  if (needle === "") return [text];
  const pattern = new RegExp(`(${needle.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`, "giu");
  const pieces = text.split(pattern);
  const most = MOST_MATCHES * 2;
  return pieces.length > most + 1
    ? [...pieces.slice(0, most), pieces.slice(most).join("")]
    : pieces;
}
