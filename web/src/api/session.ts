import { createStore } from "../ui/store";
import { ApiError, fromProblem, OFFLINE, UNAUTHENTICATED } from "./errors";

/**
 * Who is signed in. The access token stays in memory; what lasts is a cookie that scripts cannot
 * read and that only /v1/auth gets. Storage holds one bit: that there may be such a cookie.
 */
export type Session = { status: "starting" | "signed-out" | "signed-in" | "unreachable" };

export type SignInOptions = { guest: boolean; oidc: { name: string; url: string } | null };

type Tokens = { access_token: string; expires_in: number };

const REMEMBERED = "media.session";
const EARLY_SECONDS = 30;

/** Where the library's page asks a guest before it signs out, for other pages to go to. */
export const SIGN_OUT = "#sign-out";

const ENDED = new Set([400, 401, 403, 404]); // anything else may be better a little later

export const session = createStore<Session>({ status: "starting" });

let access: { token: string; expires: number } | null = null;
let renewing: Promise<boolean> | null = null;

/** Take the session up where the cookie left it; a server that is away ends no session. */
export async function startSession(): Promise<void> {
  if (localStorage.getItem(REMEMBERED) === null) {
    session.set({ status: "signed-out" });
    return;
  }
  try {
    if (await renew()) session.set({ status: "signed-in" });
    else forget();
  } catch {
    session.set({ status: "unreachable" });
  }
}

/** Return which ways of signing in the server offers. */
export async function signInOptions(): Promise<SignInOptions> {
  const answer = await send("/v1/auth/options");
  if (!answer.ok) {
    return { guest: true, oidc: null };
  }
  return ((await answer.json()) as { data: SignInOptions }).data;
}

export async function signInAsGuest(): Promise<void> {
  let answer = await post("/v1/auth/guest", { session: "cookie" });
  if (answer.status === 404) {
    answer = await post("/llm/auth/guest-login"); // a server without sessions: this page only
  }
  await accept(answer);
  session.set({ status: "signed-in" });
}

/** Sign in to the guest account that a recovery code was made for. */
export async function signInByCode(code: string): Promise<void> {
  await accept(await post("/v1/auth/recover", { code, session: "cookie" }));
  session.set({ status: "signed-in" });
}

/** Remember that signing in goes on elsewhere and may come back with a cookie. */
export function expectSession(): void {
  localStorage.setItem(REMEMBERED, "1");
}

export async function signOut(): Promise<void> {
  await post("/v1/auth/logout").catch(() => null);
  forget();
}

/** Return a token that still holds, renewed if need be. */
export async function accessToken(): Promise<string> {
  if (access !== null && Date.now() < access.expires) {
    return access.token;
  }
  return renewedToken();
}

/** Return a new token for one that the server took no longer. */
export async function renewedToken(): Promise<string> {
  if ((await renew()) && access !== null) {
    return access.token;
  }
  forget();
  throw new ApiError(UNAUTHENTICATED, "");
}

function forget(): void {
  access = null;
  localStorage.removeItem(REMEMBERED);
  session.set({ status: "signed-out" });
}

/** Renew once however many ask, and in one tab at a time: each cookie is good for one renewal. */
function renew(): Promise<boolean> {
  renewing ??= alone(async () => {
    const answer = await post("/v1/auth/refresh");
    if (ENDED.has(answer.status)) {
      return false;
    }
    await accept(answer);
    return true;
  }).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function alone<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? navigator.locks.request(REMEMBERED, work) : work();
}

async function accept(answer: Response): Promise<void> {
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    throw fromProblem(body, answer.headers);
  }
  const tokens = body as Tokens;
  const lifetime = Math.max(tokens.expires_in - EARLY_SECONDS, 1);
  access = { token: tokens.access_token, expires: Date.now() + lifetime * 1000 };
  localStorage.setItem(REMEMBERED, "1");
}

function post(path: string, body?: object): Promise<Response> {
  const json = body && {
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  return send(path, { method: "POST", ...json });
}

async function send(path: string, options?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(OFFLINE, "");
  }
}
