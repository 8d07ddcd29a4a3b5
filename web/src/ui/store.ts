import { useSyncExternalStore } from "react";
import { onSessionEnd } from "../api/sessionEnd";

/** A value outside React that components can watch. */
export type Store<T> = {
  get(): T;
  set(next: T): void;
  update(change: (current: T) => T): void;
  subscribe(listener: () => void): () => void;
};

/**
 * Return a store of one session: when the session ends, it holds ``initial`` again.
 * A ``lasting`` store keeps its value: it belongs to the browser, not to an account.
 */
export function createStore<T>(initial: T, { lasting = false } = {}): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const store: Store<T> = {
    get: () => value,
    set(next) {
      if (!Object.is(next, value)) {
        value = next;
        for (const listener of listeners) listener();
      }
    },
    update: (change) => store.set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  if (!lasting) {
    onSessionEnd(() => store.set(initial));
  }
  return store;
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
