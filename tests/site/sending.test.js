import assert from "node:assert/strict";
import test from "node:test";

import { contentKey, contentOf, namesOf } from "../../infra/site/sending.js";

const row = (name, more = {}) => ({ uri: `spotify:track:${name}`, title: name, artists: [`By ${name}`], ...more });
const list = {
  rows: [row("a"), row("mine", { own: true }), row("demo", { own: true, uri: null }), row("b")],
  reserves: Array.from({ length: 16 }, (_, place) => row(`r${place}`)),
};

test("tracks travel as URIs, and what is not on Spotify by its place in the list", () => {
  const { uris, seeds, reserves, unreleased } = contentOf(list);
  assert.deepEqual(uris, ["spotify:track:a", "spotify:track:mine", "spotify:track:b"]);
  assert.deepEqual(seeds, ["spotify:track:mine"]);
  assert.equal(reserves.length, 15);
  assert.deepEqual(unreleased, [{ position: 3, title: "demo", artists: ["By demo"] }]);
});

test("every track that has a URI has a name", () => {
  const names = namesOf(list);
  assert.equal(Object.keys(names).length, 19);
  assert.match(names["spotify:track:r0"], /r0.*By r0/);
});

test("making a playlist and updating it are the same content, until a track or a word changes", () => {
  const body = { title: "Mine", ...contentOf(list) };
  assert.equal(contentKey({ ...body, playlist_id: "p", edit_token: "NEVERLOGME" }), contentKey(body));
  assert.notEqual(contentKey({ ...body, title: "Other" }), contentKey(body));
  assert.notEqual(contentKey({ ...body, uris: body.uris.toReversed() }), contentKey(body));
});
