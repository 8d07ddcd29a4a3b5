import * as Ariakit from "@ariakit/react";
import { ChevronDown, FolderUp, Upload } from "lucide-react";
import { texts } from "../texts";
import { chooseFiles, chooseFolder } from "./choose";

/** The button that opens the dialog for files, and beside it the one for folders. */
export function UploadMenu() {
  return (
    <div className="split-button">
      <button type="button" className="button primary" onClick={chooseFiles}>
        <Upload aria-hidden="true" />
        <span>{texts.upload.button}</span>
      </button>
      <Ariakit.MenuProvider placement="bottom-end">
        <Ariakit.MenuButton
          className="button primary split folder-only"
          aria-label={texts.upload.folder}
        >
          <ChevronDown aria-hidden="true" />
        </Ariakit.MenuButton>
        <Ariakit.Menu className="menu" gutter={6} portal preserveTabOrder={false} unmountOnHide>
          <Ariakit.MenuItem className="menu-item" onClick={chooseFiles}>
            <Upload aria-hidden="true" />
            {texts.upload.files}
          </Ariakit.MenuItem>
          <Ariakit.MenuItem className="menu-item" onClick={chooseFolder}>
            <FolderUp aria-hidden="true" />
            {texts.upload.folder}
          </Ariakit.MenuItem>
        </Ariakit.Menu>
      </Ariakit.MenuProvider>
    </div>
  );
}
