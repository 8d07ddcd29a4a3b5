import { FolderUp, ImagePlus, SearchX, Upload, Users } from "lucide-react";
import { texts } from "../texts";
import { formatBytes } from "../ui/format";
import { chooseFiles, chooseFolder } from "../uploads/choose";
import { isNarrowed, type View } from "./query";

type Props = {
  view: View;
  change: (change: Partial<View>) => void;
  limit: number | undefined;
};

/** What to do where there is nothing to see. */
export function Empty({ view, change, limit }: Props) {
  if (isNarrowed(view)) {
    return (
      <section className="notice">
        <SearchX aria-hidden="true" strokeWidth={1.3} />
        <h2>{texts.empty.nothing}</h2>
        <p>{texts.empty.nothingLead}</p>
        <button
          type="button"
          className="button"
          onClick={() => change({ name: "", type: null, tags: [], visibility: null })}
        >
          {texts.filters.clear}
        </button>
      </section>
    );
  }
  if (view.scope !== "OWN") {
    return (
      <section className="notice">
        <Users aria-hidden="true" strokeWidth={1.3} />
        <h2>{texts.empty.sharedTitle}</h2>
        <p>{texts.empty.sharedLead}</p>
      </section>
    );
  }
  return (
    <section className="notice welcome">
      <ImagePlus aria-hidden="true" strokeWidth={1.3} />
      <h2>{texts.empty.title}</h2>
      <p>{texts.empty.lead}</p>
      <div className="notice-actions">
        <button type="button" className="button primary large" onClick={chooseFiles}>
          <Upload aria-hidden="true" />
          {texts.upload.choose}
        </button>
        <button type="button" className="button large folder-only" onClick={chooseFolder}>
          <FolderUp aria-hidden="true" />
          {texts.upload.chooseFolder}
        </button>
      </div>
      {limit !== undefined && <p className="hint">{texts.empty.limit(formatBytes(limit))}</p>}
    </section>
  );
}
