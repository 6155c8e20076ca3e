// The 34 numbers that describe how a clip sounds, and from which the model reads energy and the like. They are means
// over frames of 2,048 samples, 512 apart, at 22,050 samples a second; each is defined as when the model was fitted.

import {
  BINS,
  BIN_HERTZ,
  CEPSTRAL_COEFFICIENTS,
  FRAME,
  HOP,
  MEL_BANDS,
  PITCH_CLASSES,
  cepstralBank,
  melBank,
  pitchClassBank,
} from "./filter_banks.js";
import { Fourier, hann, roundHalfEven } from "./fourier.js";
import { REFERENCE_BPM, findBeat } from "./tempo.js";

// Hz. The last band is measured for its level alone: what lies there depends on how the file was resampled.
const CONTRAST_EDGES = [0, 200, 400, 800, 1600, 3200, 6400, 12_800];
const DESCRIBED_BANDS = 6;
const QUANTILE = 0.02;
const ROLL_OFF = 0.85;
const FLOOR = 1e-10;
const RANGE_DB = 80;
// A sample below that has no sign.
const INAUDIBLE = 1e-10;
const EXTREMES = 3;
// How many frames are described between two words on how far it has come.
const FRAMES_A_WORD = 100;

const CONTRAST_BANDS = CONTRAST_EDGES.slice(0, -1).map((low, band) => {
  const high = CONTRAST_EDGES[band + 1];
  const isLast = high === CONTRAST_EDGES.at(-1);
  // All but the lowest band take the bin below in, and all but the highest leave their last one out.
  const first = BIN_HERTZ.findIndex((hertz) => hertz >= low) - (low > 0 ? 1 : 0);
  const last = BIN_HERTZ.findLastIndex((hertz) => hertz <= high);
  return { first, end: last + (isLast ? 1 : 0), count: Math.max(roundHalfEven(QUANTILE * (last + 1 - first)), 1) };
});

/**
 * The descriptors by name, in the model's order, and the beat that one of them was read from. `samples` is mono sound
 * at 22,050 samples a second, at least a frame long; `profiles` tell how often each pitch class occurs in a `major` and
 * a `minor` key, from its root. `progress` is told the share that is done.
 */
export function describe(samples, profiles, progress = () => {}) {
  const padded = new Float64Array(samples.length + FRAME);
  padded.set(samples, FRAME / 2);
  const frames = Math.floor(samples.length / HOP) + 1;
  const seen = new Frames(frames);
  const fourier = new Fourier(FRAME);
  const window = hann(FRAME);
  const real = new Float64Array(FRAME);
  const imaginary = new Float64Array(FRAME);
  const power = new Float64Array(BINS);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let place = 0; place < FRAME; place += 1) real[place] = padded[frame * HOP + place] * window[place];
    fourier.power(real, imaginary, power);
    seen.add(frame, power, padded);
    if (frame % FRAMES_A_WORD === 0) progress(frame / frames);
  }
  const melDb = decibels(seen.mel);
  const beat = findBeat(melDb, frames);
  return {
    descriptors: {
      ...shapeOf(seen),
      ...contrastOf(seen),
      ...cepstrumOf(melDb, frames),
      ...harmonyOf(seen, profiles),
      ...dynamicsOf(seen),
      log_tempo: Math.log2(beat.lagBpm / REFERENCE_BPM),
    },
    beat,
  };
}

/** `10·log10`, with a floor of 1e-10, and of 80 dB below the greatest of all values. */
export function decibels(power) {
  const level = power.map((value) => 10 * Math.log10(Math.max(value, FLOOR)));
  const lowest = greatest(level) - RANGE_DB;
  return level.map((value) => Math.max(value, lowest));
}

/** What is kept of each frame. */
class Frames {
  #melBank = melBank();
  #pitchClassBank = pitchClassBank();
  #magnitude = new Float64Array(BINS);

  constructor(count) {
    this.count = count;
    this.mel = new Float64Array(count * MEL_BANDS);
    this.chroma = new Float64Array(PITCH_CLASSES);
    this.level = new Float64Array(count);
    this.peaks = new Float64Array(count * CONTRAST_BANDS.length);
    this.valleys = new Float64Array(count * CONTRAST_BANDS.length);
    this.centroid = this.bandwidth = this.rolloff = this.crossings = 0;
  }

