// Loudness by ITU-R BS.1770-4: what Spotify normalises by, in LUFS, for a whole file that is read piece by piece.

import { roundHalfEven } from "./fourier.js";

export const STEPS_A_SECOND = 10;

const STEPS_A_BLOCK = 4;
const OFFSET = -0.691;
const ABSOLUTE_GATE = -70;
const RELATIVE_GATE = -10;
const SILENT = -70;
// The analogue prototypes behind the two filters that the standard gives for 48 kHz: the head's shelf, the high-pass.
const SHELF = { hertz: 1681.974450955533, quality: 0.7071752369554196, gainDb: 3.999843853973347 };
const SHELF_BAND_EXPONENT = 0.4996667741545416;
const HIGH_PASS = { hertz: 38.13547087602444, quality: 0.5003270373238773 };

/**
 * Takes a file piece by piece and keeps one number for each tenth of a second. One channel counts as if both
 * loudspeakers played it, which is how a mono file is heard.
 */
export class LoudnessMeter {
  #channelWeight;
  #filters;
  #steps = [];
  #sum = 0;
  #summed = 0;

  /** `rate` is in samples a second; `channels` 1 or 2. */
  constructor(rate, channels) {
    this.stepFrames = roundHalfEven(rate / STEPS_A_SECOND);
    this.#channelWeight = channels === 1 ? 2 : 1;
    this.#filters = Array.from({ length: channels }, () => weighting(rate));
  }

  /** The next samples: for each channel an array of the same length, in -1..1. */
  add(channels) {
    const weighted = channels.map((samples, channel) => this.#filters[channel](samples));
    for (let place = 0; place < channels[0].length; place += 1) {
      for (const samples of weighted) this.#sum += samples[place] ** 2 * this.#channelWeight;
      this.#summed += 1;
      if (this.#summed === this.stepFrames) {
        this.#steps.push(this.#sum / this.stepFrames);
        this.#sum = this.#summed = 0;
      }
    }
  }

  /** Weighted mean square of every full tenth of a second. */
  get steps() {
    return this.#steps;
  }

  /** Loudness in LUFS of all that was taken, pauses left out; -70 for what is silent or shorter than 0.4 s. */
  get integrated() {
    const blocks = this.#steps
      .slice(STEPS_A_BLOCK - 1)
      .map((_, first) => mean(this.#steps.slice(first, first + STEPS_A_BLOCK)));
    const audible = blocks.filter((power) => decibelsOfPower(power) > ABSOLUTE_GATE);
    if (audible.length === 0) return SILENT;
    const gate = decibelsOfPower(mean(audible)) + RELATIVE_GATE;
    return decibelsOfPower(mean(audible.filter((power) => decibelsOfPower(power) > gate)));
  }
}

/** LUFS of a weighted mean square. */
const decibelsOfPower = (power) => OFFSET + 10 * Math.log10(Math.max(power, Number.MIN_VALUE));

/** A function that filters the next samples of one channel, and remembers where it stood. */
function weighting(rate) {
  const filters = [shelf(rate), highPass(rate)].map(remembering);
  return (samples) => filters.reduce((sound, filter) => filter(sound), samples);
}

function shelf(rate) {
  const { hertz, quality, gainDb } = SHELF;
  const k = Math.tan((Math.PI * hertz) / rate);
  const high = 10 ** (gainDb / 20);
  const band = high ** SHELF_BAND_EXPONENT;
  return {
    b: [high + (band * k) / quality + k * k, 2 * (k * k - high), high - (band * k) / quality + k * k],
    a: [1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k],
  };
}

function highPass(rate) {
  const { hertz, quality } = HIGH_PASS;
  const k = Math.tan((Math.PI * hertz) / rate);
  const scale = 1 + k / quality + k * k;
  // The standard leaves the zeros of this one unscaled.
  return { b: [scale, -2 * scale, scale], a: [scale, 2 * (k * k - 1), 1 - k / quality + k * k] };
}

function remembering({ b, a }) {
  const [b0, b1, b2] = b.map((value) => value / a[0]);
  const [, a1, a2] = a.map((value) => value / a[0]);
  let [one, two] = [0, 0];
  return (samples) => {
    const filtered = new Float64Array(samples.length);
    for (let place = 0; place < samples.length; place += 1) {
      const value = samples[place];
      const out = b0 * value + one;
      one = b1 * value - a1 * out + two;
      two = b2 * value - a2 * out;
      filtered[place] = out;
    }
    return filtered;
  };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
