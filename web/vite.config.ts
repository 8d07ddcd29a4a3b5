import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";

/** Every page is an entry of its own: what one needs does not load with another. */
const pages = ["index.html", "graphiql.html"]
  .map((page) => fileURLToPath(new URL(page, import.meta.url)))
  .filter(existsSync);

const server = process.env["MEDIA_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [
    react(),
    compression({
      algorithms: ["gzip", "brotliCompress"],
      include: /\.(js|mjs|css|svg|json|wasm)$/,
      threshold: 512,
    }),
  ],
  build: {
    target: "baseline-widely-available",
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts or styles
    chunkSizeWarningLimit: 3000, // Monaco, which GraphiQL alone loads
    rolldownOptions: {
      input: pages,
      checks: { pluginTimings: false, moduleLevelDirective: false },
    },
  },
  worker: { format: "es" },
  server: {
    // `npm run dev` beside a running server; MEDIA_URL names another one
    proxy: { "^/(v1|graphql|llm)": server },
  },
});
