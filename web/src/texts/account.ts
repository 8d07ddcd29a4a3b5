/** The texts of accounts: the menu, signing out and recovery codes. */

import { files } from "./numbers";

export const accountTexts = {
  account: {
    menu: "Account and appearance",
    guest: "Guest",
    user: "Signed in",
    administrator: "Administrator",
    used: (used: string, quota: string | null) =>
      quota ? `${used} of ${quota} used` : `${used} used`,
    keepFiles: (name: string) => `Sign in with ${name} and keep these files`,
    recovery: "Recovery code",
    signOut: "Sign out",
    theme: "Appearance",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    api: "API explorer",
  },
  signOut: {
    title: "Sign out of this guest account?",
    lost: (n: number | null) =>
      n === null
        ? "The files of this guest account cannot be reached again without a recovery code."
        : `${files(n)} in this guest account cannot be reached again without a recovery code.`,
    kept: (when: string) =>
      `The recovery code that you made on ${when} signs you in to this guest account again. If you no longer have it, make a new one before you sign out.`,
    withCode: "Sign out",
    withoutCode: "Sign out and lose the files",
    cancel: "Cancel",
  },
  recovery: {
    title: "Recovery code",
    lead: "A recovery code signs you in to this guest account again, on another device or after you sign out. Whoever has it can see, change and delete your files: keep it in a safe place.",
    none: "You have no recovery code yet.",
    made: (when: string) => `You made a code on ${when}. It has not been used.`,
    used: (when: string, last: string) =>
      `You made a code on ${when}. It was last used on ${last}.`,
    make: "Make a recovery code",
    makeNew: "Make a new code",
    replaces: "The old code stops working when you make a new one.",
    code: "Your recovery code",
    once: "This code is shown only once. Write it down or save it in a password manager.",
    copy: "Copy the code",
    copied: "Copied.",
    saved: "I have saved this code",
    revoke: "Revoke the code",
    revoked: "The code no longer works.",
    enter: "Recovery code",
    signIn: "Sign in",
    back: "Back",
    byCode: {
      VALIDATION_FAILED:
        "That is not a recovery code, or one of its letters or digits is wrong. Compare it with what you saved.",
      UNAUTHENTICATED: "This recovery code is not valid. It may have been revoked or replaced.",
      RATE_LIMITED: "Those were many attempts. Try again in a minute.",
    } as Record<string, string>,
  },
};
