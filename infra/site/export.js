// The list in forms that other programs take, the same as the command line writes (daltonify_core/playlist/export.py).

import { words } from "./en.js";

// A spreadsheet runs a cell that starts like this, and titles such as "=" or "+44" exist. Full-width forms are the same
// signs to some of them; tab and carriage return hide a sign behind white space. (OWASP, "CSV Injection".)
const FORMULA_START = /^ *[=+\-@\t\r\n＝＋－＠]/u;

const CSV_COLUMNS = [
  "position",
  "own",
  "artists",
  "title",
  "album",
  "release_year",
  "artist_popularity",
  "lift",
  "similarity",
  "reason",
  "uri",
  "url",
  "to_do",
];

/** The rows' Spotify URIs in their order; what is not on Spotify has none. */
export const urisOf = (rows) => rows.map((row) => row.uri).filter(Boolean);

/** One URI a line, ready to be pasted into a playlist. */
export const toUris = (rows) =>
  urisOf(rows)
    .map((uri) => `${uri}\n`)
    .join("");

/** A table for spreadsheets; text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function toCsv(rows) {
  const lines = rows.map((row, place) => [
    place + 1,
    row.own ? "yes" : "no",
    harmless(row.artists.join("; ")),
    harmless(row.title),
    harmless(row.album ?? ""),
    row.release_year ?? "",
    row.artist_popularity ?? "",
    row.lift ?? "",
    row.similarity ?? "",
    harmless(row.reason ?? ""),
    row.uri ?? "",
    row.url ?? "",
    toDo(row, place),
  ]);
  return [CSV_COLUMNS, ...lines].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** A JSPF document; `identifier` holds the track's page on Spotify. */
export function toJspf(rows, { title, genres }) {
  const playlist = {
    title,
    creator: words.take.export.creator,
    ...(genres.length > 0 && { annotation: words.take.export.genre(genres) }),
    track: rows.map((row, place) => ({
      title: row.title,
      creator: row.artists.join(", "),
      annotation: toDo(row, place) || row.reason,
      trackNum: place + 1,
      ...(row.album && { album: row.album }),
      ...(row.url && { identifier: [row.url] }),
    })),
  };
  return `${JSON.stringify({ playlist }, null, 2)}\n`;
}

/** What a file may be called on every system; `suffix` with its full stop. */
export function fileName(title, suffix) {
  const plain = title
    // Signs that file systems keep for themselves, what nobody sees, and halves of characters.
    .replace(/[\\/:*?"<>|\p{Cc}\p{Cf}\p{Cs}]/gu, " ")
    .replace(/\s+/gu, " ")
    .replace(/^[ .]+|[ .]+$/gu, "");
  const short = [...plain].slice(0, 80).join("").trim();
  return `${short || words.take.export.creator}${suffix}`;
}

function toDo(row, place) {
  return row.uri ? "" : words.take.export.toDo(place + 1);
}

function harmless(text) {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

function cell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
