// How one track's sound lies beside another's: the numbers of the detail below a row. Pure.

import { tempoTurn, wheelSteps } from "./flow.js";

/** Features that are shares of 1, in the order in which they are shown. */
export const SHARES = [
  "energy",
  "danceability",
  "valence",
  "acousticness",
  "instrumentalness",
  "speechiness",
  "liveness",
];

// Smaller differences than these are not told: nobody hears them.
const SAME_TEMPO_OCTAVES = 0.015;
const SAME_LOUDNESS_DB = 0.5;

const known = (features, name) => (Number.isFinite(features?.[name]) ? features[name] : null);

/** Each share of both: `{ name, track, seed, difference }`; what is not known is `null`. */
export function sharesBeside(track, seed) {
  return SHARES.map((name) => {
    const [one, other] = [known(track, name), known(seed, name)];
    return { name, track: one, seed: other, difference: one === null || other === null ? null : one - other };
  });
}

/** Both tempos, and by how many BPM the track is faster once half and double time count as the same. */
export function tempoBeside(track, seed) {
  const [one, other] = [known(track, "tempo"), known(seed, "tempo")];
  const turn = tempoTurn(seed ?? {}, track ?? {});
  if (turn === null) return { track: one, seed: other, difference: null, time: null };
  const octaves = Math.round(Math.log2(one / other));
  return {
    track: one,
    seed: other,
    difference: Math.abs(turn) < SAME_TEMPO_OCTAVES ? 0 : one / 2 ** octaves - other,
    time: octaves === 0 ? null : octaves > 0 ? "double" : "half",
  };
}

export function loudnessBeside(track, seed) {
  const [one, other] = [known(track, "loudness"), known(seed, "loudness")];
  const difference = one === null || other === null ? null : one - other;
  return {
    track: one,
    seed: other,
    difference: difference !== null && Math.abs(difference) < SAME_LOUDNESS_DB ? 0 : difference,
  };
}

/** Steps on the Camelot wheel from the seed's key to the track's, or `null`. */
export const keyBeside = (track, seed) => wheelSteps(track ?? {}, seed ?? {});

/** The place of the seed whose shares lie nearest to the track's: the first, where nothing can be compared. */
export function nearestSeed(track, seeds) {
  const distances = seeds.map(({ features }) => {
    const squares = sharesBeside(track, features)
      .filter(({ difference }) => difference !== null)
      .map(({ difference }) => difference ** 2);
    return squares.length === 0 ? Infinity : squares.reduce((sum, square) => sum + square, 0) / squares.length;
  });
  return Math.max(0, distances.indexOf(Math.min(...distances)));
}
