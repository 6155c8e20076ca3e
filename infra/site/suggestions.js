// What a playlist could be called and described as, and ready texts to share it. They name the artist's own track only:
// the other artists did not take part, and a title with their names would borrow them.

import { words } from "./en.js";
import { shortened } from "./words.js";

// As the service refuses them: nobody sees them, and they can make a text show something else than it holds.
const UNSEEN = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;
// Artists called "Air" or "Love" do not own these words.
const SHORTEST_NAME = 5;
const LOW = 0.38;
const HIGH = 0.62;

/** Text as it may stand in a title: on one line, without characters that nobody sees. */
export const tidy = (text) => text.replace(UNSEEN, " ").replace(/\s+/gu, " ").trim();

/** Characters as the service counts them. */
export const lengthOf = (text) => [...text.normalize("NFC")].length;

/** The mood of the rows in one word, by the means of their energy, positivity and acousticness. */
export function moodOf(rows) {
  const energy = mean(rows, "energy");
  const valence = mean(rows, "valence");
  const acousticness = mean(rows, "acousticness");
  const { moods } = words.take;
  if (energy === null) return moods.plain;
  if (energy >= HIGH)
    return valence !== null && valence < LOW ? moods.fierce : valence >= HIGH ? moods.bright : moods.lively;
  if (energy <= LOW) {
    if (valence !== null && valence < LOW) return moods.blue;
    return acousticness !== null && acousticness >= HIGH ? moods.quiet : moods.calm;
  }
  if (acousticness !== null && acousticness >= HIGH) return moods.warm;
  return valence !== null && valence < LOW ? moods.wistful : moods.easy;
}

/**
 * What is told about a list in titles and texts: `{seed, artist, genre, mood, others, place}`. The place is the one on
 * Spotify: `null` for a track that is not there yet.
 */
export function aboutList(rows, answer) {
  const own = rows.find((row) => row.own) ?? answer?.seeds?.[0];
  const place = rows.filter((row) => row.uri).indexOf(own);
  return {
    seed: tidy(own?.title ?? ""),
    artist: tidy(own?.artists?.[0] ?? ""),
    genre: tidy(words.take.genres(answer?.genre?.used ?? [])),
    mood: moodOf(rows.filter((row) => !row.own)),
    others: rows.filter((row) => !row.own).length,
    place: place < 0 ? null : place + 1,
  };
}

/** Several titles to pick from, the plainest first; each within `limit` characters. */
export const titles = (about, limit) => within(words.take.titles(about), limit);

/** Several descriptions to pick from. */
export const descriptions = (about, limit) => within(words.take.descriptions(about), limit);

/**
 * Names of other artists of the list that stand in a text, so that the page can advise against them. The artist's own
 * name and track, and the genre, are their own.
 */
export function namesOfOthers(text, rows, about) {
  const own = [about.seed, about.artist, about.genre].map((part) => part.toLocaleLowerCase());
  const said = ` ${plainly(text)} `;
  const names = rows.filter((row) => !row.own).flatMap((row) => row.artists);
  return [...new Set(names)].filter((name) => {
    const plain = plainly(name);
    if (plain.length < SHORTEST_NAME || own.some((part) => ` ${plainly(part)} `.includes(` ${plain} `))) return false;
    return said.includes(` ${plain} `);
  });
}

/** Texts that are ready to be sent: `[{id, label, text, subject?}]`. */
export function readyTexts({ title, link, about }) {
  return words.share.texts({ ...about, title: tidy(title), link });
}

/** The code that shows a playlist on another site. The title is the artist's own text, so it is made harmless. */
export function embedCode(address, title) {
  return (
    `<iframe title="${attribute(tidy(title))}" src="${attribute(address)}" width="100%" height="352" ` +
    'style="border:0;border-radius:12px" loading="lazy" ' +
    'allow="autoplay; clipboard-write; encrypted-media; fullscreen; picture-in-picture"></iframe>'
  );
}

/** The id in a link to a Spotify playlist, or `null`. `pages` is where playlists of this installation are opened. */
export function playlistIdIn(text, pages = "") {
  const trimmed = text.trim();
  if (pages && trimmed.startsWith(pages)) return idIn(trimmed.slice(pages.length));
  const uri = trimmed.match(/^spotify:playlist:(.*)$/i);
  if (uri) return idIn(uri[1]);
  const link = trimmed.match(/^(?:https?:\/\/)?open\.spotify\.com\/(?:intl-[a-z-]+\/)?(?:embed\/)?playlist\/(.*)$/i);
  return link ? idIn(link[1]) : null;
}

const idIn = (rest) => rest.match(/^([0-9A-Za-z]{22})(?:[/?#].*)?$/)?.[1] ?? null;

const plainly = (text) =>
  text
    .toLocaleLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

const attribute = (text) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function within(texts, limit) {
  return [...new Set(texts.filter(Boolean).map((text) => shortened(tidy(text), limit)))];
}

function mean(rows, feature) {
  const values = rows.map((row) => row.features?.[feature]).filter(Number.isFinite);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}
