// A track's sound beside that of the artist's own track: a table, whose cells hold a drawing and the same in words.

import { SHARES, keyBeside, loudnessBeside, nearestSeed, sharesBeside, tempoBeside } from "../comparison.js";
import { h, unseen } from "../dom.js";
import { words } from "../en.js";
import { camelot } from "../flow.js";
import { number, percent } from "../words.js";
import { svg } from "./svg.js";

/** `seeds`: seeds of the answer. With several, the nearest one is shown first and another can be chosen. */
export function profile(row, seeds) {
  const drawn = h("div", { class: "profile" });

  function draw(chosen) {
    drawn.replaceChildren(table(row.features ?? {}, seeds[chosen]));
  }

  draw(nearestSeed(row.features, seeds));
  if (seeds.length < 2) return drawn;
  const choice = h(
    "select",
    { onchange: (event) => draw(Number(event.target.value)) },
    ...seeds.map((seed, place) => h("option", { value: place }, seed.title)),
  );
  choice.value = nearestSeed(row.features, seeds);
  return h("div", {}, h("label", { class: "beside" }, words.list.besideWhich, choice), drawn);
}

function table(track, seed) {
  const own = seed.features ?? {};
  return h(
    "table",
    {},
    h("caption", { class: "visually-hidden" }, words.list.profileCaption(seed.title)),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, unseen(words.list.profileFeature)),
        h("th", { scope: "col", class: "profile-scale" }, unseen(words.list.profileDifference)),
        h("th", { scope: "col", class: "number" }, keyed("track", words.list.profileTrack)),
        h("th", { scope: "col", class: "number" }, keyed("seed", words.list.profileSeed)),
      ),
    ),
    h(
      "tbody",
      {},
      ...sharesBeside(track, own).map((share) =>
        line(words.list.features[share.name], share, scale(share), (value) => percent(value)),
      ),
    ),
    h("tbody", { class: "profile-told" }, tempo(track, own), loudness(track, own), key(track, own)),
  );
}

function line(name, { track, seed }, difference, write) {
  const told = (value) => (value === null ? words.list.unknown : write(value));
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", { class: "profile-scale" }, difference),
    h("td", { class: "number" }, told(track)),
    h("td", { class: "number" }, told(seed)),
  );
}

/** Where both lie between 0 and 1. */
function scale({ name, track, seed, difference }) {
  const at = (value) => `${(100 * value).toFixed(1)}%`;
  const drawing = svg(
    "svg",
    { class: "scale", width: "100%", height: 16, "aria-hidden": "true", focusable: "false" },
    svg("line", { class: "scale-ground", x1: "0%", x2: "100%", y1: 8, y2: 8 }),
    difference !== null && svg("line", { class: "scale-gap", x1: at(seed), x2: at(track), y1: 8, y2: 8 }),
    track !== null && svg("svg", { x: at(track), y: 8, overflow: "visible" }, ...marks.track()),
    seed !== null && svg("svg", { x: at(seed), y: 8, overflow: "visible" }, ...marks.seed()),
  );
  return [drawing, unseen(words.list.shareDifference(difference, name))];
}

const marks = {
  track: () => [svg("circle", { class: "mark-track", r: 5.5 })],
  seed: () => [svg("path", { class: "mark-seed", d: "M0-7L7 0 0 7-7 0z" })],
};

/** The head of a column, with the sign that stands for it in the drawing. */
const keyed = (name, text) =>
  h(
    "span",
    { class: "profile-key" },
    svg(
      "svg",
      { viewBox: "-8 -8 16 16", width: 12, height: 12, "aria-hidden": "true", focusable: "false" },
      ...marks[name](),
    ),
    text,
  );

function tempo(track, own) {
  const beside = tempoBeside(track, own);
  return line(words.list.features.tempo, beside, words.list.tempoDifference(beside), (bpm) => number(Math.round(bpm)));
}

function loudness(track, own) {
  const beside = loudnessBeside(track, own);
  return line(words.list.features.loudness, beside, words.list.loudnessDifference(beside.difference), (decibels) =>
    number(decibels, { maximumFractionDigits: 1 }),
  );
}

function key(track, own) {
  const code = (features) => camelot(features)?.code ?? null;
  const beside = { track: code(track), seed: code(own) };
  return line(words.list.features.key, beside, words.list.keyDifference(keyBeside(track, own)), (value) => value);
}

/** Whether there is anything to show. */
export const hasProfile = ({ features }) =>
  features !== null &&
  features !== undefined &&
  [...SHARES, "tempo", "loudness", "key"].some((name) => Number.isFinite(features[name]));
