// Suggested titles, descriptions and texts: they fit, and they borrow nobody's name.

import assert from "node:assert/strict";
import test from "node:test";

import {
  aboutList,
  descriptions,
  embedCode,
  lengthOf,
  moodOf,
  namesOfOthers,
  playlistIdIn,
  readyTexts,
  tidy,
  titles,
} from "../../infra/site/suggestions.js";

const other = (title, artists, features = { energy: 0.8, valence: 0.8, acousticness: 0.1 }) => ({
  own: false,
  uri: `spotify:track:${title}`,
  title,
  artists,
  features,
});
const own = (title = "Second Kingdom", artists = ["Wilvane"]) => ({
  own: true,
  uri: "spotify:track:own",
  title,
  artists,
  features: {},
});
const answer = { genre: { used: ["country", "folk"] }, seeds: [{ title: "Second Kingdom", artists: ["Wilvane"] }] };
const rows = [other("A", ["Big Name"]), other("B", ["Air"]), own(), other("C", ["Very Famous", "Big Name"])];

test("several titles are offered, of which none names another artist of the list", () => {
  const about = aboutList(rows, answer);
  const offered = titles(about, 80);
  assert.ok(offered.length >= 4);
  assert.equal(new Set(offered).size, offered.length);
  for (const text of [...offered, ...descriptions(about, 200)]) {
    assert.deepEqual(namesOfOthers(text, rows, about), []);
    for (const claim of [/feat/i, /endorse/i, /official/i, /spotify/i, /streams/i]) assert.doesNotMatch(text, claim);
  }
  assert.equal(offered[0], "Sounds like Second Kingdom");
  assert.ok(offered.includes("Bright country and folk"));
  assert.equal(about.place, 3);
});

test("a place is told as it is on Spotify, and none for a track that is not there yet", () => {
  const unreleased = { ...own("Demo"), uri: null };
  const told = (list) => descriptions(aboutList(list, answer), 200).join(" ");
  assert.match(told([rows[0], own(), rows[1]]), /at number 2/);
  assert.doesNotMatch(told([rows[0], unreleased, rows[1]]), /at number/);
  assert.doesNotMatch(told([unreleased, rows[0], own()]), /at number/, "another song of the artist's");
});

for (const title of [
  "x".repeat(500),
  "🎵".repeat(300),
  "\u202eabc\u0007",
  "<script>alert(1)</script>",
  "ملك".repeat(90),
]) {
  test(`suggestions stay within the limits for ${JSON.stringify(title.slice(0, 12))}`, () => {
    const about = aboutList([own(title), ...rows.slice(0, 2)], answer);
    for (const text of titles(about, 80)) assert.ok(lengthOf(text) <= 80 && text.length > 0, text);
    for (const text of descriptions(about, 200)) assert.ok(lengthOf(text) <= 200, text);
    for (const text of [...titles(about, 80), ...descriptions(about, 200)])
      assert.doesNotMatch(text, /[\p{Cc}\u202e]/u);
  });
}

test("a list without an own row and without a genre still gets a title", () => {
  const about = aboutList([other("A", ["Big Name"])], { seeds: [{ title: "Mine", artists: ["Me"] }] });
  assert.deepEqual(titles(about, 80)[0], "Sounds like Mine");
  assert.equal(about.place, null);
});

test("the mood follows energy, positivity and acousticness, and is empty without numbers", () => {
  const of = (energy, valence, acousticness) => moodOf([other("", [], { energy, valence, acousticness })]);
  assert.equal(of(0.9, 0.2, 0), "fierce");
  assert.equal(of(0.2, 0.2, 0.9), "melancholic");
  assert.equal(of(0.2, 0.6, 0.9), "quiet");
  assert.equal(moodOf([{ own: false }]), "");
});

test("a name of another artist in the title is noticed, whole and in any case", () => {
  const about = aboutList(rows, answer);
  assert.deepEqual(namesOfOthers("songs for fans of BIG NAME!", rows, about), ["Big Name"]);
  assert.deepEqual(namesOfOthers("Big Namesake", rows, about), []);
  assert.deepEqual(namesOfOthers("Fresh air", rows, about), [], "a word that happens to be a name");
});

test("the artist's own name is theirs, also when another artist has it", () => {
  const mine = [own("Song", ["Big Name Band"]), other("A", ["Big Name"])];
  assert.deepEqual(namesOfOthers("The Big Name Band mix", mine, aboutList(mine, answer)), []);
});

test("ready texts hold the link and promise nothing", () => {
  const texts = readyTexts({ title: "T", link: "https://example.test/p", about: aboutList(rows, answer) });
  assert.deepEqual(
    texts.map(({ id }) => id),
    ["post", "story", "mail"],
  );
  for (const { text } of texts) {
    assert.ok(text.includes("https://example.test/p"));
    assert.doesNotMatch(text, /guarantee|streams|million|viral|#1/i);
  }
});

test("a title cannot break out of the embed code", () => {
  const code = embedCode("https://open.spotify.com/embed/playlist/x", '"><script>alert(1)</script>');
  assert.equal(code.match(/</g).length, 2);
  assert.ok(code.includes('title="&quot;&gt;&lt;script&gt;'));
});

test("a playlist is found in every form of its link, and in nothing else", () => {
  const id = "37i9dQZF1DXcBWIGoYBM5M";
  for (const text of [
    `https://open.spotify.com/playlist/${id}?si=abc`,
    `open.spotify.com/intl-pt-br/playlist/${id}`,
    ` spotify:playlist:${id} `,
    `https://open.spotify.com/embed/playlist/${id}`,
    `http://127.0.0.1:9/playlist/${id}`,
  ]) {
    assert.equal(playlistIdIn(text, "http://127.0.0.1:9/playlist/"), id, text);
  }
  for (const text of [
    "",
    id,
    `https://evil.test/playlist/${id}`,
    `https://open.spotify.com/track/${id}`,
    "spotify:playlist:x",
  ]) {
    assert.equal(playlistIdIn(text, "http://127.0.0.1:9/playlist/"), null, text);
  }
});

test("a tidy text is on one line and holds nothing unseen", () => {
  assert.equal(tidy(" a\n\tb\u2066\ud800 c "), "a b c");
});
