import * as Ariakit from "@ariakit/react";
import { ArrowDownUp, Check, ChevronDown, Eye, Tag, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { texts } from "../texts";
import { VISIBILITIES } from "../ui/visibilities";
import { knownTags } from "./files";
import { isNarrowed, orderOf, SORTS, sortOf, TYPES, type View } from "./query";

type Props = {
  view: View;
  change: (change: Partial<View>, options?: { replace?: boolean }) => void;
  total: number | null;
};

/** What is shown, and in which order; all of it stands in the address. */
export function Filters({ view, change, total }: Props) {
  return (
    <section className="filters" aria-label={texts.filters.label}>
      <div className="chips">
        <TypeChip view={view} type={null} change={change} />
        {TYPES.map((type) => (
          <TypeChip key={type} view={view} type={type} change={change} />
        ))}
        <span className="chips-divider" aria-hidden="true" />
        {view.tags.map((tag) => (
          <button
            key={tag}
            type="button"
            className="chip chosen"
            aria-label={texts.filters.removeTag(tag)}
            onClick={() => change({ tags: view.tags.filter((one) => one !== tag) })}
          >
            <Tag aria-hidden="true" />
            {tag}
            <X aria-hidden="true" />
          </button>
        ))}
        <TagMenu view={view} change={change} />
        <WhoMenu view={view} change={change} />
      </div>
      <div className="filters-end">
        {isNarrowed(view) && (
          <button
            type="button"
            className="text-button"
            onClick={() => change({ name: "", type: null, tags: [], visibility: null })}
          >
            {texts.filters.clear}
          </button>
        )}
        <p className="total" role="status">
          {total === null ? "" : texts.grid.total(total)}
        </p>
        <SortMenu view={view} change={change} />
      </div>
    </section>
  );
}

type Part = Omit<Props, "total">;

function TypeChip({ view, type, change }: Part & { type: string | null }) {
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={view.type === type}
      onClick={() => change({ type })}
    >
      {texts.filters.types[type ?? "all"]}
    </button>
  );
}

function TagMenu({ view, change }: Part) {
  const [tags, setTags] = useState<string[]>([]);
  return (
    <Chooser
      icon={<Tag aria-hidden="true" />}
      label={texts.filters.tags}
      onOpen={() => setTags(knownTags())}
    >
      {tags.length === 0 && <p className="menu-empty">{texts.filters.noTags}</p>}
      {tags.map((tag) => {
        const chosen = view.tags.includes(tag);
        return (
          <Choice
            key={tag}
            chosen={chosen}
            kind="menuitemcheckbox"
            onChoose={() =>
              change({
                tags: chosen ? view.tags.filter((one) => one !== tag) : [...view.tags, tag],
              })
            }
          >
            {tag}
          </Choice>
        );
      })}
    </Chooser>
  );
}

function WhoMenu({ view, change }: Part) {
  const label =
    view.scope === "OWN" && view.visibility
      ? texts.details.visibilities[view.visibility]
      : texts.filters.scopes[view.scope];
  const own = view.scope === "OWN";
  return (
    <Chooser
      icon={<Eye aria-hidden="true" />}
      label={label}
      name={`${texts.filters.who}: ${label}`}
    >
      <Choice
        chosen={own && view.visibility === null}
        onChoose={() => change({ scope: "OWN", visibility: null })}
      >
        {texts.filters.scopes.OWN}
      </Choice>
      {VISIBILITIES.map((one) => (
        <Choice
          key={one}
          chosen={own && view.visibility === one}
          onChoose={() => change({ scope: "OWN", visibility: one })}
        >
          {texts.filters.scopes.OWN}: {texts.details.visibilities[one]}
        </Choice>
      ))}
      <Ariakit.MenuSeparator className="menu-separator" />
      {(["SHARED_WITH_ME", "SHARED"] as const).map((scope) => (
        <Choice
          key={scope}
          chosen={view.scope === scope}
          onChoose={() => change({ scope, visibility: null })}
        >
          {texts.filters.scopes[scope]}
        </Choice>
      ))}
    </Chooser>
  );
}

function SortMenu({ view, change }: Part) {
  const sort = sortOf(view.order);
  const label = texts.filters.sorts[sort] ?? "";
  return (
    <Chooser
      icon={<ArrowDownUp aria-hidden="true" />}
      label={label}
      name={`${texts.filters.sort}: ${label}`}
      end
    >
      {SORTS.map((one) => (
        <Choice key={one} chosen={one === sort} onChoose={() => change({ order: orderOf(one) })}>
          {texts.filters.sorts[one]}
        </Choice>
      ))}
    </Chooser>
  );
}

type ChooserProps = {
  icon: ReactNode;
  label: string;
  name?: string;
  end?: boolean;
  onOpen?: () => void;
  children: ReactNode;
};

function Chooser({ icon, label, name, end, onOpen, children }: ChooserProps) {
  return (
    <Ariakit.MenuProvider
      placement={end ? "bottom-end" : "bottom-start"}
      setOpen={(open) => open && onOpen?.()}
    >
      <Ariakit.MenuButton className="chip chooser" aria-label={name ?? label}>
        {icon}
        <span>{label}</span>
        <ChevronDown aria-hidden="true" />
      </Ariakit.MenuButton>
      <Ariakit.Menu className="menu" gutter={6} portal preserveTabOrder={false} unmountOnHide>
        {children}
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  );
}

type ChoiceProps = {
  chosen: boolean;
  kind?: "menuitemradio" | "menuitemcheckbox";
  onChoose: () => void;
  children: ReactNode;
};

function Choice({ chosen, kind = "menuitemradio", onChoose, children }: ChoiceProps) {
  return (
    <Ariakit.MenuItem className="menu-item" role={kind} aria-checked={chosen} onClick={onChoose}>
      <span>{children}</span>
      {chosen && <Check aria-hidden="true" className="menu-check" />}
    </Ariakit.MenuItem>
  );
}
