// Lay out what browsers load in assets/build/, each file under a name that holds its content's hash, so that
// it can be cached for ever. manifest.json maps the plain name (css/app.css) to the hashed one. A folder of css/
// becomes one file, its parts in the order of their names; beside each text lies the same as .br and .gz.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { brotliCompressSync, gzipSync } from "node:zlib";

const assets = dirname(fileURLToPath(import.meta.url));
const packages = join(assets, "..", "node_modules");
const built = join(assets, "build");
const making = join(assets, "build.making");

const OURS = ["fonts", "images", "js"];
const THEIRS = {
  "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
  "vendor/uplot.js": "uplot/dist/uPlot.iife.min.js",
  "vendor/uplot.css": "uplot/dist/uPlot.min.css",
};
const TOKENS = "open-props/open-props.min.css";
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

// Some styles of one folder are one file: one request, and a name for each part.
function stylesheets() {
  const parts = filesBelow("css").filter((name) => name.endsWith(".css"));
  const sheets = {};
  for (const part of parts) {
    const folder = posix.dirname(part);
    const sheet = folder === "css" ? part : `${folder}.css`;
    const text = readFileSync(join(assets, part), "utf8");
    mustStandAlone(part, text);
    sheets[sheet] = (sheets[sheet] ?? "") + text;
  }
  return sheets;
}

const definitions = (text) => [...text.matchAll(/(--[\w-]+)\s*:\s*([^;}]+)/g)];
const names = (text) => new Set([...text.matchAll(/var\((--[\w-]+)\s*\)/g)].map(([, name]) => name));

// Of the steps that open-props offers, a sheet gets those that it names, and those that they name in turn.
function withTokens(sheet, text) {
  const offered = new Map();
  for (const [, name, value] of definitions(readFileSync(join(packages, TOKENS), "utf8"))) {
    if (!offered.has(name)) offered.set(name, value.trim());
  }
  const ours = new Set(definitions(text).map(([, name]) => name));
  const taken = new Map();
  const take = (name) => {
    if (ours.has(name) || taken.has(name)) return;
    if (!offered.has(name)) throw new Error(`${sheet} names var(${name}), which neither we nor open-props define.`);
    taken.set(name, offered.get(name));
    names(offered.get(name)).forEach(take);
  };
  if (sheet === "css/app.css") names(text).forEach(take);
  if (!taken.size) return text;
  return `:root{${[...taken].map(([name, value]) => `${name}:${value}`).join(";")}}\n${text}`;
}

// Comments are for those who read the source; blanks between rules are for nobody.
function lean(text) {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "\n").trim();
}

// A slip of the pen is found here and not in a visitor's browser; nothing is run.
function mustParse(name, text) {
  new Script(text, { filename: name });
}

function write(manifest, name, content) {
  manifest[name] = hashedName(name, content);
  mkdirSync(dirname(join(making, manifest[name])), { recursive: true });
  writeFileSync(join(making, manifest[name]), content);
  if (!/\.(css|js|svg)$/.test(name)) return; // typefaces and pictures are packed already
  writeFileSync(join(making, `${manifest[name]}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(making, `${manifest[name]}.br`), brotliCompressSync(content));
}

async function build() {
  const manifest = {};
  rmSync(making, { recursive: true, force: true });
  for (const [name, path] of Object.entries(THEIRS)) write(manifest, name, readFileSync(join(packages, path)));
  for (const name of OURS.flatMap(filesBelow)) {
    const content = readFileSync(join(assets, name));
    if (name.endsWith(".js")) {
      mustStandAlone(name, content.toString());
      mustParse(name, content.toString());
    }
    write(manifest, name, content);
  }
  for (const [name, text] of Object.entries(stylesheets())) {
    write(manifest, name, Buffer.from(withHashedReferences(name, withTokens(name, lean(text)), manifest)));
  }
  for (const [name, path] of Object.entries(LICENCES)) {
    cpSync(join(packages, path), join(making, "vendor", `LICENSE.${name}.txt`));
  }
  if (existsSync(join(assets, "mail"))) await (await import("./mail/layout.mjs")).layOutLetters(assets, making);
  writeFileSync(join(making, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  rmSync(built, { recursive: true, force: true });
  renameSync(making, built);
}

try {
  await build();
} catch (error) {
  rmSync(making, { recursive: true, force: true });
  console.error(error instanceof SyntaxError ? error.stack.split("\n    at ")[0] : error.message);
  process.exitCode = 1;
}
