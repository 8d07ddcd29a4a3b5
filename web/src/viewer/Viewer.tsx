import "../styles/viewer.css";
import "../styles/details.css";
import * as Ariakit from "@ariakit/react";
import { ChevronLeft, ChevronRight, Download, Info, Link2, Trash2, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { inWords } from "../api/errors";
import { deleteFiles } from "../library/deletion";
import { type FileCard, type FileDetails, useFile } from "../library/files";
import { texts } from "../texts";
import { showToast, Toasts } from "../ui/toasts";
import { Details } from "./Details";
import { useKeys } from "./keys";
import { downloadFile } from "./links";
import { ShareDialog } from "./ShareDialog";
import { Stage } from "./Stage";

type Props = {
  id: string | null;
  files: readonly FileCard[];
  viewerId: string | null;
  onClose: () => void;
  onShow: (id: string) => void;
  onTag: (tag: string) => void;
};

const WIDE_ENOUGH = "(min-width: 900px)";

/** One file, as large as the window allows, with what is known of it at its side. */
export default function Viewer({ id, files, viewerId, onClose, onShow, onTag }: Props) {
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id); // stays while it closes
  const [details, setDetails] = useState(() => window.matchMedia(WIDE_ENOUGH).matches);
  const at = files.findIndex((file) => file.id === shown);
  const previous = at > 0 ? files[at - 1] : undefined;
  const next = at >= 0 ? files[at + 1] : undefined;
  const card = files[at];
  const open = id !== null;
  const dialog = useRef<HTMLDivElement>(null);
  useKeys({
    ArrowLeft: open && previous ? () => onShow(previous.id) : undefined,
    ArrowRight: open && next ? () => onShow(next.id) : undefined,
  });
  return (
    <Ariakit.Dialog
      ref={dialog}
      open={id !== null}
      onClose={onClose}
      className="viewer"
      aria-label={texts.viewer.label(card?.filename ?? "")}
      backdrop={false}
      portal
      unmountOnHide
    >
      {shown !== null && (
        <Opened
          key={shown}
          id={shown}
          viewerId={viewerId}
          details={details}
          onDetails={() => setDetails(!details)}
          onTag={onTag}
          onDelete={() => {
            deleteFiles([shown]);
            const neighbour = next ?? previous;
            if (neighbour) onShow(neighbour.id);
            else onClose();
            dialog.current?.focus(); // its button is gone
          }}
        />
      )}
      <Ariakit.DialogDismiss className="icon-button viewer-close" aria-label={texts.viewer.close}>
        <X aria-hidden="true" />
      </Ariakit.DialogDismiss>
      {previous && (
        <button
          type="button"
          className="icon-button viewer-step previous"
          aria-label={texts.viewer.previous}
          onClick={() => onShow(previous.id)}
        >
          <ChevronLeft aria-hidden="true" />
        </button>
      )}
      {next && (
        <button
          type="button"
          className="icon-button viewer-step next"
          data-details={details || undefined}
          aria-label={texts.viewer.next}
          onClick={() => onShow(next.id)}
        >
          <ChevronRight aria-hidden="true" />
        </button>
      )}
      <Toasts />
    </Ariakit.Dialog>
  );
}

type OpenedProps = {
  id: string;
  viewerId: string | null;
  details: boolean;
  onDetails: () => void;
  onTag: (tag: string) => void;
  onDelete: () => void;
};

function Opened({ id, viewerId, details, onDetails, onTag, onDelete }: OpenedProps) {
  const { data: file, error } = useFile(id);
  const [sharing, setSharing] = useState(false);
  useTitle(file?.filename);
  if (error && !file) {
    return (
      <div className="viewer-empty" role="alert">
        <p>{inWords(error)}</p>
      </div>
    );
  }
  const own = file !== undefined && file.owner.id === viewerId;
  return (
    <>
      <header className="viewer-bar">
        <h2>{file?.filename ?? texts.viewer.loading}</h2>
        {file && (
          <Actions
            file={file}
            own={own}
            details={details}
            onDetails={onDetails}
            onShare={() => setSharing(true)}
            onDelete={onDelete}
          />
        )}
      </header>
      <div className="viewer-body" data-details={details || undefined}>
        <div className="stage">{file && <Stage file={file} own={own} />}</div>
        {details && file && <Details file={file} own={own} onTag={onTag} />}
      </div>
      {file && <ShareDialog file={file} open={sharing} onClose={() => setSharing(false)} />}
    </>
  );
}

type ActionsProps = {
  file: FileDetails;
  own: boolean;
  details: boolean;
  onDetails: () => void;
  onShare: () => void;
  onDelete: () => void;
};

function Actions({ file, own, details, onDetails, onShare, onDelete }: ActionsProps) {
  const download = () =>
    downloadFile(file, own).catch((error) => showToast({ text: inWords(error), tone: "error" }));
  return (
    <div className="viewer-actions">
      {own && <Action label={texts.viewer.share} icon={Link2} onClick={onShare} />}
      <Action label={texts.viewer.download} icon={Download} onClick={() => void download()} />
      {own && <Action label={texts.viewer.delete} icon={Trash2} onClick={onDelete} />}
      <Action label={texts.viewer.details} icon={Info} pressed={details} onClick={onDetails} />
    </div>
  );
}

type ActionProps = { label: string; icon: typeof Info; pressed?: boolean; onClick: () => void };

function Action({ label, icon: Icon, pressed, onClick }: ActionProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      onClick={onClick}
    >
      <Icon aria-hidden="true" />
    </button>
  );
}

/** Call the page after what it shows. */
function useTitle(name: string | undefined): void {
  useEffect(() => {
    if (name === undefined) return;
    document.title = `${name} – ${texts.product}`;
    return () => {
      document.title = texts.product;
    };
  }, [name]);
}
