// From 44,100 to 22,050 samples a second, the rate of every descriptor, the same way wherever a clip is measured.

const HALF_LENGTH = 108;
// Of the rate: 10,522 Hz. All passes up to 10 kHz, and from 11 kHz on, where it would fold, the rest is 80 dB down.
const CUTOFF = 0.2386;
const KAISER_BETA = 7.857;
const ENOUGH_TERMS = 40;

/** The filter: 217 weights, symmetric, with sum 1; a sinc under a Kaiser window. */
export function lowPass() {
  const weights = Float64Array.from({ length: 2 * HALF_LENGTH + 1 }, (_, index) => {
    const place = index - HALF_LENGTH;
    return sinc(2 * CUTOFF * place) * bessel(KAISER_BETA * Math.sqrt(1 - (place / HALF_LENGTH) ** 2));
  });
  const sum = weights.reduce((so_far, weight) => so_far + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Every second sample of the filtered sound, the first one included; silence counts as lying around it. */
export function halve(samples) {
  const weights = lowPass();
  const padded = new Float64Array(samples.length + 2 * HALF_LENGTH + 1);
  padded.set(samples, HALF_LENGTH);
  const halved = new Float64Array(Math.ceil(samples.length / 2));
  for (let place = 0; place < halved.length; place += 1) {
    const start = 2 * place;
    let sum = padded[start + HALF_LENGTH] * weights[HALF_LENGTH];
    // The filter is symmetric, so two samples share a weight.
    for (let tap = 0; tap < HALF_LENGTH; tap += 1) {
      sum += weights[tap] * (padded[start + tap] + padded[start + 2 * HALF_LENGTH - tap]);
    }
    halved[place] = sum;
  }
  return halved;
}

const sinc = (value) => (value === 0 ? 1 : Math.sin(Math.PI * value) / (Math.PI * value));

/** The modified Bessel function of order 0, by its power series. */
function bessel(value) {
  let term = 1;
  let sum = 1;
  for (let order = 1; order <= ENOUGH_TERMS; order += 1) {
    term *= (value / (2 * order)) ** 2;
    sum += term;
  }
  return sum;
}
