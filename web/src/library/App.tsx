import { session } from "../api/session";
import { texts } from "../texts";
import { useStore } from "../ui/store";
import { Toasts } from "../ui/toasts";
import { Library } from "./Library";
import { SignIn } from "./SignIn";

/** The library for who is signed in, the way in for who is not. */
export function App() {
  const { status } = useStore(session);
  return (
    <>
      {status === "starting" && (
        <p className="starting" role="status">
          <span className="visually-hidden">{texts.signIn.starting}</span>
        </p>
      )}
      {status === "signed-out" && <SignIn />}
      {status === "signed-in" && <Library />}
      <Toasts />
    </>
  );
}
