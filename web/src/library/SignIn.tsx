import { useQuery } from "@tanstack/react-query";
import { ArrowRight, Lock, Server, Shapes } from "lucide-react";
import { useState } from "react";
import { inWords } from "../api/errors";
import { expectSession, signInAsGuest, signInOptions } from "../api/session";
import { signInFailure } from "../api/signInFailure";
import { texts } from "../texts";
import { Mark } from "../ui/Mark";
import { useStore } from "../ui/store";
import { ByCode } from "./ByCode";

const ICONS = [Lock, Shapes, Server] as const;

/** The way in: what this is, and one button for each way that the server offers. */
export function SignIn() {
  return (
    <main className="sign-in">
      <section className="sign-in-card">
        <Mark />
        <h1>{texts.signIn.title}</h1>
        <p className="lead">{texts.signIn.lead}</p>
        <Ways />
        <ul className="sign-in-points">
          {texts.signIn.points.map(([title, text], at) => {
            const Icon = ICONS[at] ?? Lock;
            return (
              <li key={title}>
                <Icon aria-hidden="true" strokeWidth={1.6} />
                <span>
                  <strong>{title}</strong>
                  {text}
                </span>
              </li>
            );
          })}
        </ul>
      </section>
    </main>
  );
}

function Ways() {
  const { data: options, error: unreachable } = useQuery({
    queryKey: ["sign-in"],
    queryFn: signInOptions,
  });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const sentBack = useStore(signInFailure);
  const enter = async () => {
    setBusy(true);
    setFailed(null);
    signInFailure.set(null);
    try {
      await signInAsGuest();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  };
  const error = failed ?? unreachable;
  return (
    <div className="sign-in-ways" aria-busy={busy || !options}>
      {options?.oidc && (
        <a className="button primary large" href={options.oidc.url} onClick={expectSession}>
          {texts.signIn.oidc(options.oidc.name)}
        </a>
      )}
      {options?.guest !== false && (
        <>
          <button
            type="button"
            className={`button large ${options?.oidc ? "" : "primary"}`}
            disabled={busy}
            onClick={() => void enter()}
          >
            {texts.signIn.guest}
            <ArrowRight aria-hidden="true" />
          </button>
          <p className="hint">{texts.signIn.guestHint}</p>
        </>
      )}
      {options?.guest === false && !options.oidc && <p>{texts.signIn.none}</p>}
      <ByCode />
      {sentBack && (
        <p className="error-text" role="alert">
          {sentBack}
        </p>
      )}
      {error !== null && error !== undefined && (
        <p className="error-text" role="alert">
          {inWords(error)}
        </p>
      )}
    </div>
  );
}
