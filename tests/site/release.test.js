// What the page about one release shows of an answer, and how calmly it looks again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { nextLook, nextTry, releaseIdOf, STEPS, stepsOf, waitsUntil } from "../../infra/site/release_status.js";
import { release as words } from "../../infra/site/release_words.js";

const NOW = new Date("2026-11-22T12:00:00Z");
const after = (seconds) => new Date(NOW.getTime() + seconds * 1000).toISOString();
const answer = (state, more = {}) => ({ state, next_attempt_at: null, track_url: null, why: null, ...more });
const marks = (...given) => stepsOf(answer(...given)).map(({ mark }) => mark);
const FOUND = { track_url: "https://open.spotify.com/track/x" };

test("an id is taken from behind the #, in either case, and nothing else is", () => {
  assert.equal(releaseIdOf(`#${"0a".repeat(16)}`), "0a".repeat(16));
  assert.equal(releaseIdOf(`#${"0A".repeat(16)}`), "0a".repeat(16));
  for (const other of ["", "#", "#main", `#${"0a".repeat(15)}`, `#${"0a".repeat(17)}`, `#../${"0a".repeat(16)}`]) {
    assert.equal(releaseIdOf(other), null, other);
  }
});

test("each state has its place on the way", () => {
  assert.deepEqual(marks("received"), ["current", "ahead", "perhaps", "ahead", "ahead"]);
  assert.deepEqual(marks("resolving"), ["passed", "current", "perhaps", "ahead", "ahead"]);
  assert.deepEqual(marks("publishing", FOUND), ["passed", "passed", "perhaps", "current", "ahead"]);
  assert.deepEqual(marks("done", FOUND), ["passed", "passed", "perhaps", "passed", "passed"]);
});

test("a release that waits to appear on Spotify is not drawn as found", () => {
  assert.deepEqual(marks("waiting"), ["passed", "ahead", "current", "ahead", "ahead"]);
  assert.deepEqual(marks("waiting", FOUND), ["passed", "passed", "current", "ahead", "ahead"]);
});

test("a failure stands where it happened", () => {
  assert.deepEqual(marks("failed"), ["passed", "stopped", "perhaps", "ahead", "ahead"]);
  assert.deepEqual(marks("failed", FOUND), ["passed", "passed", "perhaps", "stopped", "ahead"]);
});

test("what is finished is not asked after again", () => {
  assert.equal(nextLook(answer("done"), 0, NOW), null);
  assert.equal(nextLook(answer("failed"), 0, NOW), null);
});

test("looks grow apart while nothing changes, up to two minutes", () => {
  const seconds = [0, 1, 2, 5, 50].map((unchanged) => nextLook(answer("resolving"), unchanged, NOW));
  assert.deepEqual(seconds, [15, 22.5, 33.75, 113.90625, 120]);
});

test("a wait is looked at shortly after it ends, a long one now and then, an ended one as usual", () => {
  const waiting = (seconds) => answer("waiting", { next_attempt_at: after(seconds) });
  assert.equal(nextLook(waiting(600), 0, NOW), 610);
  assert.equal(nextLook(waiting(86_400), 0, NOW), 1800);
  assert.equal(nextLook(waiting(-60), 0, NOW), 15);
  assert.equal(nextLook(waiting(-60), 9, NOW), 120);
  assert.equal(nextLook(answer("waiting", { next_attempt_at: "soon" }), 0, NOW), 15);
});

test("after troubles it tries less and less often, and not before the service wants to be asked", () => {
  const down = { status: 503, retryAt: null };
  assert.deepEqual(
    [1, 2, 3, 10].map((troubles) => nextTry(down, troubles, NOW)),
    [15, 30, 60, 300],
  );
  assert.equal(nextTry({ status: 429, retryAt: new Date(after(90)) }, 1, NOW), 90);
  assert.equal(nextTry({ status: 429, retryAt: new Date(after(90_000)) }, 1, NOW), 1800);
});

test("a release that there is not is not asked after again", () => {
  assert.equal(nextTry({ status: 404, retryAt: null }, 1, NOW), null);
});

test("the end of a wait is told only while it lies ahead", () => {
  assert.equal(waitsUntil(answer("waiting", { next_attempt_at: after(60) }), NOW).toISOString(), after(60));
  assert.equal(waitsUntil(answer("waiting", { next_attempt_at: after(-1) }), NOW), null);
  assert.equal(waitsUntil(answer("waiting"), NOW), null);
  assert.equal(waitsUntil(answer("publishing", { next_attempt_at: after(60) }), NOW), null);
});

test("every step, mark and state of the service has words", () => {
  const models = readFileSync(new URL("../../functions/api/release_models.py", import.meta.url), "utf8");
  const states = [...models.match(/^STATES = \(([^)]*)\)/m)[1].matchAll(/"(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(Object.keys(words.states).sort(), [...states].sort());
  assert.deepEqual(Object.keys(words.steps), STEPS);
  assert.deepEqual([...STEPS, "failed"].sort(), [...states].sort());
  for (const state of states) for (const mark of marks(state)) assert.ok(words.marks[mark], mark);
});

test("the markup says what the module of words says, and never the id", () => {
  const page = readFileSync(new URL("../../infra/site/release.html", import.meta.url), "utf8");
  const texts = [...page.matchAll(/data-words="(\w+)"[^>]*>([^<]*)</g)];
  assert.ok(texts.length >= 6);
  for (const [, name, text] of texts) assert.equal(text.replace(/\s+/g, " ").trim(), words[name]);
  assert.match(page, /<meta name="referrer" content="no-referrer" \/>/);
  const script = readFileSync(new URL("../../infra/site/release.js", import.meta.url), "utf8");
  assert.doesNotMatch(script, /style=|localStorage|sessionStorage|innerHTML =/);
});
