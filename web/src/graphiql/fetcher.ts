import type { Fetcher, FetcherParams, Observable } from "@graphiql/toolkit";
import { type DocumentNode, type ExecutionResult, Kind, parse } from "graphql";
import { nextTokenOfCaller, tokenOfCaller } from "./caller";
import { chosenFiles } from "./chosenFiles";
import { type FileVariable, fileVariables } from "./fileVariables";
import { multipartForm } from "./multipart";
import { type Answer, send } from "./request";
import { texts } from "./texts";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";
const UNAUTHENTICATED = 401;

/**
 * Send an operation as the signed-in caller, with the files that were chosen for its variables.
 *
 * What the headers editor says goes before the session. Stopping the query stops the request.
 */
export const fetcher: Fetcher = (params, options) =>
  observed((signal) => execute(addressed(params), options?.headers ?? {}, signal));

async function execute(
  params: FetcherParams,
  given: Record<string, unknown>,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const variables = filesWanted(params);
  const attempt = async (token: string | null): Promise<Answer> => {
    const headers = requestHeaders(given, token);
    return send(requestBody(params, variables, headers), headers, signal);
  };
  const ours = !new Headers(written(given)).has("authorization");
  const token = ours ? await tokenOfCaller() : null;
  const answer = await attempt(token);
  if (answer.status !== UNAUTHENTICATED || token === null) {
    return answer.result;
  }
  return (await attempt(await nextTokenOfCaller())).result;
}

/** Leave out a name that the document does not hold: GraphiQL's lags behind what is in the editor. */
function addressed({ operationName, ...params }: FetcherParams): FetcherParams {
  const known = documentOf(params.query)?.definitions.some(
    (each) => each.kind === Kind.OPERATION_DEFINITION && each.name?.value === operationName,
  );
  return known && operationName ? { ...params, operationName } : params;
}

/** Return the file variables of an operation, none of them empty that has to be filled. */
function filesWanted(params: FetcherParams): FileVariable[] {
  const wanted = fileVariables(documentOf(params.query), params.operationName);
  const empty = wanted.find(
    ({ name, required }) =>
      required && !chosenFiles.get()[name]?.length && !params.variables?.[name],
  );
  if (empty) {
    throw new Error(texts.noFile(empty.name));
  }
  return wanted.filter(({ name }) => chosenFiles.get()[name]?.length);
}

function documentOf(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined; // the server says what is wrong with it
  }
}

function requestHeaders(given: Record<string, unknown>, token: string | null): Headers {
  const headers = new Headers({ accept: ACCEPT });
  if (token !== null) {
    headers.set("authorization", `Bearer ${token}`);
  }
  new Headers(written(given)).forEach((value, name) => {
    headers.set(name, value);
  });
  return headers;
}

function written(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
}

/** Return what to send, and leave the content type of a form to the browser. */
function requestBody(
  params: FetcherParams,
  variables: readonly FileVariable[],
  headers: Headers,
): FormData | string {
  if (variables.length > 0) {
    headers.delete("content-type");
    return multipartForm(params, variables, chosenFiles.get());
  }
  headers.set("content-type", "application/json");
  return JSON.stringify(params);
}

/** Return what GraphiQL can stop: its subscription to the one result of ``work``. */
function observed(
  work: (signal: AbortSignal) => Promise<ExecutionResult>,
): Observable<ExecutionResult> {
  const subscribe = (observer: {
    next(value: ExecutionResult): void;
    error(error: unknown): void;
    complete(): void;
  }) => {
    const stopping = new AbortController();
    work(stopping.signal).then(
      (result) => {
        observer.next(result);
        observer.complete();
      },
      (error: unknown) => {
        if (!stopping.signal.aborted) {
          observer.error(error);
        }
      },
    );
    return { unsubscribe: () => stopping.abort() };
  };
  return { subscribe } as Observable<ExecutionResult>;
}
