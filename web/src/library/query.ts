import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { navigate as goTo } from "wouter/use-browser-location";
import { onSessionEnd } from "../api/sessionEnd";
import type { FileFilter, FileOrder, FileScope, Visibility } from "../generated/graphql";
import { VISIBILITIES } from "../ui/visibilities";

/** What the address says is shown; the address is the only place that holds it. */
export type View = {
  name: string;
  type: string | null;
  tags: string[];
  visibility: Visibility | null;
  scope: FileScope;
  order: FileOrder;
  file: string | null;
};

/** The families that the server knows; every file is in one of them. */
export const TYPES = ["image", "video", "audio", "document", "text", "archive", "other"] as const;

/** What links from earlier versions may still ask for. */
const OLD_TYPES: Record<string, (typeof TYPES)[number]> = { "application/pdf": "document" };

const SCOPES: Record<string, FileScope> = { "with-me": "SHARED_WITH_ME", everyone: "SHARED" };

const ORDERS: Record<string, FileOrder> = {
  newest: "CREATED_AT_DESC",
  oldest: "CREATED_AT_ASC",
  changed: "UPDATED_AT_DESC",
  name: "FILENAME_ASC",
  "name-desc": "FILENAME_DESC",
  largest: "SIZE_DESC",
  smallest: "SIZE_ASC",
};
export const SORTS = Object.keys(ORDERS);

export function sortOf(order: FileOrder): string {
  return SORTS.find((sort) => ORDERS[sort] === order) ?? "newest";
}

export function orderOf(sort: string): FileOrder {
  return ORDERS[sort] ?? "CREATED_AT_DESC";
}

export function parseView(search: string): View {
  const given = new URLSearchParams(search);
  const asked = given.get("type") ?? "";
  const type = OLD_TYPES[asked] ?? asked;
  const visibility = given.get("visibility")?.toUpperCase();
  return {
    name: given.get("q") ?? "",
    type: TYPES.find((one) => one === type) ?? null,
    tags: given.getAll("tag"),
    visibility: VISIBILITIES.find((one) => one === visibility) ?? null,
    scope: SCOPES[given.get("scope") ?? ""] ?? "OWN",
    order: orderOf(given.get("sort") ?? ""),
    file: given.get("file"),
  };
}

export function formatView(view: View): string {
  const params = new URLSearchParams();
  if (view.name) params.set("q", view.name);
  if (view.type) params.set("type", view.type);
  for (const tag of view.tags) params.append("tag", tag);
  if (view.visibility) params.set("visibility", view.visibility.toLowerCase());
  const scope = Object.keys(SCOPES).find((one) => SCOPES[one] === view.scope);
  if (scope) params.set("scope", scope);
  if (sortOf(view.order) !== "newest") params.set("sort", sortOf(view.order));
  if (view.file) params.set("file", view.file);
  const text = params.toString();
  return text ? `/?${text}` : "/";
}

export function filterOf(view: View): FileFilter {
  return {
    scope: view.scope,
    ...(view.name && { name: view.name }),
    ...(view.type && { mimeType: view.type }),
    ...(view.tags.length > 0 && { tags: view.tags }),
    ...(view.visibility && { visibility: view.visibility }),
  };
}

export function isNarrowed(view: View): boolean {
  return Boolean(view.name || view.type || view.tags.length || view.visibility);
}

type Change = (change: Partial<View>, options?: { replace?: boolean }) => void;

// The open file and the filters are of the account that has left.
onSessionEnd(() => goTo("/", { replace: true }));

/** Return the view and a way to change it; ``replace`` leaves no step to go back to. */
export function useView(): [View, Change] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const view = useMemo(() => parseView(search), [search]);
  const change = useMemo<Change>(
    () => (part, options) => {
      const now = parseView(window.location.search);
      navigate(formatView({ ...now, ...part }), { replace: options?.replace ?? false });
    },
    [navigate],
  );
  return [view, change];
}
