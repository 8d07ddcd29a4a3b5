import { useEffect, useState } from "react";
import { inWords } from "../api/errors";
import { filesOfGuest } from "../api/recovery";
import {
  expectSession,
  SIGN_OUT,
  type SignInOptions,
  session,
  signInAsGuest,
  signInOptions,
  signOut,
} from "../api/session";
import { signInFailure } from "../api/signInFailure";
import { useStore } from "../ui/store";
import { texts } from "./texts";

/** Who is signed in, and the way in or out. */
export function SessionBar() {
  const current = useStore(session);
  const sentBack = useStore(signInFailure);
  return (
    <div className="session-bar">
      {sentBack && (
        <span className="session-failure" role="alert">
          {sentBack}
        </span>
      )}
      {current.status === "signed-in" && (
        <>
          <span className="session-who">{texts.signedIn}</span>
          <button type="button" className="button" onClick={() => void leave()}>
            {texts.signOut}
          </button>
        </>
      )}
      {current.status === "signed-out" && <SignIn />}
      <a className="button" href="/">
        {texts.library}
      </a>
    </div>
  );
}

/** Sign out; a guest with files is asked first, by the library. */
async function leave(): Promise<void> {
  if ((await filesOfGuest()) === 0) await signOut();
  else window.location.assign(`/${SIGN_OUT}`);
}

function SignIn() {
  const [offered, setOffered] = useState<SignInOptions | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    signInOptions().then(setOffered, () => setOffered({ guest: true, oidc: null }));
  }, []);
  const enter = () => {
    setFailure(null);
    signInFailure.set(null);
    signInAsGuest().catch((error: unknown) => setFailure(inWords(error)));
  };
  return (
    <>
      {failure && (
        <span className="session-failure" role="alert">
          {failure}
        </span>
      )}
      {offered?.oidc && (
        <a
          className="button"
          href={`${offered.oidc.url}?return_to=/graphql`}
          onClick={expectSession}
        >
          {texts.signInWith(offered.oidc.name)}
        </a>
      )}
      {offered?.guest && (
        <button type="button" className="button primary" onClick={enter}>
          {texts.guest}
        </button>
      )}
    </>
  );
}
