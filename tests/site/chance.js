// Chance that can be repeated: the same seed gives the same numbers, so a failing case can be run again.

/** Numbers from 0 up to 1 (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    number: next,
    /** A whole number from 0 up to, not including, `end`. */
    below: (end) => Math.floor(next() * end),
    pick: (values) => values[Math.floor(next() * values.length)],
    /** Whether something happens that has this share. */
    happens: (share) => next() < share,
  };
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export const anId = (random) => Array.from({ length: 22 }, () => random.pick(LETTERS)).join("");

// What titles may hold, and what an address, JSON or a spreadsheet may stumble over.
const PIECES = [
  "a",
  "Ö",
  "日本",
  "🎧",
  "👩‍🎤",
  "\u202e",
  '"',
  "'",
  "<script>",
  "&",
  "=",
  "#",
  "%",
  "%2",
  "+",
  " ",
  "\\",
  ".",
  "\u0000",
];

export const aText = (random, most = 12) =>
  Array.from({ length: 1 + random.below(most) }, () => random.pick(PIECES)).join("");
