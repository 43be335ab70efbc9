// Builds static/bundle.js: Leaflet, the map's own scripts and their styles in one file.
// The styles travel inside the script, so that a map can never be drawn before they are there.
import { build } from "esbuild";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "..", "static");
const shared = {
  bundle: true,
  minify: true,
  write: false,
  absWorkingDir: here,
  logLevel: "warning",
  legalComments: "none",
  target: ["chrome100", "firefox100", "safari15"],
};

const css = await build({
  ...shared,
  entryPoints: ["src/style.css"],
  loader: { ".png": "dataurl", ".svg": "dataurl" },
});
const js = await build({
  ...shared,
  entryPoints: ["src/index.js"],
  format: "iife",
  define: { ROOMPLAN_CSS: JSON.stringify(css.outputFiles[0].text) },
});
const notice = await readFile(join(here, "NOTICE"), "utf8");
const banner = `/*!\n${notice.replaceAll("*/", "* /")}*/\n`;
await mkdir(out, { recursive: true });
// Renamed when whole, so that a running app never serves half of it.
const part = join(out, `bundle.js.${process.pid}.part`);
await writeFile(part, banner + js.outputFiles[0].text);
await rename(part, join(out, "bundle.js"));