  add(frame, power, padded) {
    const magnitude = this.#magnitude;
    for (let bin = 0; bin < BINS; bin += 1) magnitude[bin] = Math.sqrt(power[bin]);
    this.#addShape(magnitude);
    this.#addCrossings(padded, frame * HOP);
    this.#melBank.forEach(({ first, weights }, band) => {
      let sum = 0;
      for (let place = 0; place < weights.length; place += 1) sum += weights[place] * power[first + place];
      this.mel[frame * MEL_BANDS + band] = sum;
    });
    CONTRAST_BANDS.forEach(({ first, end, count }, band) => {
      const ordered = magnitude.slice(first, end).sort();
      this.valleys[frame * CONTRAST_BANDS.length + band] = mean(ordered.subarray(0, count));
      this.peaks[frame * CONTRAST_BANDS.length + band] = mean(ordered.subarray(-count));
    });
    this.#addChroma(power);
    this.level[frame] = Math.sqrt(2 * (total(power) - 0.5 * (power[0] + power[BINS - 1]))) / FRAME;
  }

  /** Where the spectrum lies and how wide it is; a silent frame counts as lying at 0 Hz. */
  #addShape(magnitude) {
    const sum = total(magnitude);
    if (sum === 0) return;
    let first = 0;
    let second = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      first += (magnitude[bin] / sum) * BIN_HERTZ[bin];
      second += (magnitude[bin] / sum) * BIN_HERTZ[bin] ** 2;
    }
    this.centroid += first;
    this.bandwidth += Math.sqrt(Math.max(second - first ** 2, 0));
    let bin = 0;
    let below = magnitude[0];
    while (below < ROLL_OFF * sum && bin < BINS - 1) below += magnitude[(bin += 1)];
    this.rolloff += BIN_HERTZ[bin];
  }

  /** Changes of sign; those between two frames belong to neither. */
  #addCrossings(padded, start) {
    let changes = 0;
    for (let place = start + 1; place < start + FRAME; place += 1) {
      if (padded[place] < -INAUDIBLE !== padded[place - 1] < -INAUDIBLE) changes += 1;
    }
    this.crossings += changes / FRAME;
  }

  #addChroma(power) {
    const classes = new Float64Array(PITCH_CLASSES);
    this.#pitchClassBank.forEach((weights, bin) => {
      for (let pitch = 0; pitch < PITCH_CLASSES; pitch += 1) classes[pitch] += weights[pitch] * power[bin];
    });
    const loudest = greatest(classes);
    if (loudest > 0) classes.forEach((value, pitch) => (this.chroma[pitch] += value / loudest));
  }
}

function shapeOf({ count, centroid, bandwidth, rolloff, crossings }) {
  const logMean = (sum) => Math.log(Math.max(sum / count, FLOOR));
  return {
    log_centroid: logMean(centroid),
    log_bandwidth: logMean(bandwidth),
    log_rolloff: logMean(rolloff),
    log_zcr: logMean(crossings),
    rolloff_over_centroid: logMean(rolloff) - logMean(centroid),
  };
}

/** How far the loudest bins of each band rise above its quietest. */
function contrastOf({ count, peaks, valleys }) {
  const [high, low] = [decibels(peaks), decibels(valleys)];
  const contrast = new Float64Array(CONTRAST_BANDS.length);
  high.forEach((value, place) => (contrast[place % contrast.length] += (value - low[place]) / count));
  return Object.fromEntries(
    Array.from(contrast.subarray(0, DESCRIBED_BANDS), (value, band) => [`contrast_${band}`, value]),
  );
}

function cepstrumOf(melDb, frames) {
  const means = new Float64Array(MEL_BANDS);
  melDb.forEach((value, place) => (means[place % MEL_BANDS] += value / frames));
  const bank = cepstralBank();
  return Object.fromEntries(
    Array.from({ length: CEPSTRAL_COEFFICIENTS }, (_, coefficient) => [
      `mfcc_${coefficient}`,
      bank[coefficient].reduce((sum, weight, band) => sum + weight * means[band], 0),
    ]),
  );
}

/** How sound spreads over the pitch classes, whichever of them is the root. */
function harmonyOf({ count, chroma: summed }, { major, minor }) {
  const chroma = summed.map((value) => value / count);
  const ordered = Float64Array.from(chroma).sort();
  const sum = total(chroma);
  const shares = sum > 0 ? chroma.map((value) => value / sum) : chroma.map(() => 1 / PITCH_CLASSES);
  const spread = -shares.reduce((so_far, share) => so_far + (share > 0 ? share * Math.log(share) : 0), 0);
  const [asMajor, asMinor] = [likeness(chroma, major), likeness(chroma, minor)];
  return {
    chroma_mean: mean(chroma),
    chroma_peak: ordered.at(-1) - ordered.at(-2),
    chroma_range: mean(ordered.subarray(-EXTREMES)) - mean(ordered.subarray(0, EXTREMES)),
    chroma_entropy: spread / Math.log(PITCH_CLASSES),
    key_clarity: Math.max(asMajor, asMinor),
    major_minus_minor: asMajor - asMinor,
  };
}

/** The best correlation with the profile in any of the twelve keys, 0 where all pitch classes are alike. */
function likeness(chroma, profile) {
  const centred = (values) => values.map((value) => value - mean(values));
  const [deviation, ofProfile] = [centred(chroma), centred(profile)];
  const size = Math.hypot(...deviation) * Math.hypot(...ofProfile);
  if (size === 0) return 0;
  const inKey = (root) =>
    deviation.reduce(
      (sum, value, pitch) => sum + value * ofProfile[(pitch - root + PITCH_CLASSES) % PITCH_CLASSES],
      0,
    );
  return Math.max(...Array.from({ length: PITCH_CLASSES }, (_, root) => inKey(root))) / size;
}

/** Level of the windowed frames, how much it varies, and how far the loudest frame rises above the usual. */
function dynamicsOf({ level }) {
  const average = mean(level);
  const ordered = Float64Array.from(level).sort();
  const median = (ordered[(ordered.length - 1) >> 1] + ordered[ordered.length >> 1]) / 2;
  const deviation = Math.sqrt(mean(level.map((value) => (value - average) ** 2)));
  const usable = Math.max(average, FLOOR);
  return {
    rms_db: 20 * Math.log10(usable),
    rms_cv: deviation / usable,
    rms_crest_db: 20 * Math.log10(Math.max(ordered.at(-1), FLOOR) / Math.max(median, FLOOR)),
  };
}

const total = (values) => values.reduce((sum, value) => sum + value, 0);
const mean = (values) => total(values) / values.length;
const greatest = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);
