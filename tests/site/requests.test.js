import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { USUAL_WISHES } from "../../infra/site/address.js";
import { recommendationRequest, seedRequest } from "../../infra/site/requests.js";

const ID = "4HJ7mSMtHAdU55lLjGE4zW";
const known = {
  track_id: ID,
  title: "A",
  artists: ["B"],
  features: { energy: 0.5, tempo: 100 },
  features_source: "reccobeats",
  features_rough: false,
};
const refused = { position: 0, track_id: ID, title: "A", artists: ["B"], tried: [] };

test("a link is asked for as it is, and a seed of an answer is sent back as it came", () => {
  assert.equal(seedRequest({ text: ID, known: null, given: null }), ID);
  assert.equal(seedRequest({ text: ID, known, given: null }), known);
});

test("what is asked first is what handlers and benchmarks are tried with", () => {
  const recorded = JSON.parse(readFileSync(new URL("../events/api_recommend.json", import.meta.url)));
  const seeds = [{ text: "https://open.spotify.com/track/0aB1cD2eF3gH4iJ5kL6mN7", known: null, given: null }];
  const body = JSON.stringify(recommendationRequest({ seeds, wishes: USUAL_WISHES, list: null }));
  assert.equal(recorded.body, body);
  assert.equal(recorded.headers["content-length"], String(body.length));
});

test("what a refusal knew is not sent, since the service knows it", () => {
  assert.equal(seedRequest({ text: ID, known: refused, given: null }), ID);
  assert.deepEqual(seedRequest({ text: ID, known: refused, given: { followers: 12 } }), { track: ID, followers: 12 });
});

test("a track that is not on Spotify is told without a link", () => {
  const given = { title: "A", artists: ["B"], followers: 0, features: { energy: 0.5 } };
  assert.deepEqual(seedRequest({ text: null, known: null, given }), given);
});

test("features by hand outrank those that were found, and both sources are named", () => {
  const given = { features: { energy: 0.9 }, followers: 5 };
  assert.deepEqual(seedRequest({ text: ID, known, given }), {
    track_id: ID,
    title: "A",
    artists: ["B"],
    followers: 5,
    features: { energy: 0.9, tempo: 100 },
    features_source: "reccobeats and given",
    features_by_hand: ["energy"],
  });
});

test("what was heard in a file is not called given", () => {
  const given = { features: { energy: 0.9, tempo: 90 }, features_source: "audio_file" };
  const sent = seedRequest({ text: ID, known, given });
  assert.equal(sent.features_source, "reccobeats and audio_file");
  assert.equal(sent.features_by_hand, undefined);
});

test("edits travel along: what was removed, banned and pinned, but not own tracks", () => {
  const rows = [{ track_id: ID, own: true }, { track_id: "b".repeat(22), own: false }];
  const list = {
    rows,
    removed: ["r".repeat(22)],
    banned: [
      { name: "X", id: null },
      { name: "Y", id: "y".repeat(22) },
    ],
    pinned: [ID, "b".repeat(22), "own:Mine"],
  };
  const body = recommendationRequest({ seeds: [{ text: ID, known: null, given: null }], wishes: USUAL_WISHES, list });
  assert.deepEqual(body.pinned, ["b".repeat(22)]);
  assert.deepEqual(body.filters, {
    explicit: "allow",
    year_from: null,
    year_to: null,
    exclude_tracks: ["r".repeat(22)],
    exclude_artists: ["X", "y".repeat(22)],
  });
  assert.deepEqual(body.seeds, [ID]);
});

test("only the latest of very many exclusions are sent, as many as the service takes", () => {
  const removed = Array.from({ length: 700 }, (_, place) => String(place).padStart(22, "0"));
  const list = { rows: [], removed, banned: [], pinned: [] };
  const body = recommendationRequest({ seeds: [], wishes: USUAL_WISHES, list });
  assert.equal(body.filters.exclude_tracks.length, 500);
  assert.equal(body.filters.exclude_tracks.at(-1), removed.at(-1));
});
