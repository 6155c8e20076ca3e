// One playlist in the artist's own account, whatever happens to any of the calls.

import assert from "node:assert/strict";
import test from "node:test";

import { Problem } from "../../infra/site/api.js";
import { carryOut, isBegun, keyOf, lineUp, newRecord } from "../../infra/site/own_publication.js";

const uris = Array.from({ length: 105 }, (_, place) => `spotify:track:${String(place).padStart(22, "0")}`);
const reserves = ["r1", "r2", "r3"];

/** A small Spotify. `fails[call]` is a list of faults, one for each time: "before", "after" or a `Problem`. */
class Account {
  playlists = new Map();
  unknown = new Set();
  unplayable = new Set();
  calls = [];
  fails = {};
  listIsComplete = true;
  isListed = true;

  async #call(name, work) {
    this.calls.push(name);
    const fault = this.fails[name]?.shift() ?? null;
    if (fault instanceof Problem) throw fault;
    if (fault === "before") throw lost();
    const answer = work();
    if (fault === "after") throw lost();
    return answer;
  }

  createPlaylist = ({ name, description }) =>
    this.#call("create", () => {
      const id = `p${this.playlists.size + 1}`;
      this.playlists.set(id, { name, description, uris: [], cover: null });
      return id;
    });
  changeDetails = (id, { name, description }) =>
    this.#call("details", () => Object.assign(this.#of(id), { name, description }));
  replaceItems = (id, items) => this.#call("replace", () => (this.#of(id).uris = this.#known(items)));
  appendItems = (id, items) => this.#call("append", () => this.#of(id).uris.push(...this.#known(items)));
  readItems = (id) =>
    this.#call("read", () => this.#of(id).uris.map((uri) => ({ uri, isPlayable: !this.unplayable.has(uri) })));
  findPlaylists = (reference) =>
    this.#call("find", () => ({
      ids: [...this.playlists]
        .filter(([, { description }]) => this.isListed && description.includes(reference))
        .map(([id]) => id)
        .reverse(),
      isComplete: this.listIsComplete,
    }));
  setCover = (id, jpeg) => this.#call("cover", () => (this.#of(id).cover = jpeg));

  #of(id) {
    if (!this.playlists.has(id)) throw new Problem({ code: "spotify_gone", message: "", status: 404 });
    return this.playlists.get(id);
  }
  #known(items) {
    assert.ok(items.length <= 100, "at most 100 tracks in one call");
    if (items.some((uri) => this.unknown.has(uri))) {
      throw new Problem({ code: "spotify_refused", message: "", status: 400 });
    }
    return [...items];
  }
}

const lost = () => new Problem({ code: "spotify_uncertain", message: "" });
const quota = () => new Problem({ code: "spotify_quota", message: "", status: 429, retryAt: new Date(7_000_000) });
const expired = () => new Problem({ code: "login_expired", message: "", status: 401 });

async function world({ content = {}, ...more } = {}) {
  const body = { title: "T", description: "D", uris, reserves, unreleased: [], names: {}, seeds: [], ...content };
  const account = new Account();
  const clock = { now: 1_000_000 };
  let record = newRecord(await keyOf({ ...body, target: more.target }), body, { at: clock.now, ...more });
  const attempt = async () => {
    record = await carryOut(record, {
      account,
      // As the browser keeps it: text, so that nothing shared can hide a step that was not saved.
      save: (saved) => (record = JSON.parse(JSON.stringify(saved))),
      tell: () => {},
      now: () => clock.now,
      coverOf: async () => "jpeg",
    });
    return record;
  };
  return { account, attempt, clock, recordNow: () => record };
}

const only = (account) => {
  assert.equal(account.playlists.size, 1);
  return [...account.playlists.values()][0];
};

test("a playlist is created, filled in chunks and gets its cover", async () => {
  const { account, attempt } = await world({ cover: {} });
  const { done } = await attempt();
  const playlist = only(account);
  assert.deepEqual(playlist.uris, uris);
  assert.equal(playlist.cover, "jpeg");
  assert.match(playlist.description, /^D · ref [0-9a-f]{10}$/);
  assert.deepEqual(done, { id: "p1", tracks: 105, replaced: [], leftOut: [], coverProblem: null });
  assert.deepEqual(account.calls, ["create", "replace", "append", "read", "cover"]);
});

for (const call of ["create", "replace", "append", "read", "find"]) {
  for (const fault of ["before", "after", quota(), expired()]) {
    test(`one playlist with exactly the tracks after ${call} failed with ${fault.code ?? fault}`, async () => {
      const { account, attempt, clock } = await world();
      account.fails = { [call]: [fault], ...(call === "find" && { create: ["after"] }) };
      for (let times = 0; times < 6; times += 1) {
        try {
          await attempt();
          break;
        } catch (problem) {
          assert.ok(problem instanceof Problem, problem);
          clock.now += 60_000;
        }
      }
      assert.deepEqual(only(account).uris, uris);
      await attempt();
      assert.equal(account.playlists.size, 1);
    });
  }
}

test("a creation whose answer was lost is found by its reference, and nothing is created again", async () => {
  const { account, attempt } = await world();
  account.fails = { create: ["after"] };
  await attempt();
  assert.deepEqual(account.calls.filter((call) => call === "create").length, 1);
});

