import { useGraphiQL } from "@graphiql/react";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { useEffect, useRef } from "react";
import { theme } from "../ui/theme";
import { examplesPlugin } from "./ExamplesPanel";
import { examples } from "./examples";
import { FilesPanelBelowVariables } from "./FilesPanel";
import { fetcher } from "./fetcher";
import { isNarrow } from "./layout";
import { SessionBar } from "./SessionBar";

const chosen = theme.get(); // in the library
const plugins = [examplesPlugin, HISTORY_PLUGIN];
/** What the variables editor takes for scalars of this API: a file is null there, see FilesPanel. */
const scalars = { Upload: { type: "null" }, BigInt: { type: "integer" }, JSON: {} };

/** GraphiQL with the session, the examples and the files of this API. */
export function Explorer() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      {...(isNarrow() ? {} : { visiblePlugin: examplesPlugin.title })}
      defaultQuery={examples[0]?.query ?? ""}
      defaultEditorToolsVisibility="variables"
      defaultTheme={chosen === "system" ? null : chosen}
      customScalarSchemas={scalars}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <SessionBar />
      </GraphiQL.Logo>
      <FilesPanelBelowVariables />
      <ResponseInSight />
    </GraphiQL>
  );
}

/** Where the response is below the editors, bring it into sight when it has come. */
function ResponseInSight() {
  const running = useGraphiQL((state) => state.isFetching);
  const ran = useRef(false);
  useEffect(() => {
    if (ran.current && !running && isNarrow()) {
      document.querySelector(".graphiql-response")?.scrollIntoView({ behavior: "smooth" });
    }
    ran.current = running;
  }, [running]);
  return null;
}
