// Nothing stays in the page that nobody uses any more: words that nothing says, and exports that nothing imports.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import { words } from "../../infra/site/en.js";

const ROOT = new URL("../../", import.meta.url);
const read = (name) => readFileSync(new URL(name, ROOT), "utf8");
const filesIn = (folder, kind) =>
  readdirSync(new URL(folder, ROOT), { recursive: true })
    .filter((name) => kind.test(name))
    .map((name) => `${folder}/${name}`);

const MODULES = filesIn("infra/site", /\.js$/);
const TESTS = filesIn("tests/site", /\.test\.js$/);
const TEXTS = "infra/site/en.js";

/** The names of all texts, each as its path. A list is one text. */
const namesOf = (value, path = []) =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) => namesOf(inner, [...path, name]))
    : [path];

const exportsOf = (text) =>
  [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map(([, name]) => name);

test("every text is said somewhere", () => {
  const page = [...MODULES.filter((name) => name !== TEXTS), "infra/site/index.html"].map(read).join("\n");
  // Texts for what the service names, such as the codes of problems, are found under its names.
  const service = [...filesIn("functions", /\.py$/), ...filesIn("daltonify_core", /\.py$/)].map(read).join("\n");
  const said = new Set(`${page}\n${service}\n${ownUses(read(TEXTS))}`.match(/\w+/g));
  // Such as `${way}Title`.
  const endings = [...page.matchAll(/`\$\{[\w.]+\}(\w+)`/g)].map(([, ending]) => ending);
  const isSaid = (name) => said.has(name) || endings.some((ending) => name.endsWith(ending));
  const unsaid = namesOf(words).filter((path) => !path.at(-1).split(/\W+/).every(isSaid));
  assert.deepEqual(
    unsaid.map((path) => path.join(".")),
    [],
  );
});

/** What the module of words itself uses of it: all but the names where they are given. */
const ownUses = (text) => text.replace(/^ *"?[\w ]+"?:/gm, "");

test("every export is imported somewhere in the page, or tried by itself", () => {
  const unused = MODULES.flatMap((file) => {
    // A view is found by the name of its place.
    const others = [...MODULES.filter((name) => name !== file), ...TESTS].map(read).join("\n");
    return exportsOf(read(file))
      .filter((name) => !/^mount/.test(name) && !new RegExp(`\\b${name}\\b`).test(others))
      .map((name) => `${file}: ${name}`);
  });
  assert.deepEqual(unused, []);
});

test("what only its test imports is used in its own module", () => {
  const idle = MODULES.flatMap((file) => {
    const text = read(file);
    const others = MODULES.filter((name) => name !== file).map(read).join("\n");
    return exportsOf(text)
      .filter((name) => !/^mount/.test(name) && !new RegExp(`\\b${name}\\b`).test(others))
      .filter((name) => text.match(new RegExp(`\\b${name}\\b`, "g")).length < 2)
      .map((name) => `${file}: ${name}`);
  });
  assert.deepEqual(idle, []);
});
