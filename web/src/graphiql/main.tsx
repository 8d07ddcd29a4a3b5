import "./workers";
import "@fontsource-variable/inter";
import "@fontsource/fira-code/400.css";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer";
import { startSession } from "./session";

const root = document.getElementById("root");
if (root) {
  startSession();
  createRoot(root).render(
    <StrictMode>
      <Explorer />
    </StrictMode>,
  );
}
