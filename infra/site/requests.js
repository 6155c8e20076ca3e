// What is asked of the service for a state of the page. Pure.

import { ID, USUAL_WISHES } from "./address.js";

const MOST_EXCLUSIONS = 500;
const MOST_PINNED = 100;

// What a refusal knew of a seed, and what was tried for it, the service still knows when it is asked again.
const isComplete = (known) => Boolean(known) && known.tried === undefined;

/** The seed as the service takes it: with all that is known, so that no outside quota is spent on it again. */
export function seedRequest({ text, known, given }) {
  if (isComplete(known)) return given ? merged(known, given) : known;
  const track = text ? { track: text } : {};
  return given ? { ...track, ...given } : text;
}

/** What was given outranks what was known; which features are by hand travels along. */
function merged(known, { features, features_source: source, features_by_hand: byHand, ...given }) {
  if (!features) return { ...known, ...given };
  const told = source ?? "given";
  const sources = [...new Set([...known.features_source.split(" and "), ...told.split(" and ")])];
  const hand = byHand ?? (told.split(" and ").includes("given") ? Object.keys(features) : null);
  const { features_rough: _, ...rest } = known;
  return {
    ...rest,
    ...given,
    features: { ...known.features, ...features },
    features_source: sources.join(" and "),
    ...(hand && { features_by_hand: hand }),
  };
}

/** The body of `POST /api/recommendations`. `list` may be `null`; `pinned` are ids to keep besides the pinned rows. */
export function recommendationRequest({ seeds, wishes, list }, pinned = []) {
  const { filters, ...others } = wishes;
  const kept = [...new Set([...pinned, ...(list?.pinned ?? [])])].filter((id) => ID.test(id));
  const own = new Set((list?.rows ?? []).filter((row) => row.own).map((row) => row.track_id));
  const ids = kept.filter((id) => !own.has(id)).slice(0, MOST_PINNED);
  return {
    ...USUAL_WISHES,
    ...others,
    seeds: seeds.map(seedRequest),
    filters: {
      ...filters,
      exclude_tracks: (list?.removed ?? []).slice(-MOST_EXCLUSIONS),
      exclude_artists: (list?.banned ?? []).map((artist) => artist.id ?? artist.name).slice(-MOST_EXCLUSIONS),
    },
    // The page shows reasons as they are written.
    reason_parts: false,
    ...(ids.length > 0 && { pinned: ids }),
  };
}
