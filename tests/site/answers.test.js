// An answer of the service before it is drawn.

import assert from "node:assert/strict";
import test from "node:test";

import { readAnswer } from "../../infra/site/answers.js";
import { fromAnswer } from "../../infra/site/playlist.js";

const seed = { track_id: "s", title: "Mine", artists: ["Me"] };
const isUnreadable = (problem) => problem.code === "unreadable" && problem.message.length > 0;

test("an answer without a track or without the reader's own track is a problem that can be told", () => {
  for (const answer of [
    {},
    { tracks: [] },
    { tracks: [seed] },
    { seeds: [seed], tracks: null },
    { seeds: [seed], tracks: [null, { track_id: "a" }] },
    { seeds: [seed, null], tracks: [seed] },
    [],
  ]) {
    assert.throws(() => readAnswer(answer), isUnreadable, JSON.stringify(answer));
  }
});

test("missing facts are unknown ones, and a row without a title is left out", () => {
  const rows = [{ track_id: "a", title: "A", artists: null }, null, { track_id: "b" }];
  const answer = readAnswer({ seeds: [seed], tracks: rows });
  assert.deepEqual(answer.tracks, [{ track_id: "a", title: "A", artists: [], features: {} }]);
  assert.deepEqual([answer.reserves, answer.notes, answer.genre.used, answer.band.used], [[], [], [], []]);
  assert.equal(fromAnswer(answer).rows.length, 1);
});

test("a whole answer stays as it is", () => {
  const row = { ...seed, features: { energy: 0.5 } };
  const answer = {
    seeds: [row],
    tracks: [row],
    reserves: [row],
    notes: ["so"],
    genre: { used: ["rock"], how: "track", inferred: [] },
    band: { used: [1, 2], widened: false },
  };
  assert.deepEqual(readAnswer(answer), answer);
});
