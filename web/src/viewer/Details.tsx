import { Copy } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { inWords } from "../api/errors";
import type { UpdateFileInput } from "../generated/graphql";
import { editFile, edits, forgetSaved, saveFile } from "../library/edits";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { formatBytes, formatDuration, formatKind, formatMoment } from "../ui/format";
import { useStore } from "../ui/store";
import { TagInput } from "../ui/TagInput";
import { showToast } from "../ui/toasts";
import { VisibilitySelect } from "../ui/VisibilitySelect";
import { Analysis } from "./Analysis";
import { ExtractedText } from "./ExtractedText";
import { People } from "./People";
import { PersonRow } from "./PersonRow";
import { SaveState } from "./SaveState";
import { TextField } from "./TextField";

type Props = { file: FileDetails; own: boolean; onTag: (tag: string) => void };

/** What is known of a file; its owner can change the first part of it, and it saves itself. */
export function Details({ file, own, onTag }: Props) {
  const edit = useStore(edits)[file.id];
  const now = { ...file, ...edit?.unsaved };
  useEffect(() => {
    forgetSaved(file.id);
    return () => void saveFile(file.id);
  }, [file.id]);
  const change = (input: UpdateFileInput) => editFile(file.id, input);
  const changeNow = (input: UpdateFileInput) => {
    change(input);
    void saveFile(file.id);
  };
  return (
    <aside className="details" tabIndex={0} aria-label={texts.details.label}>
      <SaveState edit={edit} onRetry={() => void saveFile(file.id)} />
      {!own && <SharedBy owner={file.owner} />}
      <TextField
        label={texts.details.name}
        value={now.filename ?? file.filename}
        readOnly={!own}
        required
        onChange={(filename) => change({ filename })}
        onLeave={() => void saveFile(file.id)}
      />
      <TextField
        label={texts.details.description}
        value={now.description ?? ""}
        placeholder={texts.details.descriptionHint}
        readOnly={!own}
        long
        onChange={(text) => change({ description: text || null })}
        onLeave={() => void saveFile(file.id)}
      />
      <div className="field">
        <span className="field-label">{texts.details.tags}</span>
        <TagInput
          tags={now.tags ?? file.tags}
          readOnly={!own}
          onPick={onTag}
          onChange={(tags) => changeNow({ tags })}
        />
      </div>
      <div className="field">
        <VisibilitySelect
          value={now.visibility ?? file.visibility}
          nobodyElse={nobodyElseOf(file, own)}
          disabled={!own}
          onChange={(visibility) => {
            if (visibility !== now.visibility) changeNow({ visibility });
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
