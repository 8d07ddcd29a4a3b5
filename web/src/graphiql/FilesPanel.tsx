import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { FileUp, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { formatBytes } from "../ui/format";
import { useStore } from "../ui/store";
import { choose, chosenFiles, remove } from "./chosenFiles";
import { type FileVariable, fileVariables } from "./fileVariables";
import { progress } from "./request";
import { texts } from "./texts";
import { useFileDrop } from "./useFileDrop";

/** The panel in its place: in the column of the editors, which GraphiQL has no slot for. */
export function FilesPanelBelowVariables() {
  const [column, setColumn] = useState<Element | null>(null);
  useEffect(() => setColumn(document.querySelector(".graphiql-editors")), []);
  return column && createPortal(<FilesPanel />, column);
}

/** The files of the operation's variables: chosen or dropped here, and how far they have gone out. */
function FilesPanel() {
  const parsed = useGraphiQL((state) => state.documentAST);
  const name = useGraphiQL((state) => state.operationName);
  const variables = fileVariables(parsed, name);
  const dragging = useFileDrop(variables);
  const title = useId();
  if (variables.length === 0) {
    return null;
  }
  return (
    <section className="files-panel" aria-labelledby={title} data-dragging={dragging}>
      <header>
        <h2 id={title}>{texts.files}</h2>
        <span className="quiet">{texts.filesLead}</span>
      </header>
      {variables.map((variable) => (
        <Variable key={variable.name} variable={variable} />
      ))}
      <Progress />
    </section>
  );
}

function Variable({ variable }: { variable: FileVariable }) {
  const files = useStore(chosenFiles)[variable.name] ?? [];
  const input = useRef<HTMLInputElement>(null);
  const label = useId();
  return (
    <div className="file-variable" data-variable={variable.name}>
      <div className="file-variable-head">
        <code id={label}>
          <span className="variable-name">${variable.name}</span>: {variable.type}
        </code>
        {variable.required && files.length === 0 && <span className="badge">{texts.required}</span>}
        <input
          ref={input}
          type="file"
          hidden
          multiple={variable.list}
          onChange={({ currentTarget }) => {
            choose(variable, [...(currentTarget.files ?? [])]);
            currentTarget.value = ""; // the same file can be chosen again
          }}
        />
        <button
          type="button"
          className="button"
          aria-describedby={label}
          onClick={() => input.current?.click()}
        >
          <FileUp aria-hidden size={16} />
          {buttonText(variable, files.length)}
        </button>
        <span className="quiet">{variable.list ? texts.dropManyHere : texts.dropHere}</span>
      </div>
      {files.length > 0 && (
        <ul>
          {files.map((file, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be in a list twice
            <li key={index}>
              <span className="file-name" title={file.name}>
                {file.name}
              </span>
              <span className="quiet">{formatBytes(file.size)}</span>
              <button
                type="button"
                className="icon-button"
                aria-label={texts.removeFile(file.name)}
                onClick={() => remove(variable, index)}
              >
                <X aria-hidden size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function buttonText({ list }: FileVariable, count: number): string {
  if (list) {
    return count ? texts.addFiles : texts.chooseFiles;
  }
  return count ? texts.chooseAnother : texts.chooseFile;
}

function Progress() {
  const { stop } = useGraphiQLActions();
  const current = useStore(progress);
  if (current === null) {
    return null;
  }
  const { sent, total } = current;
  const percent = total ? Math.floor((100 * sent) / total) : 0;
  const text =
    sent < total ? texts.uploading(formatBytes(sent), formatBytes(total), percent) : texts.waiting;
  return (
    <div className="upload-progress">
      <progress aria-label={texts.progress} max={total || 1} value={sent} />
      <span role="status">{text}</span>
      <button type="button" className="button" onClick={stop}>
        {texts.cancel}
      </button>
    </div>
  );
}
