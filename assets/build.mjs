// Lay out what browsers load in assets/build/, each file under a name that holds its content's hash, so that
// it can be cached for ever. manifest.json maps the plain name (css/app.css) to the hashed one.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const assets = dirname(fileURLToPath(import.meta.url));
const packages = join(assets, "..", "node_modules");
const built = join(assets, "build");
const making = join(assets, "build.making");

const OURS = ["fonts", "images", "js", "css"];
const THEIRS = {
  "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
  "vendor/uplot.js": "uplot/dist/uPlot.iife.min.js",
  "vendor/uplot.css": "uplot/dist/uPlot.min.css",
  "vendor/open-props.css": "open-props/open-props.min.css",
};
const LICENCES = { "htmx.org": "htmx.org/LICENSE", uplot: "uplot/LICENSE", "open-props": "open-props/LICENSE" };

function filesBelow(folder) {
  if (!existsSync(join(assets, folder))) return [];
  return readdirSync(join(assets, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(name) : [name];
    })
    .sort();
}

function hashedName(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}.${hash}${extension}`;
}

// A style names fonts and images by their place in assets/; browsers need the hashed names.
function withHashedReferences(name, text, manifest) {
  return text.replace(/url\(\s*(["']?)(?!data:|#|https?:)([^"')]+)\1\s*\)/g, (_, quote, reference) => {
    const target = posix.join(posix.dirname(name), reference);
    if (!(target in manifest)) throw new Error(`${name} names ${reference}, which is not in assets/.`);
    return `url(${quote}${posix.relative(posix.dirname(name), manifest[target])}${quote})`;
  });
}

function mustStandAlone(name, text) {
  const imported = /^\s*(?:@import\b|import\b[^(]*?["']\.)/m.exec(text);
  if (imported) throw new Error(`${name} imports another file: link both from the page, one request deep.`);
}

// A slip of the pen is found here and not in a visitor's browser; nothing is run.
function mustParse(name, text) {
  new Script(text, { filename: name });
}

function write(manifest, name, content) {
  manifest[name] = hashedName(name, content);
  mkdirSync(dirname(join(making, manifest[name])), { recursive: true });
  writeFileSync(join(making, manifest[name]), content);
}

function build() {
  const manifest = {};
  rmSync(making, { recursive: true, force: true });
  for (const [name, path] of Object.entries(THEIRS)) write(manifest, name, readFileSync(join(packages, path)));
  for (const name of OURS.flatMap(filesBelow)) {
    let content = readFileSync(join(assets, name));
    if (/\.(css|js)$/.test(name)) mustStandAlone(name, content.toString());
    if (name.endsWith(".js")) mustParse(name, content.toString());
    if (name.endsWith(".css")) content = Buffer.from(withHashedReferences(name, content.toString(), manifest));
    write(manifest, name, content);
  }
  for (const [name, path] of Object.entries(LICENCES)) {
    cpSync(join(packages, path), join(making, "vendor", `LICENSE.${name}.txt`));
  }
  writeFileSync(join(making, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  rmSync(built, { recursive: true, force: true });
  renameSync(making, built);
}

try {
  build();
} catch (error) {
  rmSync(making, { recursive: true, force: true });
  console.error(error instanceof SyntaxError ? error.stack.split("\n    at ")[0] : error.message);
  process.exitCode = 1;
}
