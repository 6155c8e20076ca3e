// What an edit did to the list, so that it can be told. Pure.

import { keyOf } from "./playlist.js";

/** Rows that left the list and rows that came in, and whether those that stayed stand in another order. */
export function changesBetween(before, after) {
  const [old, now] = [before.rows.map(keyOf), after.rows.map(keyOf)];
  const [wasThere, isThere] = [new Set(old), new Set(now)];
  const stayed = now.filter((key) => wasThere.has(key));
  const order = old.filter((key) => isThere.has(key));
  return {
    gone: before.rows.filter((row) => !isThere.has(keyOf(row))),
    come: after.rows.filter((row) => !wasThere.has(keyOf(row))),
    isReordered: stayed.some((key, place) => key !== order[place]),
  };
}

/** Rows with the one at `from` put at `to`. */
export const movedRows = (rows, from, to) => rows.toSpliced(from, 1).toSpliced(to, 0, rows[from]);

/**
 * The list's artists, the biggest first: the first-named artist of each row, with `rows` in the list's order. An own
 * artist comes before another of the same size.
 */
export function artistsBySize(rows) {
  const artists = new Map();
  for (const row of rows) {
    const name = row.artists[0] ?? "";
    const artist = artists.get(name) ?? { name, own: false, popularity: row.artist_popularity ?? null, rows: [] };
    artists.set(name, { ...artist, own: artist.own || Boolean(row.own), rows: [...artist.rows, row] });
  }
  return [...artists.values()].sort(
    (one, other) => (other.popularity ?? -1) - (one.popularity ?? -1) || Number(other.own) - Number(one.own),
  );
}
