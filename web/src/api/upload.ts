import type {
  FileCardFragment as FileCard,
  UploadInput,
  UploadMutation,
} from "../generated/graphql";
import { UploadDocument } from "./documents";
import { ApiError, OFFLINE, retryAfter } from "./errors";
import { dataOf } from "./graphql";
import { noteAnswer, noteAway } from "./retry";
import { accessToken } from "./session";
import { withinSession } from "./sessionEnd";

/**
 * Send one file by the GraphQL multipart request specification. ``onProgress`` hears how many of
 * the file's bytes have gone out; aborting ``signal`` stops it and rejects with its reason. Sent
 * again with the same ``key``, a file whose answer got lost is stored once all the same. The end of
 * the session stops it too, and the promise never settles.
 */
export function upload(
  file: File,
  input: UploadInput | null,
  key: string,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<FileCard> {
  return withinSession((ended) =>
    send(file, input, key, onProgress, AbortSignal.any([signal, ended])),
  );
}

async function send(
  file: File,
  input: UploadInput | null,
  key: string,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<FileCard> {
  const token = await accessToken();
  signal.throwIfAborted();
  const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
  request.open("POST", "/graphql");
  request.setRequestHeader("authorization", `Bearer ${token}`);
  request.setRequestHeader("idempotency-key", `"${key}"`);
  request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, file.size));
  const answered = settled(request, signal);
  request.send(form(file, input));
  try {
    await answered;
  } catch (error) {
    throw signal.aborted ? error : await faultOf(file);
  }
  noteAnswer();
  const wait = retryAfter(request.getResponseHeader("retry-after"));
  return dataOf<UploadMutation>(bodyOf(request), request.status, wait).upload;
}

/** Return why sending failed: the browser says the same of a lost network and a changed file. */
async function faultOf(file: File): Promise<ApiError> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    return new ApiError("FILE_UNREADABLE", "");
  }
  noteAway();
  return new ApiError(OFFLINE, "");
}

/** Return the JSON of an answer, or null for a page that a proxy sends. */
function bodyOf(request: XMLHttpRequest): unknown {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return null;
  }
}

function form(file: File, input: UploadInput | null): FormData {
  const operations = { query: UploadDocument.toString(), variables: { file: null, input } };
  const parts = new FormData();
  parts.append("operations", JSON.stringify(operations));
  parts.append("map", JSON.stringify({ 0: ["variables.file"] }));
  parts.append("0", file, file.name);
  return parts;
}

function settled(request: XMLHttpRequest, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onload = () => resolve();
    request.onerror = reject;
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
  });
}
