// Does the lint rule catch every way to have a string parsed as HTML, and nothing else?
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

const SINKS = [
  "a.innerHTML = b;",
  "a.b.innerHTML += b;",
  'a["innerHTML"] = b;',
  "a.outerHTML = b;",
  "a.srcdoc = b;",
  'a.insertAdjacentHTML("beforeend", b);',
  "a.setHTML(b);",
  "a.setHTMLUnsafe(b);",
  "a.createContextualFragment(b);",
  'new DOMParser().parseFromString(b, "text/html");',
  "Document.parseHTMLUnsafe(b);",
  "document.write(b);",
  "document.writeln(b);",
  'a.setAttribute("style", b);',
  "a.style.cssText = b;",
  "eval(b);",
  "new Function(b);",
];
const HARMLESS = [
  "a.textContent = b;",
  "a.append(document.createElement(b));",
  'a.setAttribute("part", b);',
  "a.replaceChildren(b);",
];

/**
 * Lint each line with our rules, and return those with an error.
 *
 * @param {string[]} lines
 */
function refused(lines) {
  const folder = mkdtempSync(join(tmpdir(), "lint-"));
  const rules = JSON.parse(readFileSync("biome.json", "utf8"));
  const plugins = rules.plugins.map((/** @type {string} */ path) => resolve(path));
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...rules, plugins, files: { includes: ["**"] } }));
  writeFileSync(join(folder, "x.js"), lines.join("\n"));
  const command = ["biome", "lint", "--reporter=github", "--max-diagnostics=none", `--config-path=${folder}`, folder];
  const { stdout } = spawnSync("npx", command, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const found = new Set([...stdout.matchAll(/^::error [^\n]*?,line=(\d+)/gm)].map(([, line]) => Number(line)));
  return lines.filter((_, at) => found.has(at + 1));
}

test("whatever parses HTML is refused, and what doesn't isn't", () => {
  assert.deepEqual(refused([...SINKS, ...HARMLESS]), SINKS);
});
