import * as Ariakit from "@ariakit/react";
import { Eye, Tag, Trash2, X } from "lucide-react";
import { useState } from "react";
import type { Visibility } from "../generated/graphql";
import { texts } from "../texts";
import { Modal } from "../ui/Modal";
import { useStore } from "../ui/store";
import { TagInput } from "../ui/TagInput";
import { VISIBILITIES, VISIBILITY_MARKS } from "../ui/visibilities";
import { addTags, setVisibility } from "./bulk";
import { deleteFiles } from "./deletion";
import type { FileCard } from "./files";
import { clearSelection, selectAll, selection } from "./selection";

/** What can be done with all selected files at once. */
export function SelectionBar({ files }: { files: readonly FileCard[] }) {
  const { ids } = useStore(selection);
  const [tagging, setTagging] = useState(false);
  if (ids.size === 0) {
    return null;
  }
  const remove = () => {
    deleteFiles([...ids]);
    clearSelection();
  };
  return (
    <section className="selection-bar" aria-label={texts.selection.label}>
      <button
        type="button"
        className="icon-button"
        aria-label={texts.selection.clear}
        onClick={clearSelection}
      >
        <X aria-hidden="true" />
      </button>
      <strong role="status">{texts.selection.count(ids.size)}</strong>
      <button
        type="button"
        className="text-button"
        onClick={() => selectAll(files.map((file) => file.id))}
      >
        {texts.selection.all}
      </button>
      <button type="button" className="button" onClick={() => setTagging(true)}>
        <Tag aria-hidden="true" />
        <span>{texts.selection.tag}</span>
      </button>
      <VisibilityMenu
        onChoose={(visibility) => {
          void setVisibility([...ids], visibility);
          clearSelection();
        }}
      />
      <button type="button" className="button danger" onClick={remove}>
        <Trash2 aria-hidden="true" />
        <span>{texts.selection.delete}</span>
      </button>
      <TagDialog open={tagging} ids={[...ids]} onClose={() => setTagging(false)} />
    </section>
  );
}

function VisibilityMenu({ onChoose }: { onChoose: (visibility: Visibility) => void }) {
  return (
    <Ariakit.MenuProvider placement="top">
      <Ariakit.MenuButton className="button">
        <Eye aria-hidden="true" />
        <span>{texts.selection.visibility}</span>
      </Ariakit.MenuButton>
      <Ariakit.Menu className="menu" gutter={10} portal preserveTabOrder={false} unmountOnHide>
        {VISIBILITIES.map((one) => {
          const Mark = VISIBILITY_MARKS[one];
          return (
            <Ariakit.MenuItem key={one} className="menu-item" onClick={() => onChoose(one)}>
              <Mark aria-hidden="true" />
              {texts.details.visibilities[one]}
            </Ariakit.MenuItem>
          );
        })}
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  );
}

type DialogProps = { open: boolean; ids: readonly string[]; onClose: () => void };

function TagDialog({ open, ids, onClose }: DialogProps) {
  const [tags, setTags] = useState<string[]>([]);
  const close = () => {
    setTags([]);
    onClose();
  };
  const apply = () => {
    void addTags(ids, tags);
    close();
    clearSelection();
  };
  return (
    <Modal title={texts.selection.tagTitle(ids.length)} open={open} onClose={close}>
      <TagInput tags={tags} onChange={setTags} />
      <footer>
        <button type="button" className="button" onClick={close}>
          {texts.selection.cancel}
        </button>
        <button
          type="button"
          className="button primary"
          disabled={tags.length === 0}
          onClick={apply}
        >
          {texts.selection.apply}
        </button>
      </footer>
    </Modal>
  );
}
