// The list as the artist edits it. Pure: every function returns a new list, or the same one where nothing changes.

// Enough for an afternoon; older steps are forgotten first.
const MOST_STEPS = 50;

/** What tells a row from all others, wherever it stands: own tracks need not have an id. */
export const keyOf = (row) => row.track_id ?? `own${row.twin ?? ""}:${row.title}`;

export const placeOf = (list, key) => list.rows.findIndex((row) => keyOf(row) === key);

export const isPinned = (list, key) => list.pinned.includes(key);

const sameName = (one, other) => one.toLowerCase() === other.toLowerCase();

const isBanned = (row, banned) =>
  !row.own && banned.some(({ name }) => row.artists.some((artist) => sameName(artist, name)));

/**
 * The list that an answer of the service makes. What the artist did to the list `before` holds on: rows that were taken
 * out stay out, also when that happened while the answer was on its way, and pinned rows stand where they stood.
 */
export function fromAnswer(answer, before = null) {
  const { removed = [], banned = [], pinned = [] } = before ?? {};
  const isOut = (row) => !row.own && (removed.includes(row.track_id) || isBanned(row, banned));
  const reserves = answer.reserves.filter((row) => !isOut(row));
  const rows = toldApart(answer.tracks).map((row) => (isOut(row) ? reserves.shift() : row)).filter(Boolean);
  const kept = pinned.filter((key) => rows.some((row) => keyOf(row) === key));
  return {
    rows: atPlaces(rows, before === null ? [] : kept.map((key) => [key, placeOf(before, key)])),
    reserves,
    removed,
    banned,
    pinned: kept,
  };
}

/** Own tracks that are not on Spotify yet may bear one title, as versions of a song do: all but the first are twins. */
function toldApart(rows) {
  const met = new Map();
  return rows.map((row) => {
    if (row.track_id) return row;
    const twin = met.get(row.title) ?? 0;
    met.set(row.title, twin + 1);
    return twin === 0 ? row : { ...row, twin };
  });
}

/** `rows` with each `[key, place]` at its place, or at the end of a list that has become shorter. */
function atPlaces(rows, places) {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  const moved = places.filter(([, place]) => place >= 0).sort((one, other) => one[1] - other[1]);
  const isMoved = new Set(moved.map(([key]) => key));
  const placed = rows.filter((row) => !isMoved.has(keyOf(row)));
  for (const [key, place] of moved) placed.splice(place, 0, byKey.get(key));
  return placed;
}

/** Take a row out; the first reserve moves into its place. An own track stays: the list is made around it. */
export function remove(list, key) {
  const row = list.rows.find((one) => keyOf(one) === key);
  if (!row || row.own) return list;
  return { ...without(list, (one) => one === row), removed: [...list.removed, row.track_id] };
}

/** Keep a row where it is, also when the list is made anew. */
export function pin(list, key) {
  return placeOf(list, key) < 0 || isPinned(list, key) ? list : { ...list, pinned: [...list.pinned, key] };
}

export function unpin(list, key) {
  return isPinned(list, key) ? { ...list, pinned: list.pinned.filter((one) => one !== key) } : list;
}

/** Nothing more by the first artist of a row, in the list and among the reserves. */
export function ban(list, key) {
  const row = list.rows.find((one) => keyOf(one) === key);
  if (!row || row.own) return list;
  const artist = { name: row.artists[0], id: row.artist_ids?.[0] ?? null };
  const reserves = list.reserves.filter((one) => !isBanned(one, [artist]));
  return { ...without({ ...list, reserves }, (one) => isBanned(one, [artist])), banned: [...list.banned, artist] };
}

/** Allow an artist again. What left the list with the ban comes back when the list is made anew. */
export function unban(list, name) {
  return list.banned.some((artist) => artist.name === name)
    ? { ...list, banned: list.banned.filter((artist) => artist.name !== name) }
    : list;
}

/** Whether rows have left for which there was no reserve any more. */
export const isShort = (list, answer) => list.reserves.length === 0 && list.rows.length < answer.tracks.length;

/** Put a row at another place. It is pinned there, or the next list would undo the artist's hand. */
export function move(list, from, to) {
  const last = list.rows.length - 1;
  const place = Math.min(Math.max(to, 0), last);
  if (!(from >= 0 && from <= last) || from === place || !Number.isInteger(place)) return list;
  const row = list.rows[from];
  return pin({ ...list, rows: list.rows.toSpliced(from, 1).toSpliced(place, 0, row) }, keyOf(row));
}

/** Replace the rows that `isOut` by reserves, from the top, or close the gaps when there are none left. */
function without(list, isOut) {
  const reserves = [...list.reserves];
  const gone = new Set(list.rows.filter(isOut).map(keyOf));
  return {
    ...list,
    rows: list.rows.map((row) => (gone.has(keyOf(row)) ? reserves.shift() : row)).filter(Boolean),
    reserves,
    pinned: list.pinned.filter((key) => !gone.has(key)),
  };
}

/** Rows in the order of `keys`, as a shared link tells it; others follow in their own order. */
export function inOrder(list, keys) {
  const rank = new Map(keys.map((key, place) => [key, place]));
  const rankOf = (row) => rank.get(keyOf(row)) ?? keys.length;
  return { ...list, rows: list.rows.toSorted((one, other) => rankOf(one) - rankOf(other)) };
}

/** What was done, to be undone. Steps are opaque here: whatever has to come back together. */
export const History = {
  empty: { past: [], future: [] },

  /** `step` is what stood before a change that is made now; what had been undone is thereby given up. */
  record: ({ past }, step) => ({ past: [...past, step].slice(-MOST_STEPS), future: [] }),

  /** `{history, step}` to return to from `present`, or `null` when there is nothing to undo. */
  undo: ({ past, future }, present) =>
    past.length === 0
      ? null
      : { history: { past: past.slice(0, -1), future: [present, ...future] }, step: past.at(-1) },

  redo: ({ past, future }, present) =>
    future.length === 0
      ? null
      : { history: { past: [...past, present], future: future.slice(1) }, step: future[0] },
};
