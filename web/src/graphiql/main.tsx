import "./workers";
import "@fontsource-variable/inter/wght.css";
import "@fontsource/fira-code/400.css";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { noteSignInFailure } from "../api/signInFailure";
import { takeUpSession } from "./caller";
import { Explorer } from "./Explorer";

const root = document.getElementById("root");
if (root) {
  noteSignInFailure();
  takeUpSession();
  createRoot(root).render(
    <StrictMode>
      <Explorer />
    </StrictMode>,
  );
}
