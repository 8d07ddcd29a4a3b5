import { RevokeLinksDocument, SignedUrlDocument } from "../api/documents";
import { ApiError, OFFLINE } from "../api/errors";
import { execute } from "../api/graphql";
import { noteAnswer, noteAway } from "../api/retry";
import { accessToken } from "../api/session";
import { withinSession } from "../api/sessionEnd";
import type { SignedOperation } from "../generated/graphql";
import type { FileDetails } from "../library/files";
import { ownAddress } from "../ui/format";

export type SignedLink = { url: string; expiresAt: string };

const PLAYING_SECONDS = 6 * 3600;
const DOWNLOADING_SECONDS = 600;

/** Return an address of one file that needs no account. */
export async function signedLink(
  id: string,
  expiresIn: number,
  operation: SignedOperation = "STREAM",
): Promise<SignedLink> {
  const { file } = await execute(SignedUrlDocument, {
    id,
    operation,
    expiresIn,
    disposition: operation === "STREAM" ? "INLINE" : "ATTACHMENT",
  });
  if (!file?.signedUrl) {
    throw new ApiError("NOT_FOUND", "");
  }
  return file.signedUrl;
}

export async function revokeLinks(id: string): Promise<void> {
  await execute(RevokeLinksDocument, { id });
}

/**
 * Return an address for a media element, which cannot send a token: signed for one's own file,
 * and the fetched bytes of one that somebody else shares. Give it back with ``releaseSource``.
 */
export async function mediaSource(file: FileDetails, own: boolean): Promise<string> {
  if (own) {
    return ownAddress((await signedLink(file.id, PLAYING_SECONDS)).url);
  }
  return URL.createObjectURL(await (await fetchFile(file)).blob());
}

export function releaseSource(source: string): void {
  if (source.startsWith("blob:")) URL.revokeObjectURL(source);
}

/** Fetch a file's bytes as the signed-in caller, or the first of them. */
export async function fetchFile(file: FileDetails, bytes?: number): Promise<Response> {
  const range = bytes !== undefined && file.size > bytes ? { range: `bytes=0-${bytes - 1}` } : {};
  const headers = { authorization: `Bearer ${await accessToken()}`, ...range };
  const answer = await withinSession((signal) => fetchUrl(ownAddress(file.url), headers, signal));
  if (!answer.ok) {
    throw new ApiError(answer.status === 404 ? "NOT_FOUND" : "UNAVAILABLE", "");
  }
  return answer;
}

async function fetchUrl(url: string, headers: HeadersInit, signal: AbortSignal): Promise<Response> {
  try {
    const answer = await fetch(url, { headers, signal });
    noteAnswer();
    return answer;
  } catch {
    noteAway();
    throw new ApiError(OFFLINE, "");
  }
}

/** Save a file as the browser saves any download. */
export async function downloadFile(file: FileDetails, own: boolean): Promise<void> {
  const source = own
    ? ownAddress((await signedLink(file.id, DOWNLOADING_SECONDS, "DOWNLOAD")).url)
    : await mediaSource(file, own);
  const anchor = document.createElement("a");
  anchor.href = source;
  anchor.download = file.filename;
  anchor.click();
  setTimeout(() => releaseSource(source), 60_000);
}
