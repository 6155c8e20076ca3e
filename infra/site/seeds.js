// What is known of the artist's own track, and what the artist tells of it. Pure.

/** The features that a listener can judge, in the order of the sliders. */
export const JUDGED = ["energy", "danceability", "acousticness", "valence", "tempo", "instrumentalness"];

const STEPS = 5;

/** On which of five steps a share of 0 to 1 lies; a listener's ear is no finer. */
export const stepOf = (share) => Math.min(STEPS - 1, Math.max(0, Math.floor(share * STEPS)));

/** A number as people write it (12,500 or 12 500 or 12.500), or `null`. */
export function countOf(text) {
  const digits = text.trim().replace(/(?<=\d)[,. '’\u00a0\u202f](?=\d{3}(?!\d))/g, "");
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

/** The parts of "reccobeats and given". */
export const sourcesOf = (joined) => (joined ?? "").split(" and ").filter(Boolean);

/** What is usual in these genres: the mean of what is usual in each one that is on offer; `{}` for none. */
export function typicalOf(genres, names) {
  const offered = (genres ?? []).filter(({ name }) => names.includes(name));
  return Object.fromEntries(
    JUDGED.flatMap((feature) => {
      const values = offered.map(({ typical }) => typical?.[feature]).filter(Number.isFinite);
      return values.length > 0 ? [[feature, values.reduce((sum, one) => sum + one, 0) / values.length]] : [];
    }),
  );
}

/** What the service calls missing of this seed; everything for a track that it was never asked about. */
export function missingOf(seed, place) {
  const position = String(seed.known?.position ?? place);
  return seed.problem?.missing?.[position] ?? [];
}

const isSame = (seed, told) =>
  told.track_id === null
    ? !seed.text && (seed.known?.title ?? seed.given?.title) === told.title
    : seed.known?.track_id === told.track_id || Boolean(seed.text?.includes(told.track_id));

const ALBUM = /\balbum[/:]/;

/**
 * The seeds of the state in the places of those that the service `told`: more where one was an album, fewer where two
 * were the same track. `create(text)` makes the further ones.
 */
export function seedsAsTold(seeds, told, create) {
  if (told.length === 0) return seeds;
  const left = new Set(seeds);
  const claim = (seed) => left.delete(seed) && seed;
  const same = told.map((one) => claim(seeds.find((seed) => left.has(seed) && isSame(seed, one))));
  // A short link does not tell its track: it is known by its place, where nothing came or went.
  const isByPlace = told.length === seeds.length;
  return told.map((one, place) => {
    const found = same[place] || (isByPlace && claim(seeds[place])) || create(one.track_id);
    // What is asked about it from here on is asked about a track.
    return one.track_id && ALBUM.test(found.text ?? "") ? { ...found, text: one.track_id } : found;
  });
}

/**
 * What the artist told, as the state keeps it. `draft`: `{title, artist, followers, genre, released, hand, heard}`;
 * `hand` are features by hand, `heard` is `{features, source, byHand, durationMs}` from a file, or `null`. `known`:
 * what a refusal or an answer said of the track, or `null`.
 */
export function givenOf(draft, known = null) {
  const given = {};
  const title = draft.title.trim();
  const artist = draft.artist.trim();
  // What a service told and nobody changed is left to it: its answer is kept, and tells cover and date besides.
  if (title && title !== known?.title) given.title = title;
  if (artist && artist !== known?.artists?.join(", ")) given.artists = [artist];
  const followers = countOf(draft.followers);
  // A popularity that came with an answer was estimated from another number.
  if (followers !== null) Object.assign(given, { followers, artist_popularity: null, popularity_source: null });
  if (draft.genre) given.genres = [draft.genre];
  if (draft.released) given.release_date = draft.released;
  const hand = Object.keys(draft.hand);
  if (draft.heard || hand.length > 0) {
    const byHand = [...new Set([...(draft.heard?.byHand ?? []), ...hand])];
    const sources = [...sourcesOf(draft.heard?.source).filter((one) => one !== "given"), byHand.length > 0 && "given"];
    given.features = { ...draft.heard?.features, ...draft.hand };
    given.features_source = sources.filter(Boolean).join(" and ");
    given.features_by_hand = byHand;
    if (draft.heard?.durationMs) given.duration_ms = draft.heard.durationMs;
  }
  return given;
}

/** The album that all of several tracks are from, or `null`: by one artist, since many albums are called alike. */
export function albumOf(seeds) {
  const [{ album, artists } = {}, ...others] = seeds;
  const isShared = others.every((seed) => seed.album === album && seed.artists?.[0] === artists?.[0]);
  return album && others.length > 0 && isShared ? album : null;
}
