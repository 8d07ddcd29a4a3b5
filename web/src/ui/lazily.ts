import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { noRetry, retryPause, serverIsAway } from "../api/retry";

const MOST_FAILURES = 3;
let last = 0;

/**
 * Return a component that loads when it is first shown. Without a network it waits for the network;
 * it fails where the server answers that there is no such script, as after an upgrade.
 */
export function lazily<P>(
  load: () => Promise<{ default: ComponentType<P> }>,
): LazyExoticComponent<ComponentType<P>> {
  last += 1;
  const key = `script ${last}`;
  return lazy(async () => {
    for (let failures = 1; ; failures += 1) {
      try {
        const loaded = await load();
        noRetry(key);
        return loaded;
      } catch (error) {
        const away = serverIsAway.get() || !navigator.onLine;
        if (!away && failures >= MOST_FAILURES) throw error;
        await retryPause(key, null);
      }
    }
  });
}
