import { accessToken, renewedToken, session, startSession } from "../api/session";

let started: Promise<void> = Promise.resolve();

/** Take up the session that this page shares with the library. */
export function takeUpSession(): void {
  started = startSession();
}

/** Return a token of who is signed in, or null when nobody is. */
export async function tokenOfCaller(): Promise<string | null> {
  await started;
  return session.get().status === "signed-in" ? accessToken().catch(() => null) : null;
}

/** Return a new token for one that the server took no longer, or null if the session has ended. */
export function nextTokenOfCaller(): Promise<string | null> {
  return renewedToken().catch(() => null);
}
