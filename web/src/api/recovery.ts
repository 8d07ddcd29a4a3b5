import type { RecoveryCodeQuery } from "../generated/graphql";
import {
  CreateRecoveryCodeDocument,
  RecoveryCodeDocument,
  RevokeRecoveryCodeDocument,
  ViewerDocument,
} from "./documents";
import { execute } from "./graphql";

/** What is known of a recovery code once it has been made; null without one. */
export type KnownCode = RecoveryCodeQuery["recoveryCode"];

/**
 * Return how many files the caller can reach only as this guest: 0 for a user, who signs in again,
 * and null where the server does not say.
 */
export async function filesOfGuest(): Promise<number | null> {
  try {
    const { viewer } = await execute(ViewerDocument, {});
    return viewer.kind === "GUEST" ? viewer.filesCount : 0;
  } catch {
    return null;
  }
}

export async function recoveryCode(): Promise<KnownCode> {
  return (await execute(RecoveryCodeDocument, {})).recoveryCode;
}

/** Make a code in place of the one before, and return it: this once. */
export async function makeRecoveryCode(): Promise<string> {
  return (await execute(CreateRecoveryCodeDocument, {})).createRecoveryCode.code;
}

export async function revokeRecoveryCode(): Promise<void> {
  await execute(RevokeRecoveryCodeDocument, {});
}
