// Clips: at most 30 seconds of a track as 16-bit samples, checked before anything is measured in them or sent.

import { Fourier, roundHalfEven } from "./fourier.js";

export const CLIP_RATE = 44_100;
const MIN_SECONDS = 10;
// What is left of a file that breaks off behind its header.
const NOTHING_SECONDS = 0.1;

const FULL_SCALE = 32_768;
const WAV_HEADER_BYTES = 44;
const PCM = 1;
// -60 dB of full scale; the quietest music on record averages 20 dB more.
const SILENT_RMS = 10 ** (-60 / 20);
const AUDIBLE_SECONDS = 5;
const FRAME = 2048;
// Share of the power below the highest frequency that counts.
const OCCUPIED = 0.99;
// Up to 2 kHz, however low the power lies: a bass alone fills the few bins below 100 Hz as evenly as noise would.
const LEAST_BINS = 93;
// Spectral flatness is 1 for white noise and about .4 for pink noise; music lies below .3, cymbals included.
const FLAT = 0.7;
const FLAT_WHEN_CLIPPED = 0.35;
const CLIPPED_SHARE = 0.1;
const CLIPPED = 0.999;
// Share of the power that is left where two channels cancel each other out.
const CANCELLED = 1e-3;

const BEGINNINGS = [
  ["ID3", "mp3"],
  ["OggS", "ogg"],
  ["fLaC", "flac"],
  ["FORM", "aiff"],
  ["RIFF", "wav"],
  ["RF64", "big_wav"],
  ["BW64", "big_wav"],
  ["RIFX", "swapped_wav"],
  ["\x30\x26\xb2\x75", "wma"],
  ["\x1a\x45\xdf\xa3", "webm"],
  ["caff", "caf"],
  ["MThd", "midi"],
];

/** What is wrong with a file or a clip: `code` names it, and `facts` hold what the words for it need. */
export class AudioFault extends Error {
  constructor(code, facts = {}) {
    super(code);
    Object.assign(this, { code, facts });
  }
}

/** What the first bytes of a file say that it is: a short name, `"text"`, or `null`. */
export function kindOf(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  const known = BEGINNINGS.find(([beginning]) => start.startsWith(beginning));
  if (known) return known[1];
  if (start.slice(4, 8) === "ftyp") return "mp4";
  // MP3 and AAC begin with eleven set bits; the two bits of the layer are 0 only in AAC.
  if (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0) return bytes[1] & 0x06 ? "mp3" : "aac";
  return isText(bytes) ? "text" : null;
}

/** One channel of many: their mean, or the first where they cancel each other out. */
export function mixed(channels) {
  if (channels.length === 1) return channels[0];
  const mean = new Float32Array(channels[0].length);
  let [ofMean, ofAll] = [0, 0];
  for (let place = 0; place < mean.length; place += 1) {
    let sum = 0;
    for (const samples of channels) {
      sum += samples[place];
      ofAll += samples[place] ** 2;
    }
    mean[place] = sum / channels.length;
    ofMean += mean[place] ** 2;
  }
  return ofMean < (CANCELLED * ofAll) / channels.length ? channels[0] : mean;
}

/** Samples in -1..1, times `gain`, as 16-bit numbers; what overshoots is limited. */
export function toSixteenBits(samples, gain = 1) {
  const values = new Int16Array(samples.length);
  for (let place = 0; place < values.length; place += 1) {
    const value = roundHalfEven(samples[place] * gain * FULL_SCALE);
    values[place] = Math.min(Math.max(value, -FULL_SCALE), FULL_SCALE - 1);
  }
  return values;
}

/** Samples in -1..1 of 16-bit numbers. */
export const fromSixteenBits = (values) => new Float64Array(values).map((value) => value / FULL_SCALE);

