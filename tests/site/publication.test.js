// One playlist under the service's account, whichever tab sends it and however often.

import assert from "node:assert/strict";
import test from "node:test";

class Area {
  #kept = new Map();
  getItem = (name) => this.#kept.get(name) ?? null;
  setItem = (name, text) => this.#kept.set(name, text);
  removeItem = (name) => this.#kept.delete(name);
}

const MODULE = "../../infra/site/publication.js";
let tabs = 0;

/** A new browser; `open()` gives the module as a tab of it has it, and runs it with that tab's storage. */
function browser() {
  const localStorage = new Area();
  return async function open() {
    tabs += 1;
    const tab = await import(`${MODULE}?tab=${tabs}`);
    const areas = { localStorage, sessionStorage: new Area() };
    return (work) => {
      globalThis.window = areas;
      return work(tab);
    };
  };
}

const body = { title: "Quiet hours", uris: ["spotify:track:1"], seeds: [] };
const other = { ...body, title: "Loud hours" };
const lost = { isUncertain: true, code: "timeout", status: 0 };
const refused = { isUncertain: false, code: "invalid_query", status: 422 };

test("two tabs with the same list send one key, whether the first has its answer or not", async () => {
  const open = browser();
  const [first, second] = [await open(), await open()];
  const key = first((tab) => tab.keyFor(body, {}));
  assert.equal(
    second((tab) => tab.keyFor(body, {})),
    key,
  );
  first((tab) => tab.finishPublication());
  const third = await open();
  assert.equal(
    third((tab) => tab.keyFor(body, {})),
    key,
  );
});

test("another content has another key", async () => {
  const open = browser();
  const [first, second] = [await open(), await open()];
  const key = first((tab) => tab.keyFor(body, {}));
  assert.notEqual(
    second((tab) => tab.keyFor(other, {})),
    key,
  );
});

test("whoever has seen how it ended makes another playlist with the same list", async () => {
  const first = await browser()();
  const key = first((tab) => tab.keyFor(body, {}));
  first((tab) => tab.finishPublication());
  const next = first((tab) => tab.keyFor(body, {}));
  assert.notEqual(next, key);
  first((tab) => tab.finishPublication());
  assert.ok(![key, next].includes(first((tab) => tab.keyFor(body, {}))));
});

test("an attempt without an answer keeps its key and lets nothing else be sent", async () => {
  const first = await browser()();
  const key = first((tab) => tab.keyFor(body, {}));
  first((tab) => tab.noteProblem(lost));
  assert.equal(first((tab) => tab.openPublication()).key, key);
  assert.equal(
    first((tab) => tab.keyFor(body, {})),
    key,
  );
  first((tab) => tab.noteProblem(refused));
  assert.equal(
    first((tab) => tab.openPublication()),
    null,
  );
});

test("an update has a key of its own in each tab", async () => {
  const open = browser();
  const [first, second] = [await open(), await open()];
  const update = { ...body, playlist_id: "p", edit_token: "NEVERLOGME-token" };
  assert.notEqual(
    first((tab) => tab.keyFor(update, {})),
    second((tab) => tab.keyFor(update, {})),
  );
});

test("what is told of a playlist is kept with it, whatever list is on the page by then", async () => {
  const tab = await browser()();
  tab((one) => one.keyFor(body, {}, { others: 10 }));
  tab((one) => one.noteProblem(lost));
  assert.deepEqual(
    tab((one) => one.openPublication().about),
    { others: 10 },
  );
});
