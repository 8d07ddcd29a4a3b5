import { texts } from "../texts";
import { createStore } from "../ui/store";

const PARAMETER = "sign_in_error";

/** Why the provider that was asked last did not sign anybody in, in words. */
export const signInFailure = createStore<string | null>(null, { lasting: true });

/** Note what the provider has sent back, and take it out of the address. */
export function noteSignInFailure(): void {
  const address = new URL(window.location.href);
  const reason = address.searchParams.get(PARAMETER);
  if (reason !== null) {
    address.searchParams.delete(PARAMETER);
    window.history.replaceState(window.history.state, "", address);
    signInFailure.set(texts.errors.signIn(reason));
  }
}
