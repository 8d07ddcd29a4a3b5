import { createStore } from "../ui/store";
import { ApiError, fromProblem, OFFLINE, UNAUTHENTICATED } from "./errors";
import { noRetry, noteAnswer, noteAway, retryLater } from "./retry";
import { endSession, flushSession } from "./sessionEnd";

/**
 * Who is signed in. The access token stays in memory; what lasts is a cookie that scripts cannot
 * read and that only /v1/auth gets. Storage holds that there may be such a cookie, and the id of its
 * account: other tabs see there that somebody signed in or out.
 */
export type Session =
  | { status: "starting" | "signed-out" | "unreachable" }
  | { status: "signed-in"; account: string };

export type SignInOptions = { guest: boolean; oidc: { name: string; url: string } | null };

type Tokens = { access_token: string; expires_in: number; user_id: string };

const REMEMBERED = "media.session";
const EXPECTED = "1";
const EARLY_SECONDS = 30;

/** Where the library's page asks a guest before it signs out, for other pages to go to. */
export const SIGN_OUT = "#sign-out";

const ENDED = new Set([400, 401, 403, 404]); // anything else may be better a little later

export const session = createStore<Session>({ status: "starting" }, { lasting: true });

let access: { token: string; expires: number; account: string } | null = null;
let renewing: Promise<boolean> | null = null;

/** Take the session up where the cookie left it; a server that is away ends no session. */
export async function startSession(): Promise<void> {
  if (localStorage.getItem(REMEMBERED) === null) {
    session.set({ status: "signed-out" });
    return;
  }
  try {
    if (!(await renew())) forget();
    noRetry(REMEMBERED);
  } catch {
    session.set({ status: "unreachable" });
    retryLater(REMEMBERED, () => void startSession());
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
}

/** Sign in to the guest account that a recovery code was made for. */
export async function signInByCode(code: string): Promise<void> {
  await accept(await post("/v1/auth/recover", { code, session: "cookie" }));
}

/** Remember that signing in goes on elsewhere and may come back with a cookie. */
export function expectSession(): void {
  localStorage.setItem(REMEMBERED, EXPECTED);
}

/** Save what is unsaved, then end the session. */
export async function signOut(): Promise<void> {
  await flushSession();
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
  localStorage.removeItem(REMEMBERED);
  leave("signed-out");
}

function leave(status: "signed-out" | "starting"): void {
  const account = access?.account;
  access = null;
  session.set({ status });
  if (account !== undefined) endSession();
}

/** Follow what another tab did: it signed out, or in as another account. */
function follow({ key, newValue }: StorageEvent): void {
  if (key !== REMEMBERED && key !== null) return;
  if (newValue === null) {
    leave("signed-out");
  } else if (newValue !== EXPECTED && newValue !== access?.account) {
    leave("starting");
    void startSession();
  }
}

window.addEventListener("storage", follow);

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
    throw fromProblem(body, answer);
  }
  enter(body as Tokens);
}

function enter({ access_token: token, expires_in: seconds, user_id: account }: Tokens): void {
  const before = access?.account;
  const lifetime = Math.max(seconds - EARLY_SECONDS, 1);
  access = { token, expires: Date.now() + lifetime * 1000, account };
  localStorage.setItem(REMEMBERED, account);
  if (before !== account || session.get().status !== "signed-in") {
    session.set({ status: "signed-in", account });
  }
  if (before !== undefined && before !== account) endSession();
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
    const answer = await fetch(path, { credentials: "same-origin", ...options });
    noteAnswer();
    return answer;
  } catch {
    noteAway();
    throw new ApiError(OFFLINE, "");
  }
}
