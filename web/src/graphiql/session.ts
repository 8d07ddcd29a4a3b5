import { createStore } from "./store";

/**
 * Who is signed in, in this page and in the library alike. The access token stays in memory; what
 * lasts is a cookie that scripts cannot read. Storage holds one bit: that there may be such a cookie.
 */
export type Session = { status: "starting" | "signed-out" } | { status: "signed-in"; kind: string };

export type SignInOptions = { guest: boolean; oidc: { name: string; url: string } | null };

type Tokens = { access_token: string; expires_in: number; kind: string };

const REMEMBERED = "media.session";
const EARLY_SECONDS = 30;
const SIGNED_OUT: Session = { status: "signed-out" };

export const session = createStore<Session>({ status: "starting" });

let access: { token: string; expires: number } | null = null;
let renewing: Promise<string | null> | null = null;
let started: Promise<unknown> = Promise.resolve();

/** Take the session up where the cookie left it. */
export function startSession(): void {
  if (localStorage.getItem(REMEMBERED) === null) {
    session.set(SIGNED_OUT);
  } else {
    started = renewedToken();
  }
}

/** Return which ways of signing in the server offers. */
export async function signInOptions(): Promise<SignInOptions> {
  const answer = await fetch("/v1/auth/options");
  return ((await answer.json()) as { data: SignInOptions }).data;
}

/** Make a guest account and be it; throws what the server says against it. */
export async function signInAsGuest(): Promise<void> {
  accept(await post("/v1/auth/guest", { session: "cookie" }));
}

export async function signOut(): Promise<void> {
  await post("/v1/auth/logout").catch(() => null);
  forget();
}

/** Return a token that still holds, renewed if need be, or null when nobody is signed in. */
export async function accessToken(): Promise<string | null> {
  await started;
  if (access !== null && Date.now() < access.expires) {
    return access.token;
  }
  return localStorage.getItem(REMEMBERED) === null ? null : renewedToken();
}

/** Return a new token for one that holds no longer, or null if the session has ended. */
export function renewedToken(): Promise<string | null> {
  renewing ??= alone(renew).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renew(): Promise<string | null> {
  try {
    return accept(await post("/v1/auth/refresh"));
  } catch {
    forget();
    return null;
  }
}

/** Let one tab at a time renew: each cookie is good for one renewal. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? navigator.locks.request(REMEMBERED, work) : work();
}

function accept(tokens: Tokens): string {
  const lifetime = Math.max(tokens.expires_in - EARLY_SECONDS, 1);
  access = { token: tokens.access_token, expires: Date.now() + lifetime * 1000 };
  localStorage.setItem(REMEMBERED, "1");
  session.set({ status: "signed-in", kind: tokens.kind });
  return tokens.access_token;
}

function forget(): void {
  access = null;
  localStorage.removeItem(REMEMBERED);
  session.set(SIGNED_OUT);
}

async function post(path: string, body: object = {}): Promise<Tokens> {
  const answer = await fetch(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  const given = (await answer.json().catch(() => null)) as (Tokens & { detail?: string }) | null;
  if (!answer.ok || given === null) {
    throw new Error(given?.detail ?? `The server answered ${answer.status}.`);
  }
  return given;
}
