import type { TypedDocumentString } from "../generated/graphql";
import { ApiError, codeOf, OFFLINE, retryAfter, UNAUTHENTICATED } from "./errors";
import { noteAnswer, noteAway } from "./retry";
import { accessToken, renewedToken } from "./session";
import { withinSession } from "./sessionEnd";

type Answer<R> = {
  data?: R | null;
  errors?: { message: string; extensions?: { code?: string } }[];
};

type Options = { keepalive?: boolean; signal?: AbortSignal };

/**
 * Execute a document as the signed-in caller; throws ``ApiError`` for any error in the answer, and
 * never settles once the session has ended.
 */
export async function execute<R, V>(
  document: TypedDocumentString<R, V>,
  variables: V,
  { keepalive = false, signal }: Options = {},
): Promise<R> {
  const body = JSON.stringify({ query: document.toString(), variables });
  return withinSession(async (ended) => {
    const options = { keepalive, signal: signal ? AbortSignal.any([signal, ended]) : ended };
    try {
      return await send<R>(body, await accessToken(), options);
    } catch (error) {
      if (error instanceof ApiError && error.code === UNAUTHENTICATED) {
        return send<R>(body, await renewedToken(), options);
      }
      throw error;
    }
  });
}

async function send<R>(body: string, token: string, options: RequestInit): Promise<R> {
  let answer: Response;
  try {
    answer = await fetch("/graphql", {
      ...options,
      method: "POST",
      body,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    noteAway();
    throw new ApiError(OFFLINE, "");
  }
  noteAnswer();
  return dataOf<R>(
    await answer.json().catch(() => null),
    answer.status,
    retryAfter(answer.headers.get("retry-after")),
  );
}

/** Return the data of an answer to GraphQL, or throw its first error. */
export function dataOf<R>(body: unknown, status: number, retryAfter: number | null = null): R {
  const answer = (body ?? {}) as Answer<R> & { code?: string; detail?: string };
  const error = answer.errors?.[0];
  if (error) {
    throw new ApiError(error.extensions?.code ?? "INTERNAL", error.message, retryAfter);
  }
  if (!answer.data) {
    throw new ApiError(answer.code ?? codeOf(status), answer.detail ?? "", retryAfter);
  }
  return answer.data;
}
