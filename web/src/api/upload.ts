import type {
  FileCardFragment as FileCard,
  UploadInput,
  UploadMutation,
} from "../generated/graphql";
import { UploadDocument } from "./documents";
import { ApiError, OFFLINE, retryAfter } from "./errors";
import { dataOf } from "./graphql";
import { accessToken } from "./session";

/**
 * Send one file by the GraphQL multipart request specification. ``onProgress`` hears how many of
 * the file's bytes have gone out; aborting ``signal`` stops it and rejects with its reason. Sent
 * again with the same ``key``, a file whose answer got lost is stored once all the same.
 */
export async function upload(
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
  await answered;
  const body: unknown = JSON.parse(request.responseText || "null");
  const wait = retryAfter(request.getResponseHeader("retry-after"));
  return dataOf<UploadMutation>(body, wait).upload;
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
    request.onerror = () => reject(new ApiError(OFFLINE, ""));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
  });
}
