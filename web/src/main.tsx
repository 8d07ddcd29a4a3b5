import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/library.css";
import "./styles/grid.css";
import "./styles/panels.css";
import "./styles/recovery.css";
import "./styles/toasts.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startSession } from "./api/session";
import { noteSignInFailure } from "./api/signInFailure";
import { App } from "./library/App";
import { queries } from "./library/files";
import { Recovery } from "./ui/Recovery";
import { applyTheme } from "./ui/theme";

applyTheme();
noteSignInFailure();
void startSession();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Recovery>
        <QueryClientProvider client={queries}>
          <App />
        </QueryClientProvider>
      </Recovery>
    </StrictMode>,
  );
}
