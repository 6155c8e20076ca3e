import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as playlist from "../../infra/site/playlist.js";
import { aText, anId, chance } from "./chance.js";

const { History, fromAnswer, inOrder, keyOf, placeOf } = playlist;

const row = (id, more = {}) => ({ track_id: id, own: false, title: `Title ${id}`, artists: [`Artist ${id}`], ...more });
const own = (more = {}) => row(null, { own: true, title: "Mine", artists: ["Me"], ...more });
const answerOf = (tracks, reserves = []) => ({ tracks, reserves });
const ids = (list) => list.rows.map(keyOf);
const simple = () => fromAnswer(answerOf([row("a"), own(), row("b"), row("c")], [row("x"), row("y")]));

describe("an answer becomes a list", () => {
  test("with its rows in their order and nothing removed, banned or pinned", () => {
    const list = simple();
    assert.deepEqual(ids(list), ["a", "own:Mine", "b", "c"]);
    assert.deepEqual(list.reserves.map(keyOf), ["x", "y"]);
    assert.deepEqual([list.removed, list.banned, list.pinned], [[], [], []]);
  });

  test("with pinned rows at the places where they stood", () => {
    const before = playlist.pin(playlist.pin(simple(), "c"), "a");
    const list = fromAnswer(answerOf([row("d"), row("c"), own(), row("a"), row("e")]), before);
    assert.deepEqual(ids(list), ["a", "d", "own:Mine", "c", "e"]);
    assert.deepEqual(list.pinned.toSorted(), ["a", "c"]);
  });

  test("with a pinned row at the end when the list has become shorter", () => {
    const before = playlist.pin(simple(), "c");
    assert.deepEqual(ids(fromAnswer(answerOf([row("c"), own()]), before)), ["own:Mine", "c"]);
  });

  test("without what was taken out while it was on its way, and a reserve in that place", () => {
    const before = playlist.ban(playlist.remove(simple(), "a"), "b");
    const list = fromAnswer(answerOf([row("a"), own(), row("b"), row("d")], [row("f"), row("g")]), before);
    assert.deepEqual(ids(list), ["f", "own:Mine", "g", "d"]);
    assert.deepEqual(list.removed, ["a"]);
  });

  test("in which unreleased tracks of one title are told apart, each to be moved and kept", () => {
    const tracks = [row("a"), own(), own({ artists: ["Me", "A friend"] }), own({ title: "own1:Mine" }), own()];
    const list = fromAnswer(answerOf(tracks));
    assert.equal(new Set(ids(list)).size, 5);
    const before = playlist.move(list, 4, 0);
    assert.deepEqual(before.pinned, [keyOf(list.rows[4])]);
    assert.deepEqual(ids(fromAnswer(answerOf(tracks), before)), ids(before));
    assert.deepEqual(ids(inOrder(list, ids(before))), ids(before));
  });

  test("and a pin is forgotten when the service could not keep the row", () => {
    const list = fromAnswer(answerOf([own(), row("d")]), playlist.pin(simple(), "b"));
    assert.deepEqual(list.pinned, []);
  });
});

describe("an edit", () => {
  test("removes a row and lets the first reserve in at its place", () => {
    const list = playlist.remove(simple(), "b");
    assert.deepEqual(ids(list), ["a", "own:Mine", "x", "c"]);
    assert.deepEqual(list.reserves.map(keyOf), ["y"]);
    assert.deepEqual(list.removed, ["b"]);
  });

  test("closes the gap when no reserve is left", () => {
    const list = ["a", "b", "c"].reduce(playlist.remove, simple());
    assert.deepEqual(ids(list), ["x", "own:Mine", "y"]);
  });

  test("never removes or bans the artist's own track", () => {
    const list = simple();
    assert.equal(playlist.remove(list, "own:Mine"), list);
    assert.equal(playlist.ban(list, "own:Mine"), list);
  });

  test("bans an artist from rows and reserves, however the name is written", () => {
    const tracks = [row("a", { artists: ["Björk"] }), own(), row("b", { artists: ["Other", "BJÖRK"] })];
    const list = playlist.ban(fromAnswer(answerOf(tracks, [row("x", { artists: ["björk"] }), row("y")])), "a");
    assert.deepEqual(ids(list), ["y", "own:Mine"]);
    assert.deepEqual(list.banned, [{ name: "Björk", id: null }]);
    assert.deepEqual(playlist.unban(list, "Björk").banned, []);
  });

  test("moves a row and pins it there, own tracks too", () => {
    const list = playlist.move(simple(), 3, 0);
    assert.deepEqual(ids(list), ["c", "a", "own:Mine", "b"]);
    assert.deepEqual(list.pinned, ["c"]);
    assert.deepEqual(ids(playlist.move(list, 2, 99)), ["c", "a", "b", "own:Mine"]);
  });

  test("that changes nothing gives the same list back", () => {
    const list = simple();
    for (const same of [
      playlist.remove(list, "nobody"),
      playlist.pin(list, "nobody"),
      playlist.unpin(list, "a"),
      playlist.unban(list, "nobody"),
      playlist.move(list, 1, 1),
      playlist.move(list, 9, 0),
      playlist.move(list, 0, NaN),
    ])
      assert.equal(same, list);
  });
});

