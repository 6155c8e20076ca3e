// What only the artist knows of a track: whether somebody sings, and which of its possible tempos people count.

import { roundHalfEven } from "./fourier.js";

// Instrumentalness of tracks with and without vocals; what lies between is guessing. With vocals the middle of such
// tracks is meant: a bare 0 is what only a third of them have, and it finds less.
export const WITH_VOCALS = 0.0001;
export const WITHOUT_VOCALS = 0.8;
/** BPM that a track may have. */
export const TEMPO_RANGE = [20, 400];
const OFFERED_BPM = [30, 300];
const OCTAVES = { as_is: 1, double: 2, half: 0.5 };

/** The ways to count a tempo that was found: `{value, bpm}`; none where no beat was. */
export function tempoOptions(bpm) {
  if (bpm === undefined || bpm === null) return [];
  return Object.entries(OCTAVES)
    .map(([value, factor]) => ({ value, bpm: oneDecimal(bpm * factor) }))
    .filter(({ value, bpm: counted }) => value === "as_is" || (counted >= OFFERED_BPM[0] && counted <= OFFERED_BPM[1]));
}

/**
 * The features with what the artist says in place of what was measured. `vocals` is `null` where nothing was said;
 * `tempo` is a way to count the one that was found, or "none" to be without one.
 */
export function applyAnswers(features, { vocals = null, tempo = "as_is" } = {}) {
  const { tempo: found, ...rest } = features;
  const answered = vocals === null ? rest : { ...rest, instrumentalness: vocals ? WITH_VOCALS : WITHOUT_VOCALS };
  if (tempo === "none" || found === undefined) return answered;
  return { ...answered, tempo: oneDecimal(found * OCTAVES[tempo]) };
}

/** Rounded as Python does it: by the number's exact value, and true halves to the even digit. */
export const oneDecimal = (value) =>
  Number.isInteger(value * 4) ? roundHalfEven(value * 10) / 10 : Number(value.toFixed(1));
