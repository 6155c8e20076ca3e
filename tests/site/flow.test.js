// How the page counts the steps of a list: as the service does, and what it draws and says of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { words } from "../../infra/site/en.js";
import {
  camelot,
  crossing,
  foldTempos,
  keyFits,
  shapeOf,
  step,
  tempoTurn,
  transitions,
  wheelSteps,
} from "../../infra/site/flow.js";

const cases = JSON.parse(readFileSync(new URL("flow_cases.json", import.meta.url)));
const row = (features, own = false) => ({ own, features });
const isClose = (one, other) => assert.ok(Math.abs(one - other) < 1e-8, `${one} is not ${other}`);

test("steps between keys are those of the sequencer, for every pair", () => {
  assert.equal(cases.keys.length, 300);
  for (const [key, mode, other, otherMode, size] of cases.keys) {
    isClose(wheelSteps({ key, mode }, { key: other, mode: otherMode }) / 7, size);
  }
});

test("steps between tempos fold octaves as the sequencer does", () => {
  for (const [first, second, size] of cases.tempos) {
    isClose(2 * Math.abs(tempoTurn({ tempo: first }, { tempo: second })), size);
  }
});

test("whole steps feel as large as the sequencer says, also where values are missing", () => {
  for (const { first, second, felt } of cases.pairs) {
    isClose(step(first, second).felt, felt);
    isClose(step(second, first).felt, felt);
  }
});

test("the steps of a whole list have the sequencer's means and maxima", () => {
  const { tracks, mean_and_worst: expected } = cases.list;
  const steps = transitions(tracks.map((features) => row(features)));
  for (const [part, [mean, worst]] of Object.entries(expected)) {
    const sizes = steps.map((one) => one[part]);
    isClose(sizes.reduce((sum, size) => sum + size, 0) / sizes.length, mean);
    isClose(Math.max(...sizes), worst);
  }
});

test("keys have their names on the Camelot wheel", () => {
  assert.equal(camelot({ key: 0, mode: 1 }).code, "8B");
  assert.equal(camelot({ key: 9, mode: 0 }).code, "8A");
  assert.equal(camelot({ key: 8, mode: 0 }).code, "1A");
  assert.equal(camelot({ key: 11, mode: 1 }).code, "1B");
  assert.equal(camelot({ key: 4, mode: 1 }).code, "12B");
  assert.equal(
    new Set(Array.from({ length: 24 }, (_, at) => camelot({ key: at % 12, mode: (at % 2) ^ (at > 11) }).code)).size,
    24,
  );
});

test("a key that is not fully known has no place on the wheel", () => {
  for (const features of [{}, { key: 3 }, { mode: 1 }, { key: -1, mode: 1 }, { key: 3, mode: null }]) {
    assert.equal(camelot(features), null);
    assert.equal(wheelSteps(features, { key: 0, mode: 1 }), null);
  }
});

test("neighbours on the wheel and relative keys mix well, others do not", () => {
  const fits = (first, second) =>
    keyFits(step({ key: first[0], mode: first[1] }, { key: second[0], mode: second[1] }).key);
  assert.ok(fits([0, 1], [0, 1]));
  assert.ok(fits([0, 1], [7, 1]));
  assert.ok(fits([0, 1], [9, 0]));
  assert.ok(!fits([0, 1], [2, 1]));
  assert.ok(!keyFits(null));
});

const CALM = { energy: 0.2, tempo: 80, key: 0, mode: 1 };
const WILD = { energy: 0.9, tempo: 113, key: 6, mode: 1 };

test("a step is hard when it weighs much, and its weightiest causes come first", () => {
  const [gentle, hard] = transitions([row(CALM), row({ ...CALM, tempo: 160 }), row(WILD)]);
  assert.equal(gentle.isHard, false);
  assert.deepEqual(gentle.causes, []);
  assert.equal(hard.isHard, true);
  assert.deepEqual([hard.from, hard.to], [1, 2]);
  assert.deepEqual(hard.causes, ["energy", "tempo", "key"]);
});

test("nothing is called hard for what is not known", () => {
  assert.deepEqual(
    transitions([row({}), row(undefined), row(null)]).map(({ isHard, felt }) => [isHard, felt]),
    [
      [false, 0.5],
      [false, 0.5],
    ],
  );
  assert.equal(transitions([row({ energy: 0.1 }), row({ energy: 0.5 })])[0].isHard, false);
  assert.equal(transitions([row({ energy: 0.1 }), row({ energy: 0.9 })])[0].isHard, true);
});

test("hard transitions are told with places as readers count them", () => {
  const shape = shapeOf([row(CALM), row(WILD)]);
  const told = words.flow.transition(shape.hard[0], shape.places[0], shape.places[1]);
  assert.match(
    told,
    /^1 → 2: energy rises from 20\s?% to 90\s?%, tempo jumps from 80 to 113 BPM, key jumps from 8B to 2B$/,
  );
  assert.equal(words.flow.hard(0), "No hard transitions.");
  assert.equal(words.flow.hard(1), "1 hard transition:");
  assert.equal(words.flow.hard(3), "3 hard transitions:");
});

test("tempos fold into one octave that the list crosses as seldom as can be", () => {
  const { low, edges, places } = foldTempos([90, 88, 176, 92, 46, 95].map((tempo) => row({ tempo })));
  assert.equal(edges, 0);
  assert.ok(places.every(({ level }) => level >= 0 && level < 1));
  assert.deepEqual(
    places.map(({ bpm }) => Math.round(bpm)),
    [90, 88, 88, 92, 92, 95],
  );
  assert.ok(low > 45 && low <= 88);
});

test("a list that goes round the octave leaves it at one edge and comes in at the other", () => {
  const tempos = [80, 95, 113, 134, 160];
  const { edges, places } = foldTempos(tempos.map((tempo) => row({ tempo })));
  assert.equal(edges, 1);
  const crossings = places.slice(1).map(({ level }, at) => crossing(places[at].level, level));
  assert.deepEqual(crossings.filter(Boolean), [1]);
});

test("unknown tempos leave gaps, and a list of them has no octave", () => {
  assert.deepEqual(foldTempos([row({ tempo: 120 }), row({}), row({ tempo: 0 })]).places.slice(1), [null, null]);
  assert.equal(foldTempos([row({})]).low, null);
  assert.equal(foldTempos([]).low, null);
});

test("the shape of a list counts keys that mix and tells the course of its energy", () => {
  const shape = shapeOf([row({ ...CALM }, true), row({ ...CALM, energy: 0.8 }), row({ energy: 0.4 })]);
  assert.deepEqual(
    shape.places.map(({ isOwn }) => isOwn),
    [true, false, false],
  );
  assert.deepEqual([shape.keysThatFit, shape.keySteps], [1, 1]);
  assert.deepEqual([shape.energy.first.energy, shape.energy.peak.place, shape.energy.last.energy], [0.2, 1, 0.4]);
  assert.match(words.flow.course(shape.energy), /opens at 20\s?%, peaks at 80\s?% at place 2 and ends at 40\s?%/);
});

test("lists of none and of one have a shape without steps", () => {
  for (const rows of [[], [row(CALM)], [row({})]]) {
    const shape = shapeOf(rows);
    assert.deepEqual([shape.steps, shape.hard, shape.energy, shape.keySteps], [[], [], null, 0]);
    assert.equal(shape.places.length, rows.length);
  }
});
