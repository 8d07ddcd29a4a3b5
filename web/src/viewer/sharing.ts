import { ShareByEmailDocument, UnshareDocument } from "../api/documents";
import { ApiError, inWords } from "../api/errors";
import { execute } from "../api/graphql";
import type { SharedWithFragment } from "../generated/graphql";
import { type FileDetails, queries, replaceFile } from "../library/files";
import { texts } from "../texts";

export type SharedWith = SharedWithFragment;

const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/** Let the person with this address see a file; throws ``ApiError``. */
export async function shareWith(id: string, email: string): Promise<void> {
  show((await execute(ShareByEmailDocument, { id, email })).shareFile);
}

/** End that; links to the file end with it. */
export async function stopSharingWith(id: string, accountId: string): Promise<void> {
  const file = (await execute(UnshareDocument, { id, accountId })).unshareFile;
  replaceFile(file); // its previews have new addresses
  show(file);
}

/** Return what is wrong with an address before the server is asked, or null. */
export function faultOf(address: string, own: string | null): string | null {
  if (!ADDRESS.test(address)) return texts.people.noAddress;
  return address.toLowerCase() === own?.toLowerCase() ? texts.people.oneself : null;
}

/** Return why somebody could not be added, in words that fit the place. */
export function whyNot(error: unknown): string {
  const words = error instanceof ApiError ? texts.people.byCode[error.code] : undefined;
  return words ?? inWords(error);
}

function show({ id, shares }: Pick<FileDetails, "id" | "shares">): void {
  queries.setQueryData<FileDetails>(["file", id], (old) => old && { ...old, shares });
}
