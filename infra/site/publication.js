// Makes sure that one playlist is made where one was meant: by double clicks, lost answers, reloads and further tabs.
//
// The service makes at most one playlist per idempotency key. So a key belongs to exactly one content, is kept over a
// reload, and is given up only when an answer says how it ended, or when the reader gives it up. Other tabs that send
// the same content send the same key, and get the answer to the first of them.

import { Remembered } from "./storage.js";

const unfinished = new Remembered("sessionStorage", "unfinished");
const made = new Remembered("localStorage", "playlists");
// `{key, content}` of what was sent from any tab to create a playlist, newest first.
const sent = new Remembered("localStorage", "sent");
// Keys that this tab has given up: for the same content it takes another one.
const over = new Remembered("sessionStorage", "over");

// The oldest are forgotten; nobody updates the twenty-first playlist before it from the same browser.
const MOST_REMEMBERED = 20;
const MOST_KEYS = 20;

// Answers after which nobody knows yet whether there is a playlist.
const OPEN_CODES = ["publication_unknown", "publishing_unfinished", "publication_in_progress", "internal_error"];
// Statuses of answers to what the request says; it was never accepted before either.
const REFUSALS = [400, 404, 413, 422];

/** The request that was sent and not carried out as far as we know: `{key, body, names, about, …}` or `null`. */
export const unfinishedPublication = () => unfinished.get();

/** The same, if the playlist may have been made all the same: another request could make a second one. */
export function openPublication() {
  const last = unfinished.get();
  return last?.isWaiting || last?.isOpen ? last : null;
}

/**
 * The key for this content: the one from before, of this tab or another one, if it was the same content, else a new
 * one. Kept from now on.
 */
export function keyFor(body, names, about) {
  const before = unfinished.get();
  const isSame = before !== null && JSON.stringify(before.body) === JSON.stringify(body);
  const { key, isOpen } = isSame ? before : { key: sharedKey(body), isOpen: false };
  unfinished.set({ key, body, names, about, isOpen, isWaiting: true });
  return key;
}

/** An update may be repeated as often as one likes, so only creations are shared between tabs. */
function sharedKey(body) {
  if (body.playlist_id) return crypto.randomUUID();
  const content = JSON.stringify(body);
  const known = sent.get() ?? [];
  const given = over.get() ?? [];
  const same = known.find((one) => one.content === content && !given.includes(one.key));
  const key = same?.key ?? crypto.randomUUID();
  const others = known.filter((one) => one.content !== content);
  sent.set([{ key, content }, ...others].slice(0, MOST_KEYS));
  return key;
}

/** No playlist came of it this time. The key is kept, because this attempt or an earlier one may have come further. */
export function noteProblem(problem) {
  const before = unfinished.get();
  const leavesOpen = before.isOpen || problem.isUncertain || OPEN_CODES.includes(problem.code);
  unfinished.set({ ...before, isWaiting: false, isOpen: leavesOpen && !REFUSALS.includes(problem.status) });
}

/** Give up the key: the next request of this tab is another one, even with the same content. */
export function finishPublication() {
  const last = unfinished.get();
  if (last) over.set([last.key, ...(over.get() ?? [])].slice(0, MOST_KEYS));
  unfinished.set(null);
}

/** Playlists that this browser may update, newest first: `{id, title, editToken, at}`. */
export const rememberedPlaylists = () => made.get() ?? [];

export function rememberPlaylist(playlist) {
  const others = rememberedPlaylists().filter((other) => other.id !== playlist.id);
  made.set([playlist, ...others].slice(0, MOST_REMEMBERED));
}

export function forgetPlaylist(id) {
  made.set(rememberedPlaylists().filter((playlist) => playlist.id !== id));
}
