import { texts } from "../texts";

/** What the server refused, or the way to it: a code of docs/error-codes.md and a sentence. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    /** After how many seconds it may be tried again, where the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export const OFFLINE = "OFFLINE";
export const UNAUTHENTICATED = "UNAUTHENTICATED";

/** The codes of answers that a proxy in front of the server gives, which name none. */
const BY_STATUS: Readonly<Record<number, string>> = {
  413: "PAYLOAD_TOO_LARGE",
  429: "RATE_LIMITED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "UNAVAILABLE",
};

const WORTH_ANOTHER_TRY = new Set([
  OFFLINE,
  "BUSY",
  "CONFLICT",
  "IDEMPOTENCY_KEY_IN_USE",
  "RATE_LIMITED",
  "UNAVAILABLE",
]);

/** Return what to tell a person of ``error``: our own words where we have some. */
export function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return texts.errors.unknown;
  }
  return texts.errors.byCode[error.code] ?? error.message;
}

/** Tell whether the same request may succeed a little later. */
export function isPassing(error: unknown): error is ApiError {
  return error instanceof ApiError && WORTH_ANOTHER_TRY.has(error.code);
}

/** Return the code for an answer whose body names none. */
export function codeOf(status: number): string {
  return BY_STATUS[status] ?? "INTERNAL";
}

/** Return the error that a JSON answer of REST holds (RFC 9457). */
export function fromProblem(body: unknown, { status, headers }: Response): ApiError {
  const problem = (body ?? {}) as { code?: string; detail?: string };
  return new ApiError(
    problem.code ?? codeOf(status),
    problem.detail ?? texts.errors.unknown,
    retryAfter(headers.get("retry-after")),
  );
}

export function retryAfter(header: string | null): number | null {
  const seconds = Number(header);
  return header !== null && Number.isFinite(seconds) ? seconds : null;
}
