// Filter banks that turn a spectrum of 1,025 bins into mel bands, cepstral coefficients and pitch classes: the same as
// those that the model was fitted with, because any other would shift every descriptor.

export const RATE = 22_050;
export const FRAME = 2048;
export const HOP = 512;
export const BINS = FRAME / 2 + 1;
export const MEL_BANDS = 128;
export const CEPSTRAL_COEFFICIENTS = 13;
export const PITCH_CLASSES = 12;

const HERTZ_PER_MEL = 200 / 3;
const LOG_FROM_HERTZ = 1000;
const LOG_STEP = Math.log(6.4) / 27;
const BEND = LOG_FROM_HERTZ / HERTZ_PER_MEL;
const LOWEST_A = 27.5;
const DOMINANT_OCTAVE = 5;
const OCTAVES_OF_DOMINANCE = 2;
const C_ABOVE_A = 3;

export const BIN_HERTZ = Float64Array.from({ length: BINS }, (_, bin) => bin * (RATE / FRAME));

const melOfHertz = (hertz) => BEND + Math.log(hertz / LOG_FROM_HERTZ) / LOG_STEP;
const hertzOfMel = (mel) => (mel < BEND ? mel * HERTZ_PER_MEL : LOG_FROM_HERTZ * Math.exp(LOG_STEP * (mel - BEND)));

/** For each mel band `{first, weights}`: triangles of equal area on Slaney's mel scale, from 0 to 11,025 Hz. */
export function melBank() {
  const top = melOfHertz(RATE / 2);
  const edges = Array.from({ length: MEL_BANDS + 2 }, (_, place) => hertzOfMel((top * place) / (MEL_BANDS + 1)));
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const [below, middle, above] = edges.slice(band, band + 3);
    const weightOf = (hertz) =>
      Math.max(0, Math.min((hertz - below) / (middle - below), (above - hertz) / (above - middle))) *
      (2 / (above - below));
    const first = BIN_HERTZ.findIndex((hertz) => hertz > below);
    const inside = BIN_HERTZ.subarray(first).filter((hertz) => hertz < above);
    return { first, weights: inside.map(weightOf) };
  });
}

/** For each coefficient the weights of the mel bands: the first rows of the orthonormal cosine transform (DCT-II). */
export function cepstralBank() {
  return Array.from({ length: CEPSTRAL_COEFFICIENTS }, (_, coefficient) => {
    const scale = Math.sqrt((coefficient === 0 ? 1 : 2) / MEL_BANDS);
    return Float64Array.from(
      { length: MEL_BANDS },
      (__, band) => Math.cos((Math.PI / MEL_BANDS) * (band + 0.5) * coefficient) * scale,
    );
  });
}

/** For each bin the weights of the pitch classes from C: bumps that are strongest five octaves above 27.5 Hz. */
export function pitchClassBank() {
  const semitoneOf = (bin) => PITCH_CLASSES * Math.log2((bin * (RATE / FRAME)) / LOWEST_A);
  // Bin 0 has no pitch; it is put one and a half octaves below bin 1.
  const semitones = Array.from({ length: BINS + 1 }, (_, bin) =>
    bin === 0 ? semitoneOf(1) - 1.5 * PITCH_CLASSES : semitoneOf(bin),
  );
  const half = PITCH_CLASSES / 2;
  return Array.from({ length: BINS }, (_, bin) => {
    const semitone = semitones[bin];
    const width = Math.max(semitones[bin + 1] - semitone, 1);
    const bumps = Array.from({ length: PITCH_CLASSES }, (__, pitch) => {
      const around = (((semitone - pitch + half) % PITCH_CLASSES) + PITCH_CLASSES) % PITCH_CLASSES;
      return Math.exp(-0.5 * ((2 * (around - half)) / width) ** 2);
    });
    const size = Math.hypot(...bumps);
    const dominance = (semitone / PITCH_CLASSES - DOMINANT_OCTAVE) / OCTAVES_OF_DOMINANCE;
    const weight = Math.exp(-0.5 * dominance ** 2) / size;
    return Float64Array.from(
      { length: PITCH_CLASSES },
      (__, pitch) => bumps[(pitch + C_ABOVE_A) % PITCH_CLASSES] * weight,
    );
  });
}
