// The beat of a clip: how long it takes until the onsets repeat, and so the tempo, exact up to octaves.

import { FRAME, HOP, MEL_BANDS, RATE } from "./filter_banks.js";
import { Fourier, hann, powerOfTwoAbove, roundHalfEven } from "./fourier.js";

export const REFERENCE_BPM = 120;

const FASTEST_BPM = 320;
const SLOWEST_SHOWN_BPM = 40;
// Frames in eight seconds: long enough for two bars of a slow song, short enough to follow a band that drifts.
const WINDOW = Math.floor((8 * RATE) / HOP);
const FRAMES_A_MINUTE = (60 * RATE) / HOP;
const LIKELIHOOD_GAIN = 1e6;
const FOLLOWED_BEATS = 16;
// Times one by the root of the number of frames, which is how far noise strays from never repeating.
const REPEATING = 4.5;
// Frames in four seconds, a slow bar.
const LONGEST_REPEAT = Math.floor((4 * RATE) / HOP);
const SHARPEST_SHARE = 0.02;
// Chords that swell rise by .4 dB a frame at most; the softest drums by 1.5.
const SHARP_DB = 0.6;
const TINY = Number.MIN_VALUE;

/**
 * The beat of a spectrogram in dB, `frames` times 128 mel bands in one array, with frames 512 samples apart.
 *
 * `lagBpm` is the tempo of a whole number of frames, as the model knows it; `bpm` is refined over many beats and lies
 * in 40..320. Unless it `isClear` both are only the likeliest of numbers that mean nothing. Of two tempos that explain
 * the onsets alike, the one nearer to 120 BPM is taken.
 */
export function findBeat(melDb, frames) {
  const onsets = onsetsOf(melDb, frames);
  const repeats = repeatsOf(onsets);
  let lag = 1;
  let best = -Infinity;
  for (let candidate = 1; candidate < WINDOW; candidate += 1) {
    const tempo = FRAMES_A_MINUTE / candidate;
    if (tempo >= FASTEST_BPM) continue;
    const prior = -0.5 * Math.log2(tempo / REFERENCE_BPM) ** 2;
    const score = Math.log1p(LIKELIHOOD_GAIN * Math.max(repeats[candidate], 0)) + prior;
    if (score > best) [lag, best] = [candidate, score];
  }
  let bpm = FRAMES_A_MINUTE / refined(onsets, lag);
  while (bpm < SLOWEST_SHOWN_BPM) bpm *= 2;
  return { lagBpm: FRAMES_A_MINUTE / lag, bpm: Math.min(bpm, FASTEST_BPM), isClear: isClear(onsets) };
}

/** How much louder each frame is than the one before, mean over bands, set where its sound begins. */
function onsetsOf(melDb, frames) {
  const onsets = new Float64Array(frames);
  const delay = 1 + FRAME / (2 * HOP);
  for (let frame = 1; frame < frames && frame - 1 + delay < frames; frame += 1) {
    let sum = 0;
    for (let place = frame * MEL_BANDS; place < (frame + 1) * MEL_BANDS; place += 1) {
      sum += Math.max(0, melDb[place] - melDb[place - MEL_BANDS]);
    }
    onsets[frame - 1 + delay] = sum / MEL_BANDS;
  }
  return onsets;
}

/**
 * Autocorrelation of the onsets within windows of eight seconds around each frame, mean over the windows, by lag in
 * frames; 1 at lag 0, or 0 throughout where there are no onsets.
 */
function repeatsOf(onsets) {
  const half = WINDOW / 2;
  const count = onsets.length;
  const padded = new Float64Array(count + WINDOW);
  padded.set(onsets, half);
  for (let place = 0; place < half; place += 1) {
    padded[place] = (onsets[0] * place) / half;
    padded[count + WINDOW - 1 - place] = (onsets[count - 1] * place) / half;
  }
  const window = hann(WINDOW);
  const fourier = new Fourier(powerOfTwoAbove(2 * WINDOW - 1));
  const real = new Float64Array(fourier.size);
  const imaginary = new Float64Array(fourier.size);
  const result = new Float64Array(WINDOW);
  for (let frame = 0; frame < count; frame += 1) {
    real.fill(0);
    for (let place = 0; place < WINDOW; place += 1) real[place] = padded[frame + place] * window[place];
    fourier.autocorrelate(real, imaginary);
    let greatest = 0;
    for (let lag = 0; lag < WINDOW; lag += 1) greatest = Math.max(greatest, Math.abs(real[lag]));
    if (greatest <= TINY) continue;
    for (let lag = 0; lag < WINDOW; lag += 1) result[lag] += real[lag] / greatest;
  }
  return result.map((sum) => sum / count);
}

/**
 * Whether sounds begin sharply, and again after the same time, over the whole clip. The windows above cannot tell:
 * noise repeats in some of them, and they leave its mean in.
 */
function isClear(onsets) {
  const count = onsets.length;
  if (count <= 2 * LONGEST_REPEAT || quantile(onsets, 1 - SHARPEST_SHARE) < SHARP_DB) return false;
  const correlation = autocorrelation(onsets);
  const shortest = Math.floor(FRAMES_A_MINUTE / FASTEST_BPM);
  // The longer the lag, the fewer frames are compared.
  const repeats = Array.from({ length: LONGEST_REPEAT - shortest }, (_, place) => {
    const lag = place + shortest;
    return ((correlation[lag] / correlation[0]) * count) / (count - lag);
  });
  // A slow rise and fall is most like itself a moment later, which is no peak.
  const isPeak = (value, place) =>
    place > 0 && place < repeats.length - 1 && value > repeats[place - 1] && value >= repeats[place + 1];
  return Math.max(0, ...repeats.filter(isPeak)) > REPEATING / Math.sqrt(count);
}

/** That of the onsets of the whole clip without their mean, by lag in frames. */
function autocorrelation(onsets) {
  const fourier = new Fourier(powerOfTwoAbove(2 * onsets.length));
  const real = new Float64Array(fourier.size);
  const mean = onsets.reduce((sum, value) => sum + value, 0) / onsets.length;
  real.set(onsets.map((value) => value - mean));
  fourier.autocorrelate(real, new Float64Array(fourier.size));
  return real;
}

/**
 * The lag to a fraction of a frame, read where onsets repeat after 1, 2, 4, 8 and 16 beats. Each doubling starts from
 * the last answer and looks two frames around, so a beat that is not steady misleads little.
 */
function refined(onsets, lag) {
  const correlation = autocorrelation(onsets);
  let best = lag;
  for (let beats = 1; beats <= FOLLOWED_BEATS && beats * best + 3 < onsets.length / 2; beats *= 2) {
    const middle = roundHalfEven(beats * best);
    let peak = Math.max(middle - 2, 1);
    for (let place = peak + 1; place <= middle + 2; place += 1) {
      if (correlation[place] > correlation[peak]) peak = place;
    }
    const [before, at, after] = correlation.subarray(peak - 1, peak + 2);
    const bend = before - 2 * at + after;
    // A straight line or a hollow has no peak to refine.
    const offset = bend < 0 ? Math.min(Math.max((0.5 * (before - after)) / bend, -0.5), 0.5) : 0;
    best = (peak + offset) / beats;
  }
  return best;
}

/** With straight lines between the values. */
function quantile(values, share) {
  const ordered = Float64Array.from(values).sort();
  const place = share * (ordered.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, ordered.length - 1);
  return ordered[below] + (ordered[above] - ordered[below]) * (place - below);
}
