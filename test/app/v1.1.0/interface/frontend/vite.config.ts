import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  // Pages that are open while the service moves to another release still ask for its files: names by content, no inlining.
  build: { assetsInlineLimit: 0 },
});
