import { useEffect, useRef } from "react";

type Actions = Record<string, (() => void) | undefined>;

const NEEDS_KEYS = "input,textarea,select,video,audio,[role=listbox],[role=menu],.takes-arrows";

/** Let keys act wherever the focus is, unless what has it needs them itself. */
export function useKeys(actions: Actions): void {
  const now = useRef(actions);
  now.current = actions;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const action = now.current[event.key];
      const busy = event.target instanceof Element && event.target.closest(NEEDS_KEYS);
      if (action && !busy && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        action();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
