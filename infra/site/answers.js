// What the service answered, made fit to be drawn. Pure. A fact that is missing is one that is not known; an answer
// without any track is no list.

import { Problem } from "./api.js";
import { words } from "./en.js";

const listOf = (value) => (Array.isArray(value) ? value : []);
const textsIn = (value) => listOf(value).filter((one) => typeof one === "string");
const isTrack = (one) => typeof one?.title === "string";
const trackOf = (one) => ({ ...one, artists: textsIn(one.artists), features: one.features ?? {} });
const rowsOf = (value) => listOf(value).filter(isTrack).map(trackOf);

/** The answer of `POST /api/recommendations` with every part that the page relies on; throws a `Problem` for none. */
export function readAnswer(answer) {
  const tracks = rowsOf(answer.tracks);
  const seeds = rowsOf(answer.seeds);
  // Seeds are known by their places, so none may be missing among them.
  if (tracks.length === 0 || seeds.length === 0 || seeds.length < answer.seeds.length) {
    throw new Problem({ code: "unreadable", message: words.problems.details.unreadable });
  }
  return {
    ...answer,
    seeds,
    tracks,
    reserves: rowsOf(answer.reserves),
    notes: textsIn(answer.notes),
    genre: { ...answer.genre, used: textsIn(answer.genre?.used), inferred: listOf(answer.genre?.inferred) },
    band: { ...answer.band, used: listOf(answer.band?.used) },
  };
}
