// Which 30 seconds of a track represent it, and what of a whole track is drawn.

import { STEPS_A_SECOND } from "./loudness.js";

// Stretches that differ by less are as loud as each other, and the first of them counts.
const AS_LOUD_DB = 0.01;

/**
 * Where the loudest stretch of `wanted` seconds begins, in seconds; 0 for a track that is no longer. `steps` are the
 * weighted mean squares of tenths of a second, each of which lasts `stepSeconds`.
 */
export function loudestStart(steps, seconds, wanted, stepSeconds = 1 / STEPS_A_SECOND) {
  if (seconds <= wanted) return 0;
  const width = Math.min(Math.round(wanted * STEPS_A_SECOND), steps.length);
  const summed = [0];
  for (const step of steps) summed.push(summed.at(-1) + step);
  const stretches = summed.slice(width).map((sum, place) => sum - summed[place]);
  const enough = stretches.reduce((most, value) => Math.max(most, value), 0) * 10 ** (-AS_LOUD_DB / 10);
  return stretches.findIndex((stretch) => stretch >= enough) * stepSeconds;
}

/** Heights in 0..1 for `count` bars of a waveform: the greatest peak in each, by the greatest of all. */
export function barsOf(peaks, count) {
  const bars = Math.min(count, peaks.length);
  const most = peaks.reduce((so_far, peak) => Math.max(so_far, peak), 0) || 1;
  return Array.from({ length: bars }, (_, bar) => {
    const part = peaks.slice(Math.floor((bar * peaks.length) / bars), Math.floor(((bar + 1) * peaks.length) / bars));
    return part.reduce((so_far, peak) => Math.max(so_far, peak), 0) / most;
  });
}

/** A place that an excerpt may begin at, to the tenth of a second. */
export function placeOf(start, seconds, wanted) {
  const last = Math.max(seconds - wanted, 0);
  return Math.min(Math.max(Math.round(start * 10) / 10, 0), last);
}
