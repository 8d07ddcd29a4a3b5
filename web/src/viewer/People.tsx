import { UserPlus, X } from "lucide-react";
import { type FormEvent, useId, useRef, useState } from "react";
import { inWords } from "../api/errors";
import { type FileDetails, useViewer } from "../library/files";
import { texts } from "../texts";
import { PersonRow } from "./PersonRow";
import { faultOf, type SharedWith, shareWith, stopSharingWith, whyNot } from "./sharing";

type Said = { tone: "good" | "error"; text: string };

/** Whom a file of one's own is shared with by name, and the way to add or remove somebody. */
export function People({ file }: { file: FileDetails }) {
  const { data: viewer } = useViewer();
  const [said, setSaid] = useState<Said | null>(null);
  const heading = useId();
  const section = useRef<HTMLElement>(null);
  const shares = file.shares ?? [];
  const remove = async (person: SharedWith) => {
    try {
      await stopSharingWith(file.id, person.accountId);
      setSaid({ tone: "good", text: texts.people.removed(nameOf(person)) });
      section.current?.focus(); // the button is gone
    } catch (error) {
      setSaid({ tone: "error", text: inWords(error) });
    }
  };
  return (
    <section ref={section} className="people" tabIndex={-1} aria-labelledby={heading}>
      <h3 id={heading}>{texts.people.title}</h3>
      {shares.length > 0 && (
        <ul>
          {shares.map((person) => (
            <li key={person.accountId}>
              <PersonRow name={nameOf(person)} more={moreOf(person)} />
              <button
                type="button"
                className="icon-button small"
                aria-label={texts.people.remove(nameOf(person))}
                onClick={() => void remove(person)}
              >
                <X aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {viewer?.kind === "GUEST" ? (
        <p className="hint">{texts.people.guests}</p>
      ) : (
        <AddPerson file={file} own={viewer?.email ?? null} onSaid={setSaid} />
      )}
      <p className={`people-says ${said?.tone ?? "good"}-text`} role="status">
        {said?.text}
      </p>
    </section>
  );
}

type AddProps = { file: FileDetails; own: string | null; onSaid: (said: Said | null) => void };

function AddPerson({ file, own, onSaid }: AddProps) {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const refuse = (text: string) => {
    setWrong(true);
    onSaid({ tone: "error", text });
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const address = typed.trim();
    const fault = faultOf(address, own);
    if (fault) {
      refuse(fault);
      return;
    }
    setBusy(true);
    try {
      await shareWith(file.id, address);
      setTyped("");
      setWrong(false);
      onSaid({ tone: "good", text: texts.people.added(address) });
    } catch (error) {
      refuse(whyNot(error));
    }
    setBusy(false);
  };
  return (
    <form className="people-add" noValidate onSubmit={(event) => void add(event)}>
      <input
        type="email"
        className="input"
        aria-label={texts.people.email}
        aria-invalid={wrong}
        placeholder={texts.people.placeholder}
        autoComplete="off"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setWrong(false);
          onSaid(null);
        }}
      />
      <button type="submit" className="button" disabled={busy || !typed.trim()}>
        <UserPlus aria-hidden="true" />
        {texts.people.add}
      </button>
    </form>
  );
}

function nameOf({ name, email, kind }: SharedWith): string {
  return name ?? email ?? texts.people.nameless[kind];
}

function moreOf({ name, email, accountId }: SharedWith): string | null {
  if (email === null) return accountId;
  return name === null ? null : email;
}
