// What a reader pastes.

import assert from "node:assert/strict";
import test from "node:test";

import { linksIn, linksToAsk, looksLikeLink } from "../../infra/site/links.js";

const A = "https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW";
const B = "https://open.spotify.com/intl-de/track/5HJ7mSMtHAdU55lLjGE4zW?si=1";

test("links and ids are told from words", () => {
  const id = "4HJ7mSMtHAdU55lLjGE4zW";
  for (const text of [A, B, `spotify:track:${id}`, id, "open.spotify.com/track/x"]) {
    assert.equal(looksLikeLink(`  ${text} `), true, text);
  }
  for (const text of ["", "love", id.slice(1), "A song: part 2"]) assert.equal(looksLikeLink(text), false, text);
});

test("every link of a longer text is found once, in its order", () => {
  assert.deepEqual(linksIn(`${A}\n${B}\n${A}`), [A, B]);
  assert.deepEqual(linksIn(`Listen: <${A}>, or (${B}) and spotify:album:4HJ7mSMtHAdU55lLjGE4zW.`.replace(/\.$/, "")), [
    A,
    B,
    "spotify:album:4HJ7mSMtHAdU55lLjGE4zW",
  ]);
  assert.deepEqual(linksIn("no link at all"), []);
});

test("links that a field of one line joined are taken apart again", () => {
  assert.deepEqual(linksIn(A + B + A.replace("4HJ7", "6HJ7")), [A, B, A.replace("4HJ7", "6HJ7")]);
});

test("an embed code and a message ask for the link in them", () => {
  const embed = "https://open.spotify.com/embed/track/4HJ7mSMtHAdU55lLjGE4zW?utm_source=generator";
  const code = `<iframe style="border-radius:12px" src="${embed}" width="100%" allow="autoplay; x"></iframe>`;
  assert.deepEqual(linksToAsk(code), [embed]);
  assert.deepEqual(linksToAsk(`Listen to Naufragio ${A}.`), [A]);
  assert.deepEqual(linksToAsk("Listen: open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW!"), [
    "open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW",
  ]);
  assert.deepEqual(linksToAsk(`https://me.example/about and ${A}`), [A]);
});

test("what holds no link stays as it is, for the service to judge", () => {
  for (const text of ["4HJ7mSMtHAdU55lLjGE4zW", "https://me.example/about"]) assert.deepEqual(linksToAsk(text), [text]);
});

test("a link within a link is no second one", () => {
  const link = `${A}?context=spotify:album:5HJ7mSMtHAdU55lLjGE4zW`;
  assert.deepEqual(linksIn(link), [link]);
});
