import * as Ariakit from "@ariakit/react";
import { Plus, X } from "lucide-react";
import { useMemo, useState } from "react";
import { knownTags } from "../library/files";
import { texts } from "../texts";

type Props = {
  tags: readonly string[];
  onChange: (tags: string[]) => void;
  onPick?: ((tag: string) => void) | undefined;
  readOnly?: boolean;
};

const SUGGESTIONS = 8;

/** Tags as chips, and a field that suggests those used elsewhere. */
export function TagInput({ tags, onChange, onPick, readOnly = false }: Props) {
  const [typed, setTyped] = useState("");
  const wanted = typed.trim();
  const found = useMemo(() => {
    const fits = (tag: string) => tag.toLowerCase().includes(wanted.toLowerCase());
    return knownTags()
      .filter((tag) => !tags.includes(tag) && fits(tag))
      .slice(0, SUGGESTIONS);
  }, [tags, wanted]);
  const add = (tag: string) => {
    setTyped("");
    const name = tag.trim();
    if (name && !tags.includes(name)) onChange([...tags, name]);
  };
  const remove = (tag: string) => onChange(tags.filter((one) => one !== tag));
  return (
    <div className="tag-input">
      {tags.map((tag) => (
        <span key={tag} className="tag">
          {onPick ? (
            <button type="button" className="tag-name" onClick={() => onPick(tag)}>
              {tag}
            </button>
          ) : (
            <span className="tag-name">{tag}</span>
          )}
          {!readOnly && (
            <button
              type="button"
              className="tag-remove"
              aria-label={texts.details.removeTag(tag)}
              onClick={() => remove(tag)}
            >
              <X aria-hidden="true" />
            </button>
          )}
        </span>
      ))}
      {!readOnly && (
        <Ariakit.ComboboxProvider
          value={typed}
          setValue={setTyped}
          selectedValue=""
          setSelectedValue={(value) => typeof value === "string" && add(value)}
          resetValueOnHide={false}
        >
          <Ariakit.Combobox
            className="tag-field"
            aria-label={texts.details.addTag}
            placeholder={texts.details.addTag}
            autoSelect={false}
            onBlur={(event) => {
              const into = event.relatedTarget;
              if (!(into instanceof Element && into.closest("[role=listbox]"))) add(typed);
            }}
            onKeyDown={(event) => {
              const free = event.currentTarget.getAttribute("aria-activedescendant") === null;
              if ((event.key === "Enter" || event.key === ",") && wanted && free) {
                event.preventDefault();
                add(wanted);
              }
              const last = tags.at(-1);
              if (event.key === "Backspace" && typed === "" && last) remove(last);
            }}
          />
          <Ariakit.ComboboxPopover
            className="menu"
            gutter={6}
            portal
            preserveTabOrder={false}
            unmountOnHide
            aria-label={texts.details.suggestions}
          >
            {wanted && !found.includes(wanted) && (
              <Ariakit.ComboboxItem className="menu-item" value={wanted} setValueOnClick={false}>
                <Plus aria-hidden="true" />
                {texts.details.createTag(wanted)}
              </Ariakit.ComboboxItem>
            )}
            {found.map((tag) => (
              <Ariakit.ComboboxItem
                key={tag}
                className="menu-item"
                value={tag}
                setValueOnClick={false}
              />
            ))}
            {!wanted && found.length === 0 && <p className="menu-empty">{texts.details.addTag}…</p>}
          </Ariakit.ComboboxPopover>
        </Ariakit.ComboboxProvider>
      )}
    </div>
  );
}
