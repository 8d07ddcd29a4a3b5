import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { UpdateDocument } from "../api/documents";
import { inWords } from "../api/errors";
import { execute } from "../api/graphql";
import type { UpdateFileInput } from "../generated/graphql";
import { type FileDetails, replaceFile } from "../library/files";
import { texts } from "../texts";
import { formatBytes, formatDuration, formatKind, formatMoment } from "../ui/format";
import { TagInput } from "../ui/TagInput";
import { showToast } from "../ui/toasts";
import { VisibilitySelect } from "../ui/VisibilitySelect";
import { Analysis } from "./Analysis";
import { ExtractedText } from "./ExtractedText";
import { People } from "./People";
import { PersonRow } from "./PersonRow";

type Props = { file: FileDetails; own: boolean; onTag: (tag: string) => void };

/** What is known of a file; its owner can change the first part of it. */
export function Details({ file, own, onTag }: Props) {
  const [saved, setSaved] = useState(false);
  const last = useRef(Promise.resolve());
  const send = async (input: UpdateFileInput) => {
    try {
      replaceFile((await execute(UpdateDocument, { id: file.id, input })).update);
      setSaved(true);
    } catch (error) {
      showToast({ text: inWords(error), tone: "error" });
    }
  };
  // One after the other: an answer that came late would show the file as it was before the next.
  const save = (input: UpdateFileInput) => {
    setSaved(false);
    last.current = last.current.then(() => send(input));
    return last.current;
  };
  return (
    <aside className="details" tabIndex={0} aria-label={texts.details.label}>
      <p className="details-saved" role="status">
        {saved && (
          <>
            <Check aria-hidden="true" /> {texts.details.saved}
          </>
        )}
      </p>
      {!own && <SharedBy owner={file.owner} />}
      <TextField
        label={texts.details.name}
        value={file.filename}
        readOnly={!own}
        required
        onSave={(filename) => save({ filename })}
      />
      <TextField
        label={texts.details.description}
        value={file.description ?? ""}
        placeholder={texts.details.descriptionHint}
        readOnly={!own}
        long
        onSave={(text) => save({ description: text || null })}
      />
      <div className="field">
        <span className="field-label">{texts.details.tags}</span>
        <TagInput
          tags={file.tags}
          readOnly={!own}
          onPick={onTag}
          onChange={(tags) => void save({ tags })}
        />
      </div>
      <div className="field">
        <VisibilitySelect
          value={file.visibility}
          nobodyElse={nobodyElseOf(file, own)}
          disabled={!own}
          onChange={(visibility) => {
            if (visibility !== file.visibility) void save({ visibility });
          }}
        />
      </div>
      {own && <People file={file} />}
      <FileFacts file={file} />
      <Analysis file={file} />
      <ExtractedText file={file} own={own} />
    </aside>
  );
}

/** Return what it means for this file that nobody else sees it. */
function nobodyElseOf(file: FileDetails, own: boolean): string {
  if (!own) return texts.people.onlySome;
  return file.shares?.length ? texts.people.onlyThese : texts.details.visibilities.PRIVATE;
}

/** Who shares a file with the viewer by name; nothing of it is known of others. */
function SharedBy({ owner }: { owner: FileDetails["owner"] }) {
  const name = owner.name ?? owner.email;
  if (!name) {
    return null;
  }
  return (
    <div>
      <span className="field-label">{texts.people.sharedBy}</span>
      <PersonRow name={name} more={owner.name === null ? null : (owner.email ?? null)} />
    </div>
  );
}

function FileFacts({ file }: { file: FileDetails }) {
  return (
    <FactList title={texts.details.facts}>
      <Fact label={texts.details.kind}>
        {formatKind(file.mimeType)} <span className="quiet">{file.mimeType}</span>
      </Fact>
      <Fact label={texts.details.size}>{formatBytes(file.size)}</Fact>
      {file.width && file.height && (
        <Fact label={texts.details.dimensions}>
          {file.width} × {file.height}
        </Fact>
      )}
      {typeof file.duration === "number" && (
        <Fact label={texts.details.duration}>{formatDuration(file.duration)}</Fact>
      )}
      <Fact label={texts.details.uploaded}>{formatMoment(file.createdAt)}</Fact>
      <Fact label={texts.details.changed}>{formatMoment(file.updatedAt)}</Fact>
      <Fact label={texts.details.checksum}>
        <code className="checksum">{file.checksum}</code>
        <CopyButton label={texts.details.copyChecksum} text={file.checksum} />
      </Fact>
    </FactList>
  );
}

export function FactList({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="facts">
      <h3>{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function CopyButton({ label, text }: { label: string; text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      showToast({ text: texts.details.copied });
    } catch (error) {
      showToast({ text: inWords(error), tone: "error" });
    }
  };
  return (
    <button
      type="button"
      className="icon-button tiny"
      aria-label={label}
      onClick={() => void copy()}
    >
      <Copy aria-hidden="true" />
    </button>
  );
}

type FieldProps = {
  label: string;
  value: string;
  placeholder?: string;
  readOnly: boolean;
  required?: boolean;
  long?: boolean;
  onSave: (value: string) => Promise<void>;
};

/** A field that saves when it is left, or by Enter; Escape takes the change back. */
function TextField({ label, value, placeholder, readOnly, required, long, onSave }: FieldProps) {
  const [typed, setTyped] = useState(value);
  const reverted = useRef(false);
  useEffect(() => setTyped(value), [value]);
  const leave = () => {
    const wanted = typed.trim();
    if (reverted.current || (required && !wanted)) setTyped(value);
    else if (wanted !== value) void onSave(wanted);
    reverted.current = false;
  };
  const shared = {
    className: "input",
    value: typed,
    readOnly,
    placeholder: readOnly ? undefined : placeholder,
    onChange: (event: { target: { value: string } }) => setTyped(event.target.value),
    onBlur: leave,
    onKeyDown: (event: React.KeyboardEvent<HTMLElement>) => {
      if (event.key === "Escape" && typed !== value) {
        event.stopPropagation();
        event.preventDefault();
        reverted.current = true;
        event.currentTarget.blur();
      }
      if (event.key === "Enter" && (!long || event.ctrlKey || event.metaKey)) {
        event.currentTarget.blur();
      }
    },
  };
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the two inside
    <label className="field">
      <span className="field-label">{label}</span>
      {long ? <textarea rows={3} {...shared} /> : <input type="text" {...shared} />}
    </label>
  );
}
