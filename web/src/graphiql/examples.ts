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

export type Missing = "session" | "file" | "example" | "key";

type Data = {
  files: { nodes: { id: string }[] };
  apiKeys: { id: string; name: string }[];
};

/**
 * What stands in the variables of examples for an id, and how it is found. Only what other examples
 * have made is changed or deleted: running one by mistake costs nobody a file.
 */
const IDS: {
  mark: string;
  query: string;
  find: (data: Data) => string | undefined;
  missing: Missing;
}[] = [
  {
    mark: "{file}",
    query: "{ files(first: 1) { nodes { id } } }",
    find: ({ files }) => files.nodes[0]?.id,
    missing: "file",
  },
  {
    mark: "{example}",
    query: '{ files(first: 1, filter: { tags: ["example"] }) { nodes { id } } }',
    find: ({ files }) => files.nodes[0]?.id,
    missing: "example",
  },
  {
    mark: "{exampleKey}",
    query: "{ apiKeys { id name } }",
    find: ({ apiKeys }) => apiKeys.findLast(({ name }) => name === "example")?.id,
    missing: "key",
  },
];

/** Return an example's variables as text, with ids of the caller's, and what was missing for that. */
export async function filledVariables(
  example: Example,
): Promise<{ text: string; missing: Missing | null }> {
  const text = example.variables === null ? "" : JSON.stringify(example.variables, null, 2);
  const wanted = IDS.find(({ mark }) => text.includes(mark));
  if (!wanted) {
    return { text, missing: null };
  }
  const token = await tokenOfCaller();
  if (token === null) {
    return { text, missing: "session" };
  }
  const data = await ask(wanted.query, token);
  const id = data && wanted.find(data);
  return id
    ? { text: text.replaceAll(wanted.mark, id), missing: null }
    : { text, missing: wanted.missing };
}

async function ask(query: string, token: string): Promise<Data | null> {
  const answer = await fetch("/graphql", {
    method: "POST",
    body: JSON.stringify({ query }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  return ((await answer.json()) as { data: Data | null }).data;
}
