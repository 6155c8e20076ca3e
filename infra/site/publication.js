// Makes sure that one playlist is made where one was meant: by double clicks, lost answers and reloads alike.
//
// The service makes at most one playlist per idempotency key. So a key belongs to exactly one content, is kept over a
// reload, and is given up only when an answer says how it ended, or when the reader gives it up.

import { Remembered } from "./storage.js";

const unfinished = new Remembered("sessionStorage", "unfinished");
const made = new Remembered("localStorage", "playlists");

// The oldest are forgotten; nobody updates the twenty-first playlist before it from the same browser.
const MOST_REMEMBERED = 20;

// Answers after which nobody knows yet whether there is a playlist.
const OPEN_CODES = ["publication_unknown", "publishing_unfinished", "publication_in_progress", "internal_error"];
// Statuses of answers to what the request says; it was never accepted before either.
const REFUSALS = [400, 404, 413, 422];

/** The request that was sent and not carried out as far as we know: `{key, body, names, …}` or `null`. */
export const unfinishedPublication = () => unfinished.get();

/** The same, if the playlist may have been made all the same: another request could make a second one. */
export function openPublication() {
  const sent = unfinished.get();
  return sent?.isWaiting || sent?.isOpen ? sent : null;
}

/** The key for this content: the one from before if it was the same content, else a new one. Kept from now on. */
export function keyFor(body, names) {
  const before = unfinished.get();
  const isSame = before !== null && JSON.stringify(before.body) === JSON.stringify(body);
  const { key, isOpen } = isSame ? before : { key: crypto.randomUUID(), isOpen: false };
  unfinished.set({ key, body, names, isOpen, isWaiting: true });
  return key;
}

/** No playlist came of it this time. The key is kept, because this attempt or an earlier one may have come further. */
export function noteProblem(problem) {
  const before = unfinished.get();
  const leavesOpen = before.isOpen || problem.isUncertain || OPEN_CODES.includes(problem.code);
  unfinished.set({ ...before, isWaiting: false, isOpen: leavesOpen && !REFUSALS.includes(problem.status) });
}

/** Give up the key: the next request is another one, even with the same content. */
export const finishPublication = () => unfinished.set(null);

/** Playlists that this browser may update, newest first: `{id, title, editToken, at}`. */
export const rememberedPlaylists = () => made.get() ?? [];

export function rememberPlaylist(playlist) {
  const others = rememberedPlaylists().filter((other) => other.id !== playlist.id);
  made.set([playlist, ...others].slice(0, MOST_REMEMBERED));
}

export function forgetPlaylist(id) {
  made.set(rememberedPlaylists().filter((playlist) => playlist.id !== id));
}
