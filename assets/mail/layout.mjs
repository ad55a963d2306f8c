// Compile the letters' MJML into HTML that mail programs of every age show. What comes out is a Jinja template:
// the product fills it in. It fetches nothing: no fonts, no pictures, no styles from anywhere.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SOURCES = "mail";

export async function layOutLetters(assets, making) {
  const { default: mjml } = await import("mjml");
  const names = readdirSync(join(assets, SOURCES)).filter((name) => name.endsWith(".mjml"));
  mkdirSync(join(making, SOURCES), { recursive: true });
  for (const name of names.sort()) {
    const source = readFileSync(join(assets, SOURCES, name), "utf8");
    // Not minified: a minifier knows nothing of Jinja and may join or drop what stands around its words.
    const options = { fonts: {}, keepComments: true, minify: false, beautify: false, validationLevel: "strict" };
    const { html } = await mjml(source, options);
    mustBeWhole(name, source, html);
    writeFileSync(join(making, SOURCES, name.replace(/\.mjml$/, ".html")), html);
  }
}

// Every word of Jinja comes out exactly as often as it went in, and nothing points to anywhere.
function mustBeWhole(name, source, html) {
  const words = (text) => text.match(/\{%.*?%\}|\{\{.*?\}\}/gs) ?? [];
  const missing = words(source).filter((word) => !words(html).includes(word));
  if (missing.length) throw new Error(`${name}: lost on the way: ${missing.join(" ")}`);
  const fetched = html.match(/(?:src|background)="[^"]*"|url\([^)]*\)|@import[^;]*/g);
  if (fetched) throw new Error(`${name} fetches ${fetched.join(", ")}; letters bring everything along.`);
}