test("rows follow the order of a link, and what it does not name comes after", () => {
  assert.deepEqual(ids(inOrder(simple(), ["c", "zz", "own:Mine", "a"])), ["c", "own:Mine", "a", "b"]);
});

// --- whatever is done, in whatever order ---

function randomList(random) {
  const artists = Array.from({ length: 8 }, () => aText(random, 3));
  const some = (count) =>
    Array.from({ length: count }, () => row(anId(random), { title: aText(random), artists: [random.pick(artists)] }));
  const tracks = some(5 + random.below(20));
  tracks.splice(random.below(tracks.length), 0, own());
  return fromAnswer(answerOf(tracks, some(random.below(8))));
}

function randomEdit(random, list) {
  const any = random.pick(list.rows);
  switch (random.below(7)) {
    case 0:
      return playlist.remove(list, keyOf(any));
    case 1:
      return playlist.ban(list, keyOf(any));
    case 2:
      return playlist.unban(list, list.banned[0]?.name ?? "nobody");
    case 3:
      return playlist.pin(list, keyOf(any));
    case 4:
      return playlist.unpin(list, keyOf(any));
    default:
      return playlist.move(list, random.below(list.rows.length), random.below(list.rows.length + 2));
  }
}

function frozen(value) {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

test("undoing every edit gives the list from the beginning back, and redoing them the one from the end", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = chance(seed);
    const first = frozen(randomList(random));
    let [history, list] = [History.empty, first];
    for (let edits = 1 + random.below(40); edits > 0; edits--) {
      const next = frozen(randomEdit(random, list));
      if (next !== list) history = History.record(history, list);
      list = next;
    }
    const last = list;
    let steps = 0;
    for (let found; (found = History.undo(history, list)); steps++) ({ history, step: list } = found);
    assert.equal(list, first, `seed ${seed}`);
    for (let found; (found = History.redo(history, list)); steps--) ({ history, step: list } = found);
    assert.equal(list, last, `seed ${seed}`);
    assert.equal(steps, 0, `seed ${seed}`);
  }
});

test("no edit loses the own track, repeats a row, brings back what left, or pins what is not there", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = chance(seed);
    let list = randomList(random);
    for (let edits = 0; edits < 30; edits++) {
      list = randomEdit(random, list);
      const keys = ids(list);
      const all = [...keys, ...list.reserves.map(keyOf)];
      assert.ok(keys.includes("own:Mine"), `seed ${seed}`);
      assert.equal(new Set(all).size, all.length, `seed ${seed}`);
      assert.ok(
        list.removed.every((id) => !all.includes(id)),
        `seed ${seed}`,
      );
      assert.ok(
        list.pinned.every((key) => placeOf(list, key) >= 0),
        `seed ${seed}`,
      );
    }
  }
});

test("a change after undoing gives up what had been undone, and old steps are forgotten", () => {
  let history = History.empty;
  for (let step = 0; step < 80; step++) history = History.record(history, step);
  assert.equal(history.past.length, 50);
  assert.equal(history.past.at(-1), 79);
  history = History.undo(history, 80).history;
  assert.deepEqual(History.record(history, 81).future, []);
});

test("a list is short once a row has left without a reserve to follow it", () => {
  const answer = answerOf([row("a"), own(), row("b")], [row("x")]);
  const one = playlist.remove(fromAnswer(answer), "a");
  assert.equal(playlist.isShort(one, answer), false);
  assert.equal(playlist.isShort(playlist.remove(one, "b"), answer), true);
});
