// What is known of a track, and what the artist tells of it.

import assert from "node:assert/strict";
import test from "node:test";

import {
  albumOf,
  countOf,
  givenOf,
  missingOf,
  seedsAsTold,
  sourcesOf,
  stepOf,
  typicalOf,
} from "../../infra/site/seeds.js";

const empty = { title: "", artist: "", followers: "", genre: "", released: "", hand: {}, heard: null };

test("numbers are read as people write them", () => {
  for (const text of ["12500", "12,500", "12 500", "12.500", "12’500", " 12\u00a0500 ", "12\u202f500"]) {
    assert.equal(countOf(text), 12500, text);
  }
  assert.equal(countOf("0"), 0);
  for (const text of ["", "many", "-1", "1.5", "12,50", "1e3", "9".repeat(16)]) assert.equal(countOf(text), null, text);
});

test("shares fall on five steps, the ends included", () => {
  assert.deepEqual([0, 0.19, 0.2, 0.5, 0.99, 1].map(stepOf), [0, 0, 1, 2, 4, 4]);
});

test("several sources are told apart", () => {
  assert.deepEqual(sourcesOf("reccobeats and given"), ["reccobeats", "given"]);
  assert.deepEqual(sourcesOf(null), []);
});

test("what is usual in two genres lies between them", () => {
  const genres = [
    { name: "rock", typical: { energy: 0.8, tempo: 120 } },
    { name: "folk", typical: { energy: 0.4, tempo: 100 } },
    { name: "edm", typical: { energy: 1, tempo: 128 } },
  ];
  const usual = typicalOf(genres, ["rock", "folk"]);
  assert.ok(Math.abs(usual.energy - 0.6) < 1e-9);
  assert.equal(usual.tempo, 110);
  assert.equal("valence" in usual, false);
  assert.deepEqual(typicalOf(null, ["rock"]), {});
});

test("what is missing is read at the seed's own place in the refusal", () => {
  const problem = { missing: { 1: ["features"] } };
  assert.deepEqual(missingOf({ known: { position: 1 }, problem }, 0), ["features"]);
  assert.deepEqual(missingOf({ known: null, problem }, 1), ["features"]);
  assert.deepEqual(missingOf({ known: null, problem: null }, 0), []);
});

test("only what was told is given", () => {
  assert.deepEqual(givenOf(empty), {});
  const draft = { ...empty, title: " A ", artist: "B", followers: "1,200", genre: "rock", released: "2027-01-02" };
  assert.deepEqual(givenOf(draft), {
    title: "A",
    artists: ["B"],
    followers: 1200,
    artist_popularity: null,
    popularity_source: null,
    genres: ["rock"],
    release_date: "2027-01-02",
  });
});

test("names that a service told stay those of the service until they are changed", () => {
  const known = { title: "A", artists: ["B", "C"] };
  assert.deepEqual(givenOf({ ...empty, title: "A", artist: "B, C" }, known), {});
  assert.deepEqual(givenOf({ ...empty, title: "A (live)", artist: "B, C" }, known), { title: "A (live)" });
});

test("features by hand are told from those of a file", () => {
  const heard = { features: { energy: 0.7, tempo: 120 }, source: "measured", byHand: ["tempo"], durationMs: 200_000 };
  assert.deepEqual(givenOf({ ...empty, hand: { energy: 0.9 }, heard }), {
    features: { energy: 0.9, tempo: 120 },
    features_source: "measured and given",
    features_by_hand: ["tempo", "energy"],
    duration_ms: 200_000,
  });
  assert.equal(givenOf({ ...empty, heard: { ...heard, byHand: [] } }).features_source, "measured");
  assert.equal(givenOf({ ...empty, hand: { energy: 0 } }).features_source, "given");
});

test("an album becomes its tracks, and what was told of one track stays with it", () => {
  const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(22));
  const mine = { id: 1, text: A, known: null, given: { followers: 5 } };
  const album = { id: 2, text: "spotify:album:x", known: null, given: null };
  const create = (text) => ({ id: text, text });
  const told = [A, B, C].map((id) => ({ track_id: id, title: id }));
  assert.deepEqual(
    seedsAsTold([mine, album], told, create).map(({ id }) => id),
    [1, B, C],
  );
});

test("the same track twice is one seed, and one that is not on Spotify is known by its title", () => {
  const A = "a".repeat(22);
  const unreleased = { id: 3, text: null, known: null, given: { title: "Draft" } };
  const told = [
    { track_id: A, title: "A" },
    { track_id: null, title: "Draft" },
  ];
  const seeds = [{ id: 1, text: A, known: null }, { id: 2, text: `spotify:track:${A}`, known: null }, unreleased];
  assert.deepEqual(
    seedsAsTold(seeds, told, () => assert.fail()).map(({ id }) => id),
    [1, 3],
  );
  assert.equal(seedsAsTold(seeds, [], () => assert.fail()), seeds);
});

test("an album and one of its own tracks keep their tracks, although there are as many of them as before", () => {
  const [A, B] = ["a", "b"].map((letter) => letter.repeat(22));
  const album = { id: 1, text: `https://open.spotify.com/album/${"x".repeat(22)}`, known: null, given: null };
  const mine = { id: 2, text: `https://open.spotify.com/track/${A}`, known: null, given: { followers: 5 } };
  const told = [A, B].map((id) => ({ track_id: id, title: id }));
  const found = seedsAsTold([album, mine], told, (text) => ({ id: 3, text }));
  assert.deepEqual(found, [mine, { id: 3, text: B }]);
});

test("seeds that are told in another order stay with their tracks", () => {
  const [A, B] = ["a", "b"].map((letter) => letter.repeat(22));
  const seeds = [A, B].map((id) => ({ id, text: id, known: null }));
  const told = [B, A].map((id) => ({ track_id: id, title: id }));
  assert.deepEqual(
    seedsAsTold(seeds, told, () => assert.fail()).map(({ id }) => id),
    [B, A],
  );
});

test("a short link is known by its place, and an album of one track is asked about as that track from then on", () => {
  const [A, B] = ["a", "b"].map((letter) => letter.repeat(22));
  const short = { id: 1, text: "https://spotify.link/xyz", known: null };
  const single = { id: 2, text: "spotify:album:x", known: null };
  const told = [A, B].map((id) => ({ track_id: id, title: id }));
  assert.deepEqual(
    seedsAsTold([short, single], told, () => assert.fail()),
    [short, { ...single, text: B }],
  );
});

test("two versions of one title that are not on Spotify stay two seeds", () => {
  const versions = [1, 2].map((id) => ({ id, text: null, known: null, given: { title: "Draft" } }));
  const told = versions.map(() => ({ track_id: null, title: "Draft" }));
  assert.deepEqual(
    seedsAsTold(versions, told, () => assert.fail()),
    versions,
  );
});

test("several tracks of one album are told by its name, and nothing else is", () => {
  const track = (album, artist = "Wilvane") => ({ album, artists: [artist, "Guest"] });
  assert.equal(albumOf([track("Kites"), track("Kites")]), "Kites");
  for (const others of [
    [],
    [track("Kites")],
    [track("Kites"), track("Tides")],
    [track("Kites"), track("Kites", "Somebody Else")],
    [track(null), track(null)],
  ]) {
    assert.equal(albumOf(others), null);
  }
});
