// Bundle our modules and styles into static files (`npm run build`) and hold them to their budgets.
import { build } from "esbuild";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "web", "build");
const pages = ["early", "page", "jump", "desk", "case", "zones", "zone_editor", "phone", "where", "style", "wall", "statistics", "replay", "trial", "passkey"];
const budgets = { early: 1, page: 30, jump: 30, phone: 30, where: 30, desk: 100, case: 100, zones: 100, zone_editor: 100, style: 100, wall: 100, statistics: 30, replay: 100, trial: 30, passkey: 30 }; // KB, compressed

// Each theme is written once in tokens.css, as a class; here it is repeated for whom it is meant.
const themes = {
  name: "themes",
  setup(bundler) {
    bundler.onLoad({ filter: /tokens\.css$/ }, ({ path }) => {
      const written = readFileSync(path, "utf8");
      const block = (name) => written.match(new RegExp(`\\.${name} (\\{[^}]*\\})`))[1];
      const inDark = (asked, colours) => `@media screen${asked} { :root[data-theme="dark"], .theme-dark ${colours} }
          @media screen${asked} and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) ${colours} }`;
      const more = " and (prefers-contrast: more)";
      const contents = written
        .replace(".theme-light {", ":root, .theme-light {")
        .replace(/\.theme-dark \{[^}]*\}/, inDark("", block("theme-dark")))
        .replace(".more-light {", `@media screen${more} { :root, .theme-light {`)
        .replace(/\.more-dark \{[^}]*\}/, `} ${inDark(more, block("more-dark"))}`);
      return { contents, loader: "css" };
    });
  },
};

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [...pages.map((name) => join(here, "js", `${name}.js`)), join(here, "css", "app.css")],
  outdir: out,
  entryNames: "[name]",
  chunkNames: "part-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "eof",
  loader: { ".png": "dataurl" },
  plugins: [themes],
  logLevel: "warning",
  metafile: true,
});

const written = Object.fromEntries(Object.entries(metafile.outputs).map(([path, told]) => [path, told]));
const sizeOf = (path) => gzipSync(readFileSync(path), { level: 9 }).length / 1024;
function weigh(path, seen = new Set()) {
  if (seen.has(path)) return 0;
  seen.add(path);
  const parts = written[path].imports.filter((part) => part.kind === "import-statement");
  return sizeOf(path) + parts.reduce((sum, part) => sum + weigh(part.path, seen), 0);
}
for (const name of pages) {
  const path = Object.keys(written).find((one) => one.endsWith(`/${name}.js`));
  const size = weigh(path);
  process.stdout.write(`${name}: ${size.toFixed(1)} KB of ${budgets[name]} KB\n`);
  if (size > budgets[name]) process.exitCode = 1;
}
// Compressed once here instead of at every request; the server sends them to whoever can read them.
for (const path of Object.keys(written)) {
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}
