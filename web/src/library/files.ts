import {
  type InfiniteData,
  type Query,
  QueryCache,
  QueryClient,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { FileDocument, FilesDocument, ViewerDocument } from "../api/documents";
import { ApiError, isPassing } from "../api/errors";
import { execute } from "../api/graphql";
import { noRetry, retryLater } from "../api/retry";
import { onSessionEnd } from "../api/sessionEnd";
import type { FileCardFragment, FileQuery, FilesQuery } from "../generated/graphql";
import { useStore } from "../ui/store";
import { hidden } from "./deletion";
import { filterOf, type View } from "./query";

export type FileCard = FileCardFragment;
export type FileDetails = NonNullable<FileQuery["file"]>;

type Page = FilesQuery["files"];
type Pages = InfiniteData<Page, string | null>;

const PAGE = 100;
const KEPT_PAGES = 3;

/** What the server has told this session; failures for a passing reason are tried again by themselves. */
export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: retryQuery,
    onSuccess: (_, { queryHash }) => noRetry(queryHash),
  }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: false,
      networkMode: "always",
      refetchOnReconnect: false,
      refetchOnWindowFocus: false,
    },
  },
});

function retryQuery(error: Error, { queryHash, queryKey }: Query<unknown, unknown, unknown>): void {
  if (!isPassing(error)) return;
  const refetch = () => void queries.refetchQueries({ queryKey, exact: true, type: "active" });
  retryLater(queryHash, refetch, { seconds: error.retryAfter });
}

onSessionEnd(() => queries.clear());

export function useViewer() {
  return useQuery({
    queryKey: ["viewer"],
    queryFn: async () => (await execute(ViewerDocument, {})).viewer,
  });
}

/** Return the files of a view as far as they are loaded, without those about to be deleted. */
export function useFiles(view: View) {
  const filter = filterOf(view);
  const query = useInfiniteQuery({
    queryKey: ["files", view.order, filter],
    queryFn: async ({ pageParam, signal }) => {
      const variables = { first: PAGE, after: pageParam, orderBy: view.order, filter };
      return (await execute(FilesDocument, variables, { signal })).files;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null),
    placeholderData: (previous) => previous,
  });
  const gone = useStore(hidden);
  const files = useMemo(() => {
    const seen = new Set<string>();
    return (query.data?.pages ?? [])
      .flatMap((page) => page.nodes)
      .filter((file) => !gone.has(file.id) && !seen.has(file.id) && seen.add(file.id));
  }, [query.data, gone]);
  const total = Math.max((query.data?.pages[0]?.totalCount ?? 0) - gone.size, files.length);
  return { ...query, files, total };
}

export function useFile(id: string) {
  return useQuery({ queryKey: ["file", id], queryFn: () => fileDetails(id) });
}

async function fileDetails(id: string): Promise<FileDetails> {
  const { file } = await execute(FileDocument, { id });
  if (!file) {
    throw new ApiError("NOT_FOUND", "");
  }
  return file;
}

/** Show what is known of a file anew, wherever it is shown. */
export function replaceFile(file: Partial<FileCard> & { id: string }): void {
  eachList((page) => ({
    ...page,
    nodes: page.nodes.map((one) => (one.id === file.id ? { ...one, ...file } : one)),
  }));
  queries.setQueryData<FileDetails>(["file", file.id], (old) => old && { ...old, ...file });
}

/** Show a change of many files in every list. */
export function changeFiles(ids: ReadonlySet<string>, change: (file: FileCard) => FileCard): void {
  eachList((page) => ({
    ...page,
    nodes: page.nodes.map((one) => (ids.has(one.id) ? change(one) : one)),
  }));
}

/** Take deleted files out of every list. */
export function removeFiles(ids: ReadonlySet<string>): void {
  eachList((page) => ({
    ...page,
    nodes: page.nodes.filter((one) => !ids.has(one.id)),
    totalCount: Math.max(page.totalCount - ids.size, 0),
  }));
  void queries.invalidateQueries({ queryKey: ["viewer"] });
}

/** Ask again what there is; of long lists only the beginning, the rest as it is scrolled to. */
export async function refreshFiles(): Promise<void> {
  queries.setQueriesData<Pages>({ queryKey: ["files"] }, (old) =>
    old && old.pages.length > KEPT_PAGES
      ? { pages: old.pages.slice(0, KEPT_PAGES), pageParams: old.pageParams.slice(0, KEPT_PAGES) }
      : old,
  );
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["files"] }),
    queries.invalidateQueries({ queryKey: ["viewer"] }),
  ]);
}

/** Return every file of the lists that have been seen. */
export function knownFiles(): FileCard[] {
  return queries
    .getQueriesData<Pages>({ queryKey: ["files"] })
    .flatMap(([, list]) => list?.pages.flatMap((page) => page.nodes) ?? []);
}

/** Return every tag that has been seen, the most frequent first. */
export function knownTags(): string[] {
  const counts = new Map<string, number>();
  for (const tag of knownFiles().flatMap((file) => file.tags)) {
    counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([tag]) => tag);
}

function eachList(change: (page: Page) => Page): void {
  queries.setQueriesData<Pages>(
    { queryKey: ["files"] },
    (old) => old && { ...old, pages: old.pages.map(change) },
  );
}
