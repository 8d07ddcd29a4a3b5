import { UpdateDocument } from "../api/documents";
import { inWords, isPassing } from "../api/errors";
import { execute } from "../api/graphql";
import { noRetry, retryLater } from "../api/retry";
import { session } from "../api/session";
import { beforeSignOut, onSessionEnd } from "../api/sessionEnd";
import type { UpdateFileInput } from "../generated/graphql";
import { texts } from "../texts";
import { createStore } from "../ui/store";
import { showToast } from "../ui/toasts";
import { replaceFile } from "./files";
import { parseView } from "./query";

/** Changes of one file: what the server has not confirmed, and how saving it goes. */
export type Edit = {
  unsaved: UpdateFileInput;
  state: "waiting" | "saving" | "saved" | "failed";
  reason: string | null;
};

type Field = keyof UpdateFileInput;
type Kept = { account: string; files: [string, UpdateFileInput][] };

const NOTHING: Edit = { unsaved: {}, state: "saved", reason: null };
const PAUSE_MILLISECONDS = 800;
const KEPT = "media.edits";

/** The edits of this session by file; they outlive the view in which somebody typed them. */
export const edits = createStore<Readonly<Record<string, Edit>>>({});

const timers = new Map<string, ReturnType<typeof setTimeout>>();
const saves = new Map<string, Promise<void>>();

/** Change a file now in the page, and on the server after a pause in typing. */
export function editFile(id: string, input: UpdateFileInput): void {
  const unsaved = { ...editOf(id).unsaved, ...input };
  put(id, { unsaved, state: "waiting", reason: null });
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => saveFile(id), PAUSE_MILLISECONDS),
  );
}

/** Save what is unsaved of a file now: one request at a time, so that answers keep their order. */
export function saveFile(id: string): Promise<void> {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const save = (saves.get(id) ?? Promise.resolve()).then(() => send(id));
  saves.set(id, save);
  return save;
}

/** Forget that a file was saved; what is unsaved stays. */
export function forgetSaved(id: string): void {
  const { [id]: edit, ...others } = edits.get();
  if (edit && isEmpty(edit.unsaved)) edits.set(others);
}

/** Take up what the page before this one in the same tab could not save. */
export function restoreEdits(account: string): void {
  const kept: Kept | null = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  if (kept?.account === account) {
    for (const [id, unsaved] of kept.files) editFile(id, unsaved);
  }
}

/** Send each field by itself: one that is refused keeps no other from being saved. */
async function send(id: string): Promise<void> {
  const fields = Object.keys(editOf(id).unsaved) as Field[];
  if (fields.length === 0) return;
  put(id, { state: "saving", reason: null });
  let failure: unknown = null;
  for (const field of fields) {
    try {
      await sendField(id, field);
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== null) {
    fail(id, failure);
  } else {
    noRetry(id);
    put(id, { state: isEmpty(editOf(id).unsaved) ? "saved" : "waiting" });
  }
}

async function sendField(id: string, field: Field): Promise<void> {
  const value = editOf(id).unsaved[field];
  const { update } = await execute(UpdateDocument, { id, input: { [field]: value } });
  replaceFile(update);
  const { [field]: now, ...others } = editOf(id).unsaved;
  if (now === value) put(id, { unsaved: others });
}

function fail(id: string, error: unknown): void {
  put(id, { state: "failed", reason: inWords(error) });
  if (isPassing(error)) {
    retryLater(id, () => void saveFile(id), { seconds: error.retryAfter, inBackground: true });
  } else if (parseView(window.location.search).file !== id) {
    showToast({ text: texts.details.unsaved(inWords(error)), tone: "error" });
  }
}

/** Send what is unsaved as the page goes; whether it arrives, only the next page can see. */
function saveOnLeaving(): void {
  for (const [id, input] of unsavedFiles()) {
    void execute(UpdateDocument, { id, input }, { keepalive: true }).catch(() => null);
  }
}

window.addEventListener("pagehide", saveOnLeaving);

/** Keep what is unsaved where a reload of this tab finds it. */
function keepUnsaved(): void {
  const current = session.get();
  const files = unsavedFiles();
  if (current.status === "signed-in" && files.length > 0) {
    const kept: Kept = { account: current.account, files };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } else {
    sessionStorage.removeItem(KEPT);
  }
}

edits.subscribe(keepUnsaved);

function unsavedFiles(): Kept["files"] {
  return Object.entries(edits.get()).flatMap(([id, { unsaved }]): Kept["files"] =>
    isEmpty(unsaved) ? [] : [[id, unsaved]],
  );
}

beforeSignOut(() => Promise.all(Object.keys(edits.get()).map(saveFile)));

onSessionEnd(() => {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  saves.clear();
});

function editOf(id: string): Edit {
  return edits.get()[id] ?? NOTHING;
}

function put(id: string, part: Partial<Edit>): void {
  edits.update((now) => ({ ...now, [id]: { ...editOf(id), ...part } }));
}

function isEmpty(input: UpdateFileInput): boolean {
  return Object.keys(input).length === 0;
}
