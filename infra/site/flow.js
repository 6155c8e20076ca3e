// How a list flows: the sizes of its steps, counted as the service counts them, and the numbers of the drawing. Pure.

// How much each kind of jump weighs in a step.
const WEIGHTS = { energy: 0.5, tempo: 0.3, key: 0.2 };
// What an unknown value counts as: neither a match nor a clash.
const UNKNOWN = 0.5;
// A difference in energy that is a whole jump.
const ENERGY_CLASH = 0.5;
const HOURS = 12;
// From a key to the farthest one: half of the twelve hours, and the other mode.
const WHEEL_STEPS = 7;
// A step that weighs more is called hard. Of the steps in lists as the service orders them one in 400 does; of those in
// shuffled lists, every third.
const HARD = 0.4;
// A part of a hard step is named when it is at least so large.
const NAMED = 0.5;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

const featuresOf = (row) => row?.features ?? {};

const tempoOf = (features) => (isNumber(features.tempo) && features.tempo > 0 ? features.tempo : null);

/** A key's place on the Camelot wheel, as `{ hour: 8, isMajor: true, code: "8B" }`, or `null` where it is not known. */
export function camelot({ key, mode }) {
  if (!Number.isInteger(key) || key < 0 || key >= HOURS || (mode !== 0 && mode !== 1)) return null;
  // A major key sits at its place in the circle of fifths (C is 8), a minor key with its relative major.
  const hour = ((7 * (mode === 1 ? key : key + 3) + 7) % HOURS) + 1;
  return { hour, isMajor: mode === 1, code: `${hour}${mode === 1 ? "B" : "A"}` };
}

/** Steps between two keys on the wheel, from 0 to 7; a neighbour and the relative key are one step away. */
export function wheelSteps(first, second) {
  const [one, other] = [camelot(first), camelot(second)];
  if (!one || !other) return null;
  const apart = Math.abs(one.hour - other.hour);
  return Math.min(apart, HOURS - apart) + (one.isMajor === other.isMajor ? 0 : 1);
}

/** Octaves from one tempo to the other once half and double time count as the same: from -0.5 to 0.5. */
export function tempoTurn(first, second) {
  const [one, other] = [tempoOf(first), tempoOf(second)];
  if (one === null || other === null) return null;
  const octaves = Math.log2(other / one);
  return octaves - Math.round(octaves);
}

/** The step from one track's features to another's: each part in 0..1 or `null`, and `felt`, how large it is. */
export function step(first, second) {
  const turn = tempoTurn(first, second);
  const steps = wheelSteps(first, second);
  const parts = {
    energy:
      isNumber(first.energy) && isNumber(second.energy)
        ? Math.min(Math.abs(first.energy - second.energy) / ENERGY_CLASH, 1)
        : null,
    tempo: turn === null ? null : 2 * Math.abs(turn),
    key: steps === null ? null : steps / WHEEL_STEPS,
  };
  return { ...parts, felt: weighed(parts, UNKNOWN) };
}

const weighed = (parts, unknown) =>
  Object.entries(WEIGHTS).reduce((sum, [name, weight]) => sum + weight * (parts[name] ?? unknown), 0);

/**
 * The steps of a list, one fewer than its rows: `from` and `to` are places counted from 0, `causes` the parts that make
 * a step hard, the weightiest first. Nothing is called hard for what is not known.
 */
export function transitions(rows) {
  return rows.slice(1).map((row, place) => {
    const parts = step(featuresOf(rows[place]), featuresOf(row));
    const isHard = weighed(parts, 0) > HARD;
    const causes = Object.keys(WEIGHTS)
      .filter((name) => isHard && parts[name] >= NAMED)
      .sort((one, other) => WEIGHTS[other] * parts[other] - WEIGHTS[one] * parts[one]);
    return { from: place, to: place + 1, ...parts, isHard, causes };
  });
}

/**
 * Tempos on one octave that begins where the fewest steps of the list cross its edge: `low`, the BPM of the edge, and
 * for each row its `level` from 0 to 1 and the BPM that it counts as, or `null`. `edges` is the number of crossings.
 */
export function foldTempos(rows) {
  const tempos = rows.map((row) => tempoOf(featuresOf(row)));
  const known = tempos.filter((tempo) => tempo !== null);
  if (known.length === 0) return { low: null, edges: 0, places: tempos.map(() => null) };
  const turns = tempos.map((tempo) => (tempo === null ? null : fraction(Math.log2(tempo))));
  const cut = bestCut(turns);
  // Of the octaves that begin at the cut, the one in which most of the tempos lie as they are.
  const octaves = known.map((tempo) => Math.floor(Math.log2(tempo) - cut));
  const low = 2 ** (mostFrequent(octaves) + cut);
  const places = turns.map((turn) => {
    if (turn === null) return null;
    const level = fraction(turn - cut);
    return { level, bpm: low * 2 ** level };
  });
  return { low, edges: crossings(turns, cut), places };
}

const fraction = (value) => value - Math.floor(value);

/** The short way round from one level to the next leads over the edge: 1 upwards, -1 downwards, else 0. */
export function crossing(level, next) {
  if (next - level > 0.5) return -1;
  return level - next > 0.5 ? 1 : 0;
}

function crossings(turns, cut) {
  const levels = turns.map((turn) => (turn === null ? null : fraction(turn - cut)));
  return levels.filter(
    (level, place) => place > 0 && level !== null && levels[place - 1] !== null && crossing(levels[place - 1], level),
  ).length;
}

/** Where to cut a circle open: in the gap between two values that the fewest steps cross; of those, the widest. */
function bestCut(turns) {
  const sorted = [...new Set(turns.filter((turn) => turn !== null))].sort((one, other) => one - other);
  const gaps = sorted.map((turn, place) => {
    const next = place + 1 < sorted.length ? sorted[place + 1] : sorted[0] + 1;
    const cut = fraction((turn + next) / 2);
    return { cut, width: next - turn, edges: crossings(turns, cut) };
  });
  return gaps.reduce((best, gap) =>
    gap.edges < best.edges || (gap.edges === best.edges && gap.width > best.width) ? gap : best,
  ).cut;
}

function mostFrequent(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** All that the drawing shows of a list: its `places`, `steps`, hard steps, and the octave that tempos fold to. */
export function shapeOf(rows) {
  const tempos = foldTempos(rows);
  const steps = transitions(rows);
  const places = rows.map((row, place) => {
    const features = featuresOf(row);
    return {
      isOwn: Boolean(row.own),
      energy: isNumber(features.energy) ? features.energy : null,
      bpm: tempoOf(features),
      tempo: tempos.places[place],
      key: camelot(features),
    };
  });
  const keys = steps.filter(({ key }) => key !== null);
  return {
    places,
    steps,
    hard: steps.filter(({ isHard }) => isHard),
    lowTempo: tempos.low,
    keySteps: keys.length,
    keysThatFit: keys.filter(({ key }) => keyFits(key)).length,
    energy: courseOf(places.map(({ energy }) => energy)),
  };
}

/** Whether two keys mix well: the same, neighbours on the wheel, or relative. `key` is that part of a step. */
export const keyFits = (key) => key !== null && key * WHEEL_STEPS < 1.5;

/** Where energy opens, peaks and ends, with places counted from 0; `null` where it is known of fewer than two rows. */
function courseOf(energies) {
  const known = energies.flatMap((energy, place) => (energy === null ? [] : [{ energy, place }]));
  if (known.length < 2) return null;
  const peak = known.reduce((best, one) => (one.energy > best.energy ? one : best));
  return { first: known[0], peak, last: known.at(-1) };
}
