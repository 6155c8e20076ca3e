// One playlist in the reader's own account, however often it is clicked, reloaded or left without an answer.
//
// As in the service (infra/decisions, "One record, one reference"): before a creation is sent, the record says so; a
// creation without an answer is looked for by the reference in the description before another one is sent; what fills
// a playlist may be repeated. The records are kept in this browser, one for each content.

import { Problem } from "./api.js";
import { words } from "./en.js";
import { Remembered } from "./storage.js";

const records = new Remembered("localStorage", "own");
const MOST_RECORDS = 20;
const MOST_PER_CALL = 100;
// After this long a playlist that is not in the account's complete list was not made.
const SETTLE_SECONDS = 120;
const POLL_SECONDS = 30;
const INCOMPLETE_LIST_SECONDS = 3600;
const FILL_ATTEMPTS = 3;
const UNSETTLED = ["spotify_uncertain", "spotify_offline", "login_expired"];

/** The steps in their order; an update changes the details where a new playlist is created. */
export const STEPS = ["login", "create", "fill", "check", "cover"];

// --- the records ---

/**
 * The name of a content: equal contents make one playlist. `target` is the playlist that it is to replace, `again`
 * counts how often the reader wanted another one of the same.
 */
export async function keyOf({ title, description, uris, target = null, again = 0 }) {
  const text = JSON.stringify([title, description, uris, target, again]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const recordOf = (key) => all()[key] ?? null;

/** A record to begin with. `content`: `{title, description, uris, reserves, unreleased, names, about, seeds}`. */
export const newRecord = (key, content, { cover = null, target = null, at }) => ({
  key,
  content,
  cover,
  target,
  reference: `ref ${key.slice(0, 10)}`,
  at,
  createSentAt: null,
  updateSentAt: null,
  playlistId: target,
  refused: [],
  retryAt: null,
  done: null,
});

export function saveRecord(record) {
  const others = Object.values(all()).filter((other) => other.key !== record.key);
  const newest = [record, ...others.sort((one, other) => other.at - one.at)].slice(0, MOST_RECORDS);
  records.set(Object.fromEntries(newest.map((kept) => [kept.key, kept])));
}

export function dropRecord(key) {
  const { [key]: _, ...others } = all();
  records.set(others);
}

/** Whether anything was sent that may have made or changed a playlist. */
export const isBegun = ({ createSentAt, updateSentAt, playlistId, target }) =>
  Boolean(createSentAt || updateSentAt || (playlistId && !target));

/** The newest record of which something was sent and that is not done, or `null`. */
export function unfinishedRecord() {
  return newestFirst().find((record) => !record.done && isBegun(record)) ?? null;
}

/** Playlists that this browser made, newest first: `{id, title, seeds, at}`, each once. */
export function ownPlaylists() {
  const found = new Map();
  for (const { done, content, at } of newestFirst()) {
    if (done && !found.has(done.id))
      found.set(done.id, { id: done.id, title: content.title, seeds: content.seeds, at });
  }
  return [...found.values()];
}

/** Forget a playlist that is gone, and all that was sent for it. */
export function forgetOwnPlaylist(id) {
  for (const record of newestFirst()) if (record.playlistId === id) dropRecord(record.key);
}

const all = () => records.get() ?? {};
const newestFirst = () => Object.values(all()).sort((one, other) => other.at - one.at);

// --- one attempt ---

/**
 * Go on with a record until the playlist is made and filled; resolves to the finished record. `save(record)` is called
 * before and after whatever cannot be taken back, `tell(step)` when a step begins, `now()` gives milliseconds,
 * `coverOf(record)` the picture as base64 text or `null`. Rejects with a `Problem`; the saved record then says how far
 * it came, and the same call goes on from there.
 */
export async function carryOut(record, { account, save, tell, now, coverOf }) {
  let current = record;
  const change = (changes) => {
    current = { ...current, ...changes };
    save(current);
  };
  const text = {
    name: record.content.title,
    description: [record.content.description, record.reference].filter(Boolean).join(" · "),
  };
  try {
    tell("create");
    if (!current.playlistId) change({ playlistId: await findOrCreate(), createSentAt: null });
    if (current.target) await changeDetails();
    tell("fill");
    const filled = await fill();
    let coverProblem = null;
    if (current.cover) {
      tell("cover");
      coverProblem = await setCover();
    }
    change({ done: { id: current.playlistId, ...filled, coverProblem }, retryAt: null });
    return current;
  } catch (error) {
    if (error instanceof Problem) change({ retryAt: error.retryAt?.getTime() ?? null });
    throw error;
  }

  async function findOrCreate() {
    if (current.createSentAt) {
      const found = await findUnanswered();
      if (found) return found;
    }
    // Saved first: whoever comes after a crash has to know that a playlist may exist.
    change({ createSentAt: now() });
    try {
      return await account.createPlaylist(text);
    } catch (error) {
      if (error.code !== "spotify_uncertain") {
        change({ createSentAt: null });
        throw error;
      }
      const found = await findUnanswered();
      if (found) return found;
      throw unknown(POLL_SECONDS);
    }
  }

  async function changeDetails() {
    const wasSent = current.updateSentAt;
    if (!wasSent) change({ updateSentAt: now() });
    try {
      await account.changeDetails(current.playlistId, text);
    } catch (error) {
      if (!wasSent && error.code !== "spotify_uncertain") change({ updateSentAt: null });
      throw error;
    }
  }

  /** The playlist whose creation was not answered; `null` when it is certain that there is none. */
  async function findUnanswered() {
    const { ids, isComplete } = await account.findPlaylists(current.reference);
    // The oldest: it stays the same one if more of them turn up later.
    if (ids.length > 0) return ids.at(-1);
    if (!isComplete) throw unknown(INCOMPLETE_LIST_SECONDS);
    const left = SETTLE_SECONDS - (now() - current.createSentAt) / 1000;
    if (left > 0) throw unknown(Math.min(POLL_SECONDS, Math.ceil(left)));
    return null;
  }

  function unknown(seconds) {
    const retryAt = new Date(now() + seconds * 1000);
    return new Problem({ code: "own_unknown", message: words.take.own.problems.own_unknown, retryAt });
  }

  async function fill() {
    const { uris, reserves } = current.content;
    for (let attempts = 0; attempts < FILL_ATTEMPTS;) {
      const lineup = lineUp(uris, reserves, current.refused);
      const refused = await write(lineup.uris);
      if (refused === null) {
        attempts += 1;
        continue;
      }
      if (refused.length > 0) {
        change({ refused: [...current.refused, ...refused] });
        continue;
      }
      tell("check");
      const rows = await account.readItems(current.playlistId);
      if (rows.length !== lineup.uris.length) {
        attempts += 1;
        continue;
      }
      const dead = lineup.uris.filter((_, place) => !rows[place].uri || !rows[place].isPlayable);
      if (dead.length > 0) {
        change({ refused: [...current.refused, ...dead] });
        continue;
      }
      return { tracks: rows.length, replaced: lineup.replaced, leftOut: lineup.leftOut };
    }
    throw new Problem({ code: "own_unfinished", message: words.take.own.problems.own_unfinished });
  }

  /** Replace the content; the tracks that Spotify does not know, or `null` when the answer was lost. */
  async function write(uris) {
    try {
      for (let start = 0; start === 0 || start < uris.length; start += MOST_PER_CALL) {
        const chunk = uris.slice(start, start + MOST_PER_CALL);
        const isTaken = await takes(start === 0 ? "replaceItems" : "appendItems", chunk);
        if (!isTaken) return await search(chunk);
      }
      return [];
    } catch (error) {
      if (error.code === "spotify_uncertain") return null;
      throw error;
    }
  }

  /**
   * Spotify takes a list whole or not at all and does not say which track it does not know, so that is found by
   * halving. What is appended meanwhile is taken away by the replacement that follows.
   */
  async function search(group) {
    if (group.length <= 1) return group;
    const middle = Math.ceil(group.length / 2);
    const refused = [];
    for (const half of [group.slice(0, middle), group.slice(middle)]) {
      if (!(await takes("appendItems", half))) refused.push(...(await search(half)));
    }
    return refused;
  }

  async function takes(write, uris) {
    try {
      await account[write](current.playlistId, uris);
      return true;
    } catch (error) {
      if (error.code === "spotify_refused" && error.status === 400) return false;
      throw error;
    }
  }

  /**
   * A playlist without its cover is a playlist all the same: why it has none, or `null`. Where the picture may have
   * arrived, or could at once after another login, the attempt is not over: setting it again does no harm.
   */
  async function setCover() {
    try {
      const picture = await coverOf(current);
      if (picture) await account.setCover(current.playlistId, picture);
      return null;
    } catch (error) {
      if (!(error instanceof Problem) || UNSETTLED.includes(error.code)) throw error;
      return error.code;
    }
  }
}

/** Give each refused track's place to the next reserve that was not refused; places without one close up. */
export function lineUp(uris, reserves, refused) {
  const dead = new Set(refused);
  const wanted = new Set(uris);
  const substitutes = reserves.filter((uri) => !dead.has(uri) && !wanted.has(uri));
  const chosen = uris.map((uri) => [uri, dead.has(uri) ? (substitutes.shift() ?? null) : uri]);
  return {
    uris: chosen.map(([, now]) => now).filter(Boolean),
    replaced: chosen.filter(([from, to]) => to && to !== from).map(([from, to]) => ({ from, to })),
    leftOut: chosen.filter(([, to]) => !to).map(([from]) => from),
  };
}

/** Run while no other tab is at work on the same record; `busy()` says so where one is. */
export async function alone(key, work, busy) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`daltonify.own.${key}`, { ifAvailable: true }, (lock) => (lock ? work() : busy()));
}
