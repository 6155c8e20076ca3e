import assert from "node:assert/strict";
import { test } from "node:test";

import { pack, unpack } from "../../infra/site/kept_list.js";
import { History, fromAnswer, move, remove } from "../../infra/site/playlist.js";

const row = (id) => ({ track_id: id, own: false, title: id, artists: [`by ${id}`] });
const answer = { seeds: [{ title: "Mine" }], tracks: [row("a"), row("b"), row("c")], reserves: [row("d")], notes: [] };

function state(more = {}) {
  const first = fromAnswer(answer);
  const list = move(remove(first, "b"), 0, 2);
  const step = { seeds: [], wishes: {}, answer, list: first, isAhead: false };
  return {
    seeds: [{ id: "1", text: "x", known: null, given: null, status: "ready", problem: null }],
    wishes: { size: 30 },
    answer,
    list,
    history: { past: Array.from({ length: 40 }, () => step), future: [step] },
    published: null,
    chosen: "a",
    link: null,
    ...more,
  };
}

const throughJson = (value) => JSON.parse(JSON.stringify(value));

test("what was kept comes back as it was, with the last steps to undo", () => {
  const { history, ...before } = state();
  const { history: found, ...after } = unpack(throughJson(pack({ history, ...before }, true)));
  assert.deepEqual(after, { ...before, isAhead: true });
  assert.equal(found.past.length, 15);
  assert.deepEqual(found.past.at(-1), history.past.at(-1));
  assert.deepEqual(found.future, history.future);
});

test("without room for steps the list is kept all the same", () => {
  const { list, history } = unpack(throughJson(pack(state(), false, 0)));
  assert.deepEqual(list, state().list);
  assert.deepEqual(history, History.empty);
});

test("rows and answers that many steps share are kept once", () => {
  const { rows, answers } = pack(state(), false);
  assert.equal(rows.length, 4);
  assert.equal(answers.length, 1);
});

test("a track that is still looked for is kept without a list", () => {
  const looking = state({ answer: null, list: null, history: History.empty });
  const found = unpack(throughJson(pack(looking, false)));
  assert.equal(found.list, null);
  assert.equal(found.answer, null);
  assert.equal(found.seeds.length, 1);
});

test("what a link tells of its list is kept until the list is there", () => {
  const link = { order: ["a", null], pinned: [0], removed: ["b"], banned: [{ name: "N", id: null }] };
  const waiting = state({ answer: null, list: null, history: History.empty, link });
  assert.deepEqual(unpack(throughJson(pack(waiting, false))).link, link);
});

test("what is damaged or of another making is refused", () => {
  const good = throughJson(pack(state(), false));
  assert.throws(() => unpack({ ...good, rows: good.rows.slice(1) }));
  assert.throws(() => unpack({ ...good, answers: [] }));
  assert.throws(() => unpack({}));
});
