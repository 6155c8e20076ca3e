// Sounds with known properties, the same samples as tests/unit/audio/site_sounds.py makes.

const FULL_SCALE = 32_768;

/** A number in -1..1 for every place: the same in both languages, which no library's random numbers are. */
export function noiseAt(place) {
  let mixed = Math.imul(place, 2654435761) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 2246822519) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 3266489917) >>> 0;
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 31 - 1;
}

/** `valueAt(second, place)` for every sample, as 16 bits would hold it. */
export const sampled = (seconds, rate, valueAt) =>
  Float64Array.from(
    { length: Math.round(seconds * rate) },
    (_, place) => {
      const value = Math.floor(valueAt(place / rate, place) * FULL_SCALE + 0.5);
      return Math.min(Math.max(value, -FULL_SCALE), FULL_SCALE - 1) / FULL_SCALE;
    },
  );

const wave = (hertz, second) => Math.sin(2 * Math.PI * hertz * second);

/** Kick, hat and a chord that changes with every bar. */
export function song(seconds, rate, bpm = 120, level = 1) {
  const beat = 60 / bpm;
  return sampled(seconds, rate, (second, place) => {
    const sinceBeat = second % beat;
    const sinceOff = (second + beat / 2) % beat;
    const root = [220, 174.6, 196, 164.8][Math.floor(second / (4 * beat)) % 4];
    const kick = 0.4 * wave(55, sinceBeat) * Math.exp(-18 * sinceBeat);
    const hat = 0.1 * noiseAt(place) * Math.exp(-60 * sinceOff);
    // From the root far up, since a few low tones alone count as coloured noise.
    const ratios = [1, 1.1875, 1.5, 2, 3, 4, 6, 8, 12, 16];
    const chord = ratios.reduce((sum, ratio) => sum + 0.04 * wave(root * ratio, second), 0);
    return level * (kick + hat + chord + 0.1 * wave(root / 2, second));
  });
}

export const sine = (hertz, amplitude, seconds, rate) =>
  sampled(seconds, rate, (second) => amplitude * wave(hertz, second));
export const noise = (amplitude, seconds, rate) => sampled(seconds, rate, (_, place) => amplitude * noiseAt(place));

/** A chord every four seconds that fades in while the last one fades out: nothing begins sharply. */
export const chords = (seconds, rate) =>
  sampled(seconds, rate, (second) => {
    let value = 0;
    for (let start = 0, place = 0; start < seconds; start += 4, place += 1) {
      const fade = clipped(second - start) * clipped(start + 5 - second);
      if (fade === 0) continue;
      const shift = [1, 0.8, 1.2, 0.75][place % 4];
      for (const hertz of [110, 164.8, 220, 261.6]) value += 0.1 * fade * wave(hertz * shift, second);
    }
    return value;
  });

/** Quiet, then 32 loud seconds, then quiet. */
export function track(rate) {
  const [before, middle, after] = [song(12, rate, 104, 0.1), song(32, rate, 104, 0.5), song(12, rate, 104, 0.1)];
  const whole = new Float64Array(before.length + middle.length + after.length);
  whole.set(before);
  whole.set(middle, before.length);
  whole.set(after, before.length + middle.length);
  return whole;
}

/** Silence of three seconds, twelve of music, silence of two. */
export function withPauses(rate) {
  const whole = new Float64Array(17 * rate);
  whole.set(song(12, rate), 3 * rate);
  return whole;
}

const clipped = (value) => Math.min(Math.max(value, 0), 1);
