// What an edit did to the list, and the artists of a list.

import assert from "node:assert/strict";
import { test } from "node:test";

import { artistsBySize, changesBetween, movedRows } from "../../infra/site/edits.js";
import { words } from "../../infra/site/en.js";

const row = (id, artist = id, popularity = 50, own = false) => ({
  track_id: id,
  title: id.toUpperCase(),
  artists: [artist],
  artist_popularity: popularity,
  own,
});
const list = (...ids) => ({ rows: ids.map((id) => row(id)) });
const ids = (rows) => rows.map(({ track_id: id }) => id);

test("a row that left and its reserve are told", () => {
  const { gone, come, isReordered } = changesBetween(list("a", "b", "c"), list("a", "x", "c"));
  assert.deepEqual([ids(gone), ids(come), isReordered], [["b"], ["x"], false]);
});

test("another order is seen, and leaving alone is none", () => {
  assert.equal(changesBetween(list("a", "b", "c"), list("c", "a", "b")).isReordered, true);
  assert.equal(changesBetween(list("a", "b", "c"), list("a", "c")).isReordered, false);
});

test("undoing tells what is in the list again", () => {
  assert.equal(words.list.travelled("Undone.", ["B"], ["X"], false), "Undone. In the list now: B. Out: X.");
  assert.equal(words.list.travelled("Undone.", [], [], true), "Undone. The order is another one.");
  assert.equal(words.list.travelled("Undone.", [], [], false), "Undone.");
  assert.match(words.list.travelled("Undone.", ["A", "B", "C"], [], true), /3 tracks/);
});

test("a row moves to its new place without the list being changed", () => {
  const { rows } = list("a", "b", "c", "d");
  assert.deepEqual(ids(movedRows(rows, 0, 2)), ["b", "c", "a", "d"]);
  assert.deepEqual(ids(movedRows(rows, 3, 0)), ["d", "a", "b", "c"]);
  assert.deepEqual(ids(rows), ["a", "b", "c", "d"]);
});

test("artists come by size, each once, and the own one before another of its size", () => {
  const artists = artistsBySize([
    row("a", "Small", 20),
    row("b", "Big", 90),
    row("c", "Also mine", 20),
    row("d", "Me", 20, true),
    row("e", "Big", 90),
    row("f", "Nobody knows", null),
  ]);
  assert.deepEqual(
    artists.map(({ name }) => name),
    ["Big", "Me", "Small", "Also mine", "Nobody knows"],
  );
  assert.deepEqual(ids(artists[0].rows), ["b", "e"]);
  assert.equal(artists.at(-1).popularity, null);
});
