import type { ChosenFiles } from "./chosenFiles";
import type { FileVariable } from "./fileVariables";

/** An operation as GraphQL over HTTP sends it. */
export type Operation = {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
};

/** Return the files that go out with an operation, by their paths in it. */
export function filesByPath(
  variables: readonly FileVariable[],
  chosen: ChosenFiles,
): Map<string, File> {
  const found = new Map<string, File>();
  for (const { name, list } of variables) {
    (chosen[name] ?? []).forEach((file, index) => {
      found.set(list ? `variables.${name}.${index}` : `variables.${name}`, file);
    });
  }
  return found;
}

/**
 * Return an operation with its files as a form, by the GraphQL multipart request specification:
 * null stands in the operation where a file belongs, the map says which, and the files come last.
 */
export function multipartForm(
  operation: Operation,
  variables: readonly FileVariable[],
  chosen: ChosenFiles,
): FormData {
  const files = [...filesByPath(variables, chosen)];
  const nulls = Object.fromEntries(
    variables
      .filter(({ name }) => chosen[name]?.length)
      .map(({ name, list }) => [name, list ? (chosen[name] ?? []).map(() => null) : null]),
  );
  const operations = { ...operation, variables: { ...operation.variables, ...nulls } };
  const form = new FormData();
  form.append("operations", JSON.stringify(operations));
  form.append("map", JSON.stringify(Object.fromEntries(files.map(([path], n) => [n, [path]]))));
  files.forEach(([, file], n) => {
    form.append(String(n), file, file.name);
  });
  return form;
}
