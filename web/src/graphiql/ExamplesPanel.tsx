import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { ListTree } from "lucide-react";
import { useState } from "react";
import { type Example, examples, filledVariables, type Missing } from "./examples";
import { isNarrow } from "./layout";
import { texts } from "./texts";

const NOTICES: Record<Missing, string> = {
  session: texts.needsSession,
  file: texts.needsFile,
  example: texts.needsExample,
  key: texts.needsKey,
};

/** The examples as a panel beside the documentation. */
export const examplesPlugin = {
  title: texts.examples,
  icon: () => <ListTree aria-hidden />,
  content: ExamplesPanel,
};

function ExamplesPanel() {
  const [opened, setOpened] = useState<{ name: string; missing: Missing | null } | null>(null);
  const open = useOpening();
  const item = (example: Example) => (
    <li key={example.name}>
      <button
        type="button"
        aria-current={opened?.name === example.name}
        onClick={async () => setOpened({ name: example.name, missing: await open(example) })}
      >
        <strong>{example.title}</strong>
        <span>{example.about}</span>
      </button>
      {opened?.name === example.name && opened.missing && (
        <p role="status" className="notice">
          {NOTICES[opened.missing]}
        </p>
      )}
    </li>
  );
  return (
    <section className="examples-panel" aria-label={texts.examples}>
      <h2>{texts.examples}</h2>
      <p className="quiet">{texts.examplesLead}</p>
      <h3>{texts.queries}</h3>
      <ul>{examples.filter(({ mutates }) => !mutates).map(item)}</ul>
      <h3>{texts.mutations}</h3>
      <ul>{examples.filter(({ mutates }) => mutates).map(item)}</ul>
    </section>
  );
}

/** Return what opens an example: in the tab at hand if that holds nothing of one's own. */
function useOpening(): (example: Example) => Promise<Missing | null> {
  const { addTab, setVisiblePlugin } = useGraphiQLActions();
  const query = useGraphiQL((state) => state.queryEditor);
  const variables = useGraphiQL((state) => state.variableEditor);
  return async (example) => {
    const { text, missing } = await filledVariables(example);
    const now = query?.getValue().trim() ?? "";
    if (now && !examples.some((each) => each.query.trim() === now)) {
      addTab();
    }
    query?.setValue(example.query);
    variables?.setValue(text);
    if (isNarrow() && missing === null) {
      setVisiblePlugin(null); // it lies over the editors there
    }
    return missing;
  };
}
