// Makes sure that one playlist is made where one was meant: by double clicks, lost answers and reloads alike.
//
// The service makes at most one playlist per idempotency key. So a key belongs to exactly one content, is kept over a
// reload, and is given up only when an answer says how it ended.

import { Remembered } from "./storage.js";

const unfinished = new Remembered("sessionStorage", "unfinished");
const made = new Remembered("localStorage", "playlists");

// The oldest are forgotten; nobody updates the twenty-first playlist before it from the same browser.
const MOST_REMEMBERED = 20;

/** The request that was sent and not carried out as far as we know: `{key, body, isWaiting}` or `null`. */
export const unfinishedPublication = () => unfinished.get();

/** The key for this content: the one from before if it was the same content, else a new one. Kept from now on. */
export function keyFor(body) {
  const before = unfinished.get();
  const isSame = before !== null && JSON.stringify(before.body) === JSON.stringify(body);
  const key = isSame ? before.key : crypto.randomUUID();
  unfinished.set({ key, body, isWaiting: true });
  return key;
}

/** An answer came, though not the one hoped for. The key is kept, because an earlier attempt may have come further. */
export const noteRefusal = () => unfinished.set({ ...unfinished.get(), isWaiting: false });

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
