// The form in which a list is kept in the browser. Pure. Rows and answers that many steps share are kept once.

const MOST_STEPS = 15;

/** The part of the state that makes up the list, as plain values for JSON, with at most so many `steps` to undo. */
export function pack({ seeds, wishes, answer, list, history, published, chosen, link }, isAhead, steps = MOST_STEPS) {
  const rows = table();
  const answers = table();
  const packList = (one) => one && { ...one, rows: one.rows.map(rows.place), reserves: one.reserves.map(rows.place) };
  const packAnswer = (one) => one && answers.place(one);
  const packStep = (step) => ({ ...step, answer: packAnswer(step.answer), list: packList(step.list) });
  const kept = {
    ...packStep({ seeds: seeds.map(withoutProblem), wishes, answer, list }),
    history: {
      past: history.past.slice(Math.max(0, history.past.length - steps)).map(packStep),
      future: history.future.slice(0, steps).map(packStep),
    },
    published,
    chosen,
    link,
    isAhead,
  };
  const packed = answers.values.map((one) => ({
    ...one,
    tracks: one.tracks.map(rows.place),
    reserves: one.reserves.map(rows.place),
  }));
  return { ...kept, answers: packed, rows: rows.values };
}

/** What `pack` was given, with `isAhead` in it; throws when `kept` is not of its making. */
export function unpack({ rows, answers, history, ...kept }) {
  const rowAt = (place) => rows[place] ?? missing();
  const made = answers.map((one) => ({ ...one, tracks: one.tracks.map(rowAt), reserves: one.reserves.map(rowAt) }));
  const unpackStep = (step) => ({
    ...step,
    answer: step.answer === null ? null : (made[step.answer] ?? missing()),
    list: step.list && { ...step.list, rows: step.list.rows.map(rowAt), reserves: step.list.reserves.map(rowAt) },
  });
  return {
    ...unpackStep(kept),
    history: { past: history.past.map(unpackStep), future: history.future.map(unpackStep) },
  };
}

// A problem is an error and no plain value. A track that was needed is asked about anew.
const withoutProblem = (seed) => ({ ...seed, problem: null });

function missing() {
  throw new TypeError("a row or an answer is missing");
}

/** Numbers things, each once. */
function table() {
  const places = new Map();
  return {
    get values() {
      return [...places.keys()];
    },
    place(value) {
      if (!places.has(value)) places.set(value, places.size);
      return places.get(value);
    },
  };
}
