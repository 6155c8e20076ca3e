// A first pass over a whole track, piece by piece: its loudness, where it is loudest, and how it is drawn.

import { mixed } from "./clip.js";
import { loudestStart } from "./excerpt.js";
import { LoudnessMeter } from "./loudness.js";

const PEAKS_A_SECOND = 20;
// Peak from which samples are no loud master any more, whose overshoots are cut off, but a mistake of scale.
const FAR_OVER = 2;

export class Survey {
  #rate;
  #meter;
  #peaks = [];
  #frames = 0;

  constructor(rate, channels) {
    this.#rate = rate;
    this.#meter = new LoudnessMeter(rate, channels <= 2 ? channels : 1);
  }

  /** The next samples of every channel. What is no number is no sound. */
  add(channels) {
    for (const samples of channels) {
      for (let place = 0; place < samples.length; place += 1) {
        if (!Number.isFinite(samples[place])) samples[place] = Math.sign(samples[place]) || 0;
      }
    }
    this.#meter.add(channels.length <= 2 ? channels : [mixed(channels)]);
    const frames = channels[0].length;
    for (let place = 0; place < frames; place += 1) {
      let level = 0;
      for (const samples of channels) level = Math.max(level, Math.abs(samples[place]));
      const peak = Math.floor(((this.#frames + place) * PEAKS_A_SECOND) / this.#rate);
      this.#peaks[peak] = Math.max(this.#peaks[peak] ?? 0, level);
    }
    this.#frames += frames;
  }

  /**
   * `{seconds, loudness, peaks, gain, start}`: LUFS of the whole track, the greatest sample of every twentieth of a
   * second, what samples far over full scale are lowered by, and where the loudest `wanted` seconds begin.
   */
  result(wanted) {
    const seconds = this.#frames / this.#rate;
    const highest = this.#peaks.reduce((most, peak) => Math.max(most, peak), 0);
    const gain = highest > FAR_OVER ? 1 / highest : 1;
    return {
      seconds,
      loudness: this.#meter.integrated + 20 * Math.log10(gain),
      peaks: this.#peaks,
      gain,
      start: loudestStart(this.#meter.steps, seconds, wanted, this.#meter.stepFrames / this.#rate),
    };
  }
}
