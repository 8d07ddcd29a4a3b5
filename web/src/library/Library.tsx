import { Suspense, useCallback, useEffect, useRef, useState } from "react";
import { ApiError, inWords, OFFLINE } from "../api/errors";
import { serverIsAway } from "../api/retry";
import { texts } from "../texts";
import { lazily } from "../ui/lazily";
import { useStore } from "../ui/store";
import { DropTarget } from "../uploads/DropTarget";
import { UploadPanel } from "../uploads/UploadPanel";
import { BulkStatus } from "./BulkStatus";
import { takeUpDeletions } from "./deletion";
import { Empty } from "./Empty";
import { restoreEdits } from "./edits";
import { Filters } from "./Filters";
import { useFiles, useViewer } from "./files";
import { Grid } from "./Grid";
import { useView } from "./query";
import { SelectionBar } from "./SelectionBar";
import { clearSelection } from "./selection";
import { TopBar } from "./TopBar";

const Viewer = lazily(() => import("../viewer/Viewer"));

/** Everything that a signed-in person sees. */
export function Library({ account }: { account: string }) {
  const [view, change] = useView();
  const { data: viewer } = useViewer();
  const list = useFiles(view);
  const opened = useRef(false);
  const open = useCallback(
    (id: string) => {
      opened.current = true;
      change({ file: id });
    },
    [change],
  );
  const close = useCallback(() => {
    if (opened.current) window.history.back();
    else change({ file: null }, { replace: true });
    opened.current = false;
  }, [change]);
  const { fetchNextPage, isFetching, isError } = list;
  const more = useCallback(() => {
    if (!isFetching && !isError) void fetchNextPage();
  }, [fetchNextPage, isFetching, isError]);
  useEffect(() => clearSelection, []);
  useEffect(() => {
    takeUpDeletions(account);
    restoreEdits(account);
  }, [account]);
  const away = useStore(serverIsAway);
  const failed = list.isError || (list.isPending && away);
  const viewing = useLasting(view.file);

  return (
    <>
      <a className="skip" href="#files">
        {texts.skip}
      </a>
      <TopBar viewer={viewer} view={view} change={change} />
      <main id="files" tabIndex={-1}>
        <h1 className="visually-hidden">{texts.product}</h1>
        <Filters view={view} change={change} total={list.data ? list.total : null} />
        <p id="grid-hint" className="visually-hidden">
          {texts.grid.hint}
        </p>
        {list.isPending && !failed && <Skeleton />}
        {failed && list.files.length === 0 && (
          <section className="notice" role="alert">
            <h2>{texts.grid.failed}</h2>
            <p>{inWords(list.error ?? new ApiError(OFFLINE, ""))}</p>
            <button type="button" className="button" onClick={() => void list.refetch()}>
              {texts.grid.again}
            </button>
          </section>
        )}
        {list.isSuccess && list.files.length === 0 && !list.isPlaceholderData && (
          <Empty view={view} change={change} limit={viewer?.maxUploadBytes} />
        )}
        {list.files.length > 0 && (
          <Grid
            files={list.files}
            total={list.total}
            complete={!list.hasNextPage}
            ofOthers={view.scope !== "OWN"}
            onMore={more}
            onOpen={open}
          />
        )}
        {list.isFetchingNextPage && (
          <p className="loading-more" role="status">
            {texts.grid.more}
          </p>
        )}
      </main>
      <SelectionBar files={list.files} />
      <BulkStatus />
      <UploadPanel />
      <DropTarget />
      <Suspense>
        {viewing && (
          <Viewer
            id={view.file}
            files={list.files}
            viewerId={viewer?.id ?? null}
            onClose={close}
            onShow={(id) => change({ file: id }, { replace: true })}
            onTag={(tag) => change({ tags: [tag], file: null })}
          />
        )}
      </Suspense>
    </>
  );
}

/** Tell whether a file has been opened on this page: the viewer stays to close with grace. */
function useLasting(file: string | null): boolean {
  const [seen, setSeen] = useState(file !== null);
  useEffect(() => {
    if (file !== null) setSeen(true);
  }, [file]);
  return seen;
}

const SHAPES = [1.5, 0.8, 1.3, 1, 1.6, 1.2, 0.7, 1.4, 0.9, 1.1];

function Skeleton() {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{texts.grid.loading}</span>
      {SHAPES.map((shape) => (
        <span key={shape} style={{ aspectRatio: shape, flexGrow: shape }} />
      ))}
    </div>
  );
}
