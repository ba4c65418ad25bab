// Builds the console into `built/`: every script, worker and style is a file of our own, named by
// its contents. Addresses are relative, so that an installation may live below a path.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Marks that the packages leave for a compiler that we do not run.
const HUSHED = new Set(["MODULE_LEVEL_DIRECTIVE"]);

export default defineConfig({
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "built",
    license: { fileName: "assets/licenses.md" },
    chunkSizeWarningLimit: 5000, // the editor is one large part; it is loaded once and kept
    reportCompressedSize: false,
    rolldownOptions: { onLog: (level, log, tell) => HUSHED.has(log.code) || tell(level, log) },
  },
});
