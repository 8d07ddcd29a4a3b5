import { tokenOfCaller } from "./caller";
import index from "./examples/index.json";

/** An operation of the schema that is ready to run. */
export type Example = {
  name: string;
  title: string;
  about: string;
  query: string;
  mutates: boolean;
  variables: unknown;
};

const documents = import.meta.glob<string>("./examples/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const examples: readonly Example[] = index.map(({ variables = null, ...example }) => {
  const query = documents[`./examples/${example.name}.graphql`] ?? "";
  return { ...example, query, variables, mutates: query.startsWith("mutation") };
});

/** What stands in an example's variables for the id of a file of the caller's. */
const FILE = "{file}";
/** The same, of a file that the upload example has made: nothing else is changed or deleted. */
const EXAMPLE = "{example}";

export type Missing = "session" | "file" | "example";

/**
 * Return an example's variables as text, with the ids of the caller's newest files, and what was
 * missing for that.
 */
export async function filledVariables(
  example: Example,
): Promise<{ text: string; missing: Missing | null }> {
  const text = example.variables === null ? "" : JSON.stringify(example.variables, null, 2);
  if (!text.includes(FILE) && !text.includes(EXAMPLE)) {
    return { text, missing: null };
  }
  const token = await tokenOfCaller();
  if (token === null) {
    return { text, missing: "session" };
  }
  const { file, example: made } = await newestFiles(token);
  const filled = text.replaceAll(FILE, file ?? FILE).replaceAll(EXAMPLE, made ?? EXAMPLE);
  const missing = filled.includes(FILE) ? "file" : filled.includes(EXAMPLE) ? "example" : null;
  return { text: filled, missing };
}

const NEWEST = `query NewestFiles {
  file: files(first: 1) { nodes { id } }
  example: files(first: 1, filter: { tags: ["example"] }) { nodes { id } }
}`;

async function newestFiles(token: string): Promise<Record<"file" | "example", string | undefined>> {
  const answer = await fetch("/graphql", {
    method: "POST",
    body: JSON.stringify({ query: NEWEST }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  type Page = { nodes: { id: string }[] };
  const { data } = (await answer.json()) as { data?: Record<"file" | "example", Page> };
  return { file: data?.file.nodes[0]?.id, example: data?.example.nodes[0]?.id };
}
