import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { texts } from "../texts";
import { createStore, useStore } from "./store";

export type Toast = {
  text: string;
  tone?: "error" | "plain";
  action?: { label: string; run: () => void };
  milliseconds?: number;
  /** Runs when it goes without its action having been taken. */
  onGone?: () => void;
};

type Shown = Toast & { id: number };

const USUAL_MILLISECONDS = 5000;
const toasts = createStore<readonly Shown[]>([]);
const outlets = createStore<readonly string[]>([], { lasting: true });
let last = 0;

export function showToast(toast: Toast): void {
  last += 1;
  const shown = { ...toast, id: last };
  toasts.update((now) => [...now, shown]);
}

function dismiss(toast: Shown, acted: boolean): void {
  toasts.update((now) => now.filter((one) => one.id !== toast.id));
  if (acted) {
    toast.action?.run();
  }
  toast.onGone?.();
}

/**
 * The messages, at the bottom of the window. Every modal dialog holds one of these, because all
 * outside of it is inert; the one that came last shows them.
 */
export function Toasts() {
  const id = useId();
  const isLast = useStore(outlets).at(-1) === id;
  const all = useStore(toasts);
  const shown = isLast ? all : [];
  useEffect(() => {
    outlets.update((now) => [...now, id]);
    return () => outlets.update((now) => now.filter((one) => one !== id));
  }, [id]);
  return (
    <section className="toasts" aria-live="polite" aria-label={texts.toasts.label}>
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

/** One message; its time stands still while somebody points at it or is in it. */
function ToastCard({ toast }: { toast: Shown }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) {
      return;
    }
    const timer = setTimeout(() => dismiss(toast, false), toast.milliseconds ?? USUAL_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [held, toast]);
  const Icon = toast.tone === "error" ? CircleAlert : CircleCheck;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing only stops the clock
    <div
      className={`toast toast-${toast.tone ?? "plain"}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon aria-hidden="true" />
      <p>{toast.text}</p>
      {toast.action && (
        <button type="button" className="toast-action" onClick={() => dismiss(toast, true)}>
          {toast.action.label}
        </button>
      )}
      <button
        type="button"
        className="toast-close"
        aria-label={texts.toasts.close}
        onClick={() => dismiss(toast, false)}
      >
        <X aria-hidden="true" />
      </button>
    </div>
  );
}
