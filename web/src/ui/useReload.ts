import { useCallback, useEffect, useRef, useState } from "react";
import { serverIsAway } from "../api/retry";
import { useStore } from "./store";

/**
 * Return a React key, and a function to call when an element has not loaded. The key changes, and the
 * element loads again, when the server is back after an outage.
 */
export function useReload(): [number, () => void] {
  const away = useStore(serverIsAway);
  const failed = useRef(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!away && failed.current) {
      failed.current = false;
      setAttempt((now) => now + 1);
    }
  }, [away]);
  const fail = useCallback(() => {
    failed.current = true;
  }, []);
  return [attempt, fail];
}
