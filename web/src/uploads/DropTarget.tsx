import { CloudUpload } from "lucide-react";
import { useEffect, useState } from "react";
import { texts } from "../texts";
import { showToast } from "../ui/toasts";
import { filesOf } from "./folders";
import { addUploads } from "./queue";

/** Takes what is dropped or pasted anywhere on the page. */
export function DropTarget() {
  const over = useDrops();
  usePaste();
  return (
    <div className="drop" data-over={over || undefined} aria-hidden={!over}>
      <div>
        <CloudUpload aria-hidden="true" strokeWidth={1.3} />
        <strong>{texts.upload.drop}</strong>
        <span>{texts.upload.dropLead}</span>
      </div>
    </div>
  );
}

async function take(data: DataTransfer): Promise<void> {
  const files = await filesOf(data);
  if (files.length > 0) addUploads(files);
  else showToast({ text: texts.upload.noFolder, tone: "error" });
}

function tellUnreadable(): void {
  showToast({ text: texts.upload.unreadable, tone: "error" });
}

function useDrops(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0; // every element that is entered inside another one counts
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault(); // else what falls before the next dragover is refused
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      depth = Math.max(depth - 1, 0);
      if (depth === 0) setOver(false);
    };
    const allow = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (!event.dataTransfer || !holdsFiles(event)) return;
      event.preventDefault();
      take(event.dataTransfer).catch(tellUnreadable);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: allow, drop };
    for (const [name, listener] of Object.entries(listeners)) {
      window.addEventListener(name as "drop", listener);
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        window.removeEventListener(name as "drop", listener);
      }
    };
  }, []);
  return over;
}

function usePaste() {
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData && event.clipboardData.files.length > 0) {
        event.preventDefault();
        take(event.clipboardData).catch(tellUnreadable);
      }
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, []);
}
