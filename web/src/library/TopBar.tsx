import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ViewerQuery } from "../generated/graphql";
import { texts } from "../texts";
import { Mark } from "../ui/Mark";
import { UploadMenu } from "../uploads/UploadMenu";
import { AccountMenu } from "./AccountMenu";
import type { View } from "./query";

type Props = {
  viewer: ViewerQuery["viewer"] | undefined;
  view: View;
  change: (change: Partial<View>, options?: { replace?: boolean }) => void;
};

export function TopBar({ viewer, view, change }: Props) {
  return (
    <header className="top-bar">
      <a
        href="/"
        className="brand"
        aria-label={texts.product}
        onClick={(event) => {
          event.preventDefault();
          change({ name: "", type: null, tags: [], visibility: null, scope: "OWN", file: null });
        }}
      >
        <Mark />
        <span>{texts.product}</span>
      </a>
      <SearchField
        value={view.name}
        onChange={(name) => change({ name }, { replace: view.name !== "" && name !== "" })}
      />
      <div className="top-actions">
        <UploadMenu />
        <AccountMenu viewer={viewer} />
      </div>
    </header>
  );
}

const PAUSE_MILLISECONDS = 250;

/** Search as one types, a moment after the last key. */
function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setTyped(value); // the address changed: back, forward or the filters' button
    }
  }, [value]);
  const send = (text: string) => {
    sent.current = text;
    onChange(text);
  };
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => latest.current(wanted), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [typed]);
  useSlash(input);
  return (
    <search className="search">
      <Search aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={texts.search.label}
        placeholder={texts.search.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setTyped("");
          if (event.key === "Enter") send(typed.trim());
        }}
      />
      {typed ? (
        <button
          type="button"
          className="icon-button small"
          aria-label={texts.search.clear}
          onClick={() => {
            setTyped("");
            send("");
            input.current?.focus();
          }}
        >
          <X aria-hidden="true" />
        </button>
      ) : (
        <kbd>/</kbd>
      )}
    </search>
  );
}

/** The slash key goes to the search, as on many sites, unless somebody is typing. */
function useSlash(input: { readonly current: HTMLInputElement | null }) {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof Element &&
        event.target.closest("input,textarea,dialog,[role=dialog]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        input.current?.focus();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [input]);
}
