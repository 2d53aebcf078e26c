// Bundle our modules and styles into static files: `npm run build`.
import { build } from "esbuild";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "web", "build");
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: ["js/desk.js", "js/page.js", "js/phone.js", "js/zones.js", "css/app.css"].map((f) => join(here, f)),
  outdir: out,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "eof",
  loader: { ".png": "dataurl" },
  logLevel: "warning",
});
