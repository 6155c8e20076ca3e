// How big the artists may be: the service counts points above the artist's own place, a reader sees places 0 to 100.
// Pure.

export const TOP = 100;

/** What the service takes when nothing is asked for. */
export const USUAL = Object.freeze({ min_lift: 10, max_lift: 60 });

/** Choices by one press. The usual one is asked for as no band at all, which may widen in every direction. */
export const PRESETS = Object.freeze([
  Object.freeze({ name: "bit", min_lift: 1, max_lift: 25 }),
  Object.freeze({ name: "usual", ...USUAL }),
  Object.freeze({ name: "much", min_lift: 30, max_lift: 80 }),
  Object.freeze({ name: "stars", min_lift: 50, max_lift: 100 }),
]);

/** The artist's own place, which is that of the biggest of several artists; `null` while it is not known. */
export function ownPlace(answer) {
  const places = (answer?.seeds ?? []).map((seed) => seed.artist_popularity).filter(Number.isFinite);
  return places.length > 0 ? Math.max(...places) : null;
}

/** The lowest place that a bigger artist can have. */
export const lowestPlace = (own) => Math.min(TOP, (own ?? 0) + 1);

/** The places `{low, high}` of a band of lifts (`null`: the usual one) above `own`. */
export function placesOf(band, own) {
  const { min_lift: min, max_lift: max } = band ?? USUAL;
  const low = Math.min(TOP, own + min);
  return { low, high: Math.max(low, Math.min(TOP, own + max)) };
}

/**
 * The band of lifts that reaches from place `low` to `high`, or `null` for the usual one. A band up to the top stays
 * open upwards, so that it still is for another track.
 */
export function bandOf({ low, high }, own) {
  const band = { min_lift: Math.max(1, low - own), max_lift: high >= TOP ? TOP : Math.max(1, high - own) };
  return presetOf(band, own) === "usual" ? null : band;
}

/** The name of the preset that a band is, seen from `own`, or `null`. */
export function presetOf(band, own) {
  const asked = placesOf(band, own);
  const same = PRESETS.find((preset) => {
    if (!isPossible(preset, own)) return false;
    const places = placesOf(preset, own);
    return places.low === asked.low && places.high === asked.high;
  });
  return same?.name ?? null;
}

/** Whether there can be anybody so much bigger. */
export const isPossible = (preset, own) => own + preset.min_lift <= TOP;

/** How many tracks have an artist from place `low` to `high`; `null` without the service's count. */
export function tracksBetween(tracksAt, low, high) {
  if (!Array.isArray(tracksAt)) return null;
  return tracksAt.slice(low, high + 1).reduce((sum, count) => sum + count, 0);
}
