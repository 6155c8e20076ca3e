// What of the list is sent to make a playlist of it, under whichever account. Pure.

import { words } from "./en.js";
import { urisOf } from "./export.js";

// As many as the service takes.
const MOST_SEEDS = 20;
const MOST_RESERVES = 15;

/** The list's tracks, own ones and reserves as URIs, and at which places those stand that are not on Spotify yet. */
export const contentOf = ({ rows, reserves }) => ({
  uris: urisOf(rows),
  seeds: urisOf(rows.filter((row) => row.own)).slice(0, MOST_SEEDS),
  reserves: urisOf(reserves).slice(0, MOST_RESERVES),
  unreleased: rows.flatMap(({ uri, title, artists }, place) => (uri ? [] : [{ position: place + 1, title, artists }])),
});

/** Equal for requests that make the same playlist of it, whichever playlist they are to update. */
export const contentKey = ({ playlist_id: _, edit_token: __, ...content }) => JSON.stringify(content);

/** What each track is called, by its URI, so that it can be told by name when the list is another one. */
export const namesOf = ({ rows, reserves }) =>
  Object.fromEntries(
    [...rows, ...reserves]
      .filter((row) => row.uri)
      .map((row) => [row.uri, words.share.named(row.title, row.artists.join(", "))]),
  );