test("a creation that may still turn up is not sent again before two minutes are over", async () => {
  const { account, attempt, clock } = await world();
  account.fails = { create: ["after"] };
  account.isListed = false;
  await assert.rejects(attempt(), (problem) => problem.code === "own_unknown" && problem.retryAt > clock.now);
  clock.now += 119_000;
  await assert.rejects(attempt(), { code: "own_unknown" });
  account.isListed = true;
  await attempt();
  assert.equal(account.playlists.size, 1);
});

test("a creation that never happened is sent again once that is certain", async () => {
  const { account, attempt, clock } = await world();
  account.fails = { create: ["before"] };
  await assert.rejects(attempt(), { code: "own_unknown" });
  clock.now += 121_000;
  await attempt();
  assert.deepEqual(only(account).uris, uris);
});

test("a list of playlists that was not read to its end proves nothing", async () => {
  const { account, attempt, clock } = await world();
  account.fails = { create: ["before"] };
  account.listIsComplete = false;
  await assert.rejects(attempt(), { code: "own_unknown" });
  clock.now += 1_000_000;
  await assert.rejects(attempt(), { code: "own_unknown" });
  assert.equal(account.playlists.size, 0);
});

test("of twins the oldest is taken, and only that one", async () => {
  const { account, attempt, recordNow } = await world();
  account.fails = { create: ["after"] };
  const { reference } = recordNow();
  account.playlists.set("p0", { name: "T", description: reference, uris: [] });
  const { done } = await attempt();
  assert.equal(done.id, "p0");
});

test("tracks that Spotify does not know or cannot play give their places to reserves, in their order", async () => {
  const { account, attempt } = await world();
  account.unknown = new Set([uris[3], uris[104], "r1"]);
  account.unplayable = new Set([uris[50]]);
  const { done } = await attempt();
  const expected = uris.with(3, "r2").with(104, "r3");
  expected.splice(50, 1);
  assert.deepEqual([...only(account).uris].sort(), [...expected].sort());
  assert.equal(done.tracks, 104);
  assert.equal(done.replaced.length + done.leftOut.length, 3);
});

test("a playlist is complete without its cover, and says why it has none", async () => {
  const { account, attempt } = await world({ cover: {} });
  account.fails = { cover: [quota()] };
  const { done } = await attempt();
  assert.equal(done.coverProblem, "spotify_quota");
  assert.deepEqual(only(account).uris, uris);
});

test("a cover whose answer was lost is set again, in the same playlist", async () => {
  const { account, attempt } = await world({ cover: {} });
  account.fails = { cover: ["before"] };
  await assert.rejects(attempt(), { code: "spotify_uncertain" });
  const { done } = await attempt();
  assert.equal(done.coverProblem, null);
  assert.equal(only(account).cover, "jpeg");
});

test("an update changes the playlist that was chosen and creates none", async () => {
  const { account, attempt } = await world({ target: "mine" });
  account.playlists.set("mine", { name: "old", description: "", uris: ["x"] });
  await attempt();
  assert.deepEqual(only(account).uris, uris);
  assert.equal(only(account).name, "T");
});

test("the time that Spotify named is kept with the record", async () => {
  const { account, attempt, recordNow } = await world();
  account.fails = { create: [quota()] };
  await assert.rejects(attempt(), { code: "spotify_quota" });
  assert.equal(recordNow().retryAt, 7_000_000);
  assert.equal(recordNow().createSentAt, null, "a refusal made nothing");
});

test("equal contents have one key, and everything that a listener sees makes another", async () => {
  const body = { title: "T", description: "D", uris };
  const key = await keyOf(body);
  assert.equal(await keyOf({ ...body }), key);
  for (const change of [{ title: "U" }, { description: "" }, { uris: uris.slice(1) }, { target: "p" }, { again: 1 }]) {
    assert.notEqual(await keyOf({ ...body, ...change }), key);
  }
});

test("a reserve that is in the list already takes no second place", () => {
  assert.deepEqual(lineUp(["a", "b"], ["b", "c"], ["a"]).uris, ["c", "b"]);
});

test("an update that Spotify refused at once, or that was never sent, is not begun", async () => {
  const { account, attempt, recordNow } = await world({ target: "p1" });
  account.playlists.set("p1", { name: "old", description: "", uris: [], cover: null });
  assert.equal(isBegun(recordNow()), false);
  account.fails = { details: [expired(), lost()] };
  await assert.rejects(attempt(), { code: "login_expired" });
  assert.equal(isBegun(recordNow()), false);
  await assert.rejects(attempt(), { code: "spotify_uncertain" });
  assert.equal(isBegun(recordNow()), true, "it may have been carried out");
  await attempt();
  assert.equal(only(account).name, "T");
});

test("an update that came halfway stays begun, also when the next attempt is refused", async () => {
  const { account, attempt, recordNow } = await world({ target: "p1" });
  account.playlists.set("p1", { name: "old", description: "", uris: [], cover: null });
  account.fails = { replace: [quota()], details: [] };
  await assert.rejects(attempt(), { code: "spotify_quota" });
  assert.equal(isBegun(recordNow()), true);
  account.fails = { details: [expired()] };
  await assert.rejects(attempt(), { code: "login_expired" });
  assert.equal(isBegun(recordNow()), true);
});
