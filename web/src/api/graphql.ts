import type { TypedDocumentString } from "../generated/graphql";
import { ApiError, OFFLINE, retryAfter, UNAUTHENTICATED } from "./errors";
import { accessToken, renewedToken } from "./session";

type Answer<R> = {
  data?: R | null;
  errors?: { message: string; extensions?: { code?: string } }[];
};

/** Execute a document as the signed-in caller; throws ``ApiError`` for any error in the answer. */
export async function execute<R, V>(
  document: TypedDocumentString<R, V>,
  variables: V,
  options: { keepalive?: boolean; signal?: AbortSignal } = {},
): Promise<R> {
  const body = JSON.stringify({ query: document.toString(), variables });
  try {
    return await send<R>(body, await accessToken(), options);
  } catch (error) {
    if (error instanceof ApiError && error.code === UNAUTHENTICATED) {
      return send<R>(body, await renewedToken(), options);
    }
    throw error;
  }
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
    throw new ApiError(OFFLINE, "");
  }
  return dataOf<R>(
    await answer.json().catch(() => null),
    retryAfter(answer.headers.get("retry-after")),
  );
}

/** Return the data of an answer to GraphQL, or throw its first error. */
export function dataOf<R>(body: unknown, retryAfter: number | null = null): R {
  const answer = (body ?? {}) as Answer<R> & { code?: string; detail?: string };
  const error = answer.errors?.[0];
  if (error) {
    throw new ApiError(error.extensions?.code ?? "INTERNAL", error.message, retryAfter);
  }
  if (!answer.data) {
    throw new ApiError(answer.code ?? "INTERNAL", answer.detail ?? "", retryAfter);
  }
  return answer.data;
}
