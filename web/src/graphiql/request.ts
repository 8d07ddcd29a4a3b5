import type { ExecutionResult } from "graphql";
import { createStore } from "../ui/store";
import { texts } from "./texts";

/** How much of a request with files has gone out, in bytes; null when none is under way. */
export const progress = createStore<{ sent: number; total: number } | null>(null);

export type Answer = { status: number; result: ExecutionResult };

/** Send a body to the API and return the answer; aborting ``signal`` stops it at once. */
export async function send(
  body: FormData | string,
  headers: Headers,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
  request.open("POST", "/graphql");
  headers.forEach((value, name) => {
    request.setRequestHeader(name, value);
  });
  const settled = answered(request, signal);
  if (body instanceof FormData) {
    request.upload.onprogress = ({ loaded, total }) => progress.set({ sent: loaded, total });
  }
  try {
    request.send(body);
    await settled;
  } finally {
    progress.set(null);
  }
  return { status: request.status, result: parsed(request) };
}

function answered(request: XMLHttpRequest, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onload = () => resolve();
    request.onerror = () => reject(new Error(texts.connectionBroke));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
  });
}

function parsed(request: XMLHttpRequest): ExecutionResult {
  try {
    return JSON.parse(request.responseText) as ExecutionResult;
  } catch {
    throw new Error(texts.noJson(request.status));
  }
}
