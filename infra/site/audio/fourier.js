// The fast Fourier transform, and the few ways in which sound is taken through it.

/** Transforms complex numbers in place; `size` is a power of two. */
export class Fourier {
  #cosines;
  #sines;
  #reversed;

  constructor(size) {
    this.size = size;
    this.#cosines = Float64Array.from({ length: size / 2 }, (_, place) => Math.cos((2 * Math.PI * place) / size));
    this.#sines = Float64Array.from({ length: size / 2 }, (_, place) => -Math.sin((2 * Math.PI * place) / size));
    this.#reversed = new Uint32Array(size);
    for (let place = 1; place < size; place += 1) {
      this.#reversed[place] = (this.#reversed[place >> 1] >> 1) | (place & 1 ? size >> 1 : 0);
    }
  }

  /** Forward, in place; for the way back swap `real` and `imaginary`, and divide by the size. */
  transform(real, imaginary) {
    const size = this.size;
    for (let place = 0; place < size; place += 1) {
      const other = this.#reversed[place];
      if (other > place) {
        [real[place], real[other]] = [real[other], real[place]];
        [imaginary[place], imaginary[other]] = [imaginary[other], imaginary[place]];
      }
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let step = 0; step < half; step += 1) {
          const low = start + step;
          const high = low + half;
          const cosine = this.#cosines[step * stride];
          const sine = this.#sines[step * stride];
          const turnedReal = real[high] * cosine - imaginary[high] * sine;
          const turnedImaginary = real[high] * sine + imaginary[high] * cosine;
          real[high] = real[low] - turnedReal;
          imaginary[high] = imaginary[low] - turnedImaginary;
          real[low] += turnedReal;
          imaginary[low] += turnedImaginary;
        }
      }
    }
  }

  /** Power of the bins 0 to size/2 of real sound, into `power`; `real` and `imaginary` are room to work in. */
  power(real, imaginary, power) {
    imaginary.fill(0);
    this.transform(real, imaginary);
    for (let bin = 0; bin <= this.size / 2; bin += 1) power[bin] = real[bin] ** 2 + imaginary[bin] ** 2;
  }

  /** How alike the numbers in `real` are to themselves, by lag; in place. They fill half of the size at most. */
  autocorrelate(real, imaginary) {
    imaginary.fill(0);
    this.transform(real, imaginary);
    for (let bin = 0; bin < this.size; bin += 1) {
      real[bin] = (real[bin] ** 2 + imaginary[bin] ** 2) / this.size;
      imaginary[bin] = 0;
    }
    // A power spectrum is real and symmetric, so forward and back are the same.
    this.transform(real, imaginary);
  }
}

/** The Hann window of a repeating signal. */
export const hann = (size) =>
  Float64Array.from({ length: size }, (_, place) => 0.5 - 0.5 * Math.cos((2 * Math.PI * place) / size));

/** The least power of two that is greater than a whole number. */
export const powerOfTwoAbove = (number) => 2 ** (Math.floor(Math.log2(number)) + 1);

/** To the nearest whole number, halves to the even one, as the model's figures were rounded. */
export function roundHalfEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
