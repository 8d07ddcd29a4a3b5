import * as Ariakit from "@ariakit/react";
import { Check, ChevronDown } from "lucide-react";
import type { Visibility } from "../generated/graphql";
import { texts } from "../texts";
import { VISIBILITIES, VISIBILITY_MARKS } from "./visibilities";

type Props = {
  value: Visibility;
  onChange: (value: Visibility) => void;
  /** What PRIVATE means for this file. */
  nobodyElse: string;
  disabled?: boolean;
};

/** Who can see a file, as a list of three. */
export function VisibilitySelect({ value, onChange, nobodyElse, disabled = false }: Props) {
  const Icon = VISIBILITY_MARKS[value];
  const labels = { ...texts.details.visibilities, PRIVATE: nobodyElse };
  return (
    <Ariakit.SelectProvider value={value} setValue={(next: string) => onChange(next as Visibility)}>
      <Ariakit.SelectLabel className="field-label">{texts.details.visibility}</Ariakit.SelectLabel>
      <Ariakit.Select className="select" disabled={disabled}>
        <Icon aria-hidden="true" />
        <span>{labels[value]}</span>
        <ChevronDown aria-hidden="true" />
      </Ariakit.Select>
      <Ariakit.SelectPopover
        className="menu"
        gutter={6}
        sameWidth
        portal
        preserveTabOrder={false}
        unmountOnHide
      >
        {VISIBILITIES.map((one) => {
          const Mark = VISIBILITY_MARKS[one];
          return (
            <Ariakit.SelectItem key={one} value={one} className="menu-item">
              <Mark aria-hidden="true" />
              <span>{labels[one]}</span>
              {one === value && <Check aria-hidden="true" className="menu-check" />}
            </Ariakit.SelectItem>
          );
        })}
      </Ariakit.SelectPopover>
    </Ariakit.SelectProvider>
  );
}
