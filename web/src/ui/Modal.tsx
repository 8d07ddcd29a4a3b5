import * as Ariakit from "@ariakit/react";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { texts } from "../texts";
import { Toasts } from "./toasts";

type Props = {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
};

/** A small dialog in the middle of the page. */
export function Modal({ title, open, onClose, children }: Props) {
  return (
    <Ariakit.Dialog
      open={open}
      onClose={onClose}
      backdrop={<div className="backdrop" />}
      className="modal"
      unmountOnHide
      portal
    >
      <header>
        <Ariakit.DialogHeading>{title}</Ariakit.DialogHeading>
        <Ariakit.DialogDismiss className="icon-button small" aria-label={texts.viewer.close}>
          <X aria-hidden="true" />
        </Ariakit.DialogDismiss>
      </header>
      {children}
      <Toasts />
    </Ariakit.Dialog>
  );
}
