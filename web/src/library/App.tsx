import { useEffect } from "react";
import { session, startSession } from "../api/session";
import { signInFailure } from "../api/signInFailure";
import { texts } from "../texts";
import { useStore } from "../ui/store";
import { showToast, Toasts } from "../ui/toasts";
import { Library } from "./Library";
import { SignIn } from "./SignIn";

const LONG_MILLISECONDS = 20_000;

/** The library for who is signed in, the way in for who is not. */
export function App() {
  const current = useStore(session);
  const { status } = current;
  const sentBack = useStore(signInFailure);
  useEffect(() => {
    if (status === "signed-in" && sentBack) {
      showToast({ text: sentBack, tone: "error", milliseconds: LONG_MILLISECONDS });
      signInFailure.set(null);
    }
  }, [status, sentBack]);
  return (
    <>
      {status === "starting" && (
        <p className="starting" role="status">
          <span className="visually-hidden">{texts.signIn.starting}</span>
        </p>
      )}
      {status === "unreachable" && (
        <main className="notice">
          <h1>{texts.errors.away}</h1>
          <p role="alert">{texts.errors.byCode["OFFLINE"]}</p>
          <button type="button" className="button primary" onClick={() => void startSession()}>
            {texts.grid.again}
          </button>
        </main>
      )}
      {status === "signed-out" && <SignIn />}
      {current.status === "signed-in" && (
        <Library key={current.account} account={current.account} />
      )}
      <Toasts />
    </>
  );
}
