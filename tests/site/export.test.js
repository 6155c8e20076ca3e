// Exports: what spreadsheets, players and the clipboard get.

import assert from "node:assert/strict";
import test from "node:test";

import { fileName, toCsv, toJspf, toUris } from "../../infra/site/export.js";

const row = (changes = {}) => ({
  own: false,
  track_id: "4HJ7mSMtHAdU55lLjGE4zW",
  uri: "spotify:track:4HJ7mSMtHAdU55lLjGE4zW",
  url: "https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW",
  title: "Cold Water",
  artists: ["Hello Emerson", "Ann"],
  album: "Above the Floorboards",
  release_year: 2019,
  artist_popularity: 70,
  lift: 55,
  similarity: 0.93,
  reason: "same energy",
  ...changes,
});
const unreleased = row({
  own: true,
  track_id: null,
  uri: null,
  url: null,
  title: "New",
  album: null,
  release_year: null,
});

test("a table has the columns of the command line, and one line for each row", () => {
  const [head, first, second, ...rest] = toCsv([row(), unreleased]).split("\r\n");
  assert.equal(
    head,
    "position,own,artists,title,album,release_year,artist_popularity,lift,similarity,reason,uri,url,to_do",
  );
  assert.equal(
    first,
    "1,no,Hello Emerson; Ann,Cold Water,Above the Floorboards,2019,70,55,0.93,same energy," +
      "spotify:track:4HJ7mSMtHAdU55lLjGE4zW,https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW,",
  );
  assert.equal(
    second,
    "2,yes,Hello Emerson; Ann,New,,,70,55,0.93,same energy,,,Not on Spotify yet: add it at place 2 on release day.",
  );
  assert.deepEqual(rest, [""]);
});

for (const start of ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"]) {
  test(`a spreadsheet does not run a title that begins like ${JSON.stringify(start)}`, () => {
    const [, line] = toCsv([row({ title: start })]).split("\r\n");
    assert.ok(line.includes(`,'${start},`), line);
  });
}

test("commas, quotes and line breaks stay inside their cell", () => {
  const csv = toCsv([row({ title: 'a "b", c\nd' })]);
  assert.ok(csv.includes(',"a ""b"", c\nd",'), csv);
});

test("addresses to paste leave out what is not on Spotify", () => {
  assert.equal(toUris([unreleased, row()]), "spotify:track:4HJ7mSMtHAdU55lLjGE4zW\n");
});

test("a playlist file says where each track is, and what has to be added", () => {
  const { playlist } = JSON.parse(toJspf([row(), unreleased], { title: "T “x”", genres: ["country", "folk"] }));
  assert.equal(playlist.title, "T “x”");
  assert.equal(playlist.annotation, "Genre: country and folk.");
  assert.deepEqual(playlist.track[0], {
    title: "Cold Water",
    creator: "Hello Emerson, Ann",
    annotation: "same energy",
    trackNum: 1,
    album: "Above the Floorboards",
    identifier: ["https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"],
  });
  assert.equal(playlist.track[1].annotation, "Not on Spotify yet: add it at place 2 on release day.");
  assert.equal("identifier" in playlist.track[1], false);
});

test("file names hold nothing that a file system keeps for itself", () => {
  assert.equal(fileName('../a/b:c*?"<>|\u0000\u202e', ".csv"), "a b c.csv");
  assert.equal(fileName("...", ".csv"), "Daltonify.csv");
  assert.equal([...fileName("🎵".repeat(500), ".csv")].length, 84);
});