/** A mono WAV file of 16-bit samples. */
export function writeWav(values, rate) {
  const file = new DataView(new ArrayBuffer(WAV_HEADER_BYTES + 2 * values.length));
  const put = (place, text) => [...text].forEach((letter, index) => file.setUint8(place + index, letter.charCodeAt(0)));
  put(0, "RIFF");
  file.setUint32(4, WAV_HEADER_BYTES - 8 + 2 * values.length, true);
  put(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, PCM, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, rate, true);
  file.setUint32(28, 2 * rate, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  put(36, "data");
  file.setUint32(40, 2 * values.length, true);
  values.forEach((value, place) => file.setInt16(WAV_HEADER_BYTES + 2 * place, value, true));
  return file.buffer;
}

/** Throws an `AudioFault` for a file that lasts too short a time, or that nothing could be read of. */
export function checkLength(seconds) {
  if (seconds < NOTHING_SECONDS) throw new AudioFault("damaged");
  if (seconds < MIN_SECONDS) throw new AudioFault("too_short", { seconds });
}

/**
 * Throws an `AudioFault` where there is no music to measure in mono sound in -1..1: less than 10 seconds, silence, a
 * constant value, and noise such as a file makes that was read in the wrong format. Loud masters pass.
 */
export function checkClip(samples, rate) {
  const seconds = samples.length / rate;
  if (seconds < MIN_SECONDS) throw new AudioFault("too_short", { seconds });
  const offset = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const swing = Float64Array.from(samples, (value) => value - offset);
  if (rms(swing) < SILENT_RMS) throw new AudioFault(Math.abs(offset) > SILENT_RMS ? "constant" : "silent");
  const audible = Array.from({ length: Math.floor(seconds) }, (_, second) =>
    rms(swing.subarray(second * rate, (second + 1) * rate)),
  ).filter((level) => level >= SILENT_RMS);
  if (audible.length < AUDIBLE_SECONDS) throw new AudioFault("mostly_silent");
  const flatness = flatnessOf(swing);
  const clipped = samples.reduce((count, value) => count + (Math.abs(value) >= CLIPPED), 0) / samples.length;
  if (flatness > FLAT || (clipped > CLIPPED_SHARE && flatness > FLAT_WHEN_CLIPPED)) throw new AudioFault("noise");
}

/**
 * Geometric by arithmetic mean of the power spectrum, up to where 99 % of the power lies, but at least to 2 kHz: noise
 * that once had a lower sample rate leaves the upper part empty.
 */
function flatnessOf(samples) {
  const fourier = new Fourier(FRAME);
  const [real, imaginary] = [new Float64Array(FRAME), new Float64Array(FRAME)];
  const power = new Float64Array(FRAME / 2 + 1);
  const sums = new Float64Array(power.length);
  const frames = Math.floor(samples.length / FRAME);
  const window = real.map((_, place) => 0.5 - 0.5 * Math.cos((2 * Math.PI * place) / (FRAME - 1)));
  for (let frame = 0; frame < frames; frame += 1) {
    for (let place = 0; place < FRAME; place += 1) real[place] = samples[frame * FRAME + place] * window[place];
    fourier.power(real, imaginary, power);
    power.forEach((value, bin) => (sums[bin] += value / frames));
  }
  const bins = sums.subarray(2);
  const enough = OCCUPIED * bins.reduce((sum, value) => sum + value, 0);
  let top = 0;
  for (let below = 0; top < bins.length && below < enough; top += 1) below += bins[top];
  top = Math.max(top, LEAST_BINS);
  const occupied = bins.subarray(0, top).map((value) => value + 2.3e-308);
  const mean = occupied.reduce((sum, value) => sum + value, 0) / top;
  return Math.exp(occupied.reduce((sum, value) => sum + Math.log(value), 0) / top) / mean;
}

const rms = (samples) => Math.sqrt(samples.reduce((sum, value) => sum + value ** 2, 0) / samples.length);

function isText(bytes) {
  if (bytes.length === 0) return false;
  const text = new TextDecoder().decode(bytes);
  // The cut may have gone through the last character.
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\ufffd(?!$)/.test(text);
}
