// A track's sound beside the own track's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { keyBeside, loudnessBeside, nearestSeed, sharesBeside, tempoBeside } from "../../infra/site/comparison.js";
import { words } from "../../infra/site/en.js";

test("shares stand beside each other with their difference, and unknown ones without", () => {
  const shares = sharesBeside({ energy: 0.5, liveness: 0.1 }, { energy: 0.2, valence: 0.4 });
  assert.equal(shares.length, 7);
  assert.deepEqual(shares[0], { name: "energy", track: 0.5, seed: 0.2, difference: 0.3 });
  assert.equal(shares.find(({ name }) => name === "liveness").difference, null);
  assert.equal(shares.find(({ name }) => name === "valence").track, null);
  assert.ok(sharesBeside(null, undefined).every(({ track, seed }) => track === null && seed === null));
});

test("tempos are compared by the shorter way, and half and double time are told", () => {
  assert.deepEqual(tempoBeside({ tempo: 126 }, { tempo: 120 }), { track: 126, seed: 120, difference: 6, time: null });
  assert.deepEqual(tempoBeside({ tempo: 180 }, { tempo: 88 }), { track: 180, seed: 88, difference: 2, time: "double" });
  assert.deepEqual(tempoBeside({ tempo: 60 }, { tempo: 128 }), { track: 60, seed: 128, difference: -8, time: "half" });
  assert.equal(tempoBeside({ tempo: 120.4 }, { tempo: 120 }).difference, 0);
  assert.equal(tempoBeside({}, { tempo: 120 }).difference, null);
  assert.equal(words.list.tempoDifference(tempoBeside({ tempo: 180 }, { tempo: 88 })), "in double time 2 BPM faster");
  assert.equal(words.list.tempoDifference(tempoBeside({ tempo: 60 }, { tempo: 128 })), "in half time 8 BPM slower");
});

test("loudness differs only where one would hear it", () => {
  assert.equal(loudnessBeside({ loudness: -8 }, { loudness: -8.3 }).difference, 0);
  assert.equal(
    words.list.loudnessDifference(loudnessBeside({ loudness: -6 }, { loudness: -8.5 }).difference),
    "2.5 dB louder",
  );
  assert.equal(loudnessBeside({ loudness: -6 }, {}).difference, null);
});

test("keys differ by steps on the wheel", () => {
  assert.equal(keyBeside({ key: 0, mode: 1 }, { key: 9, mode: 0 }), 1);
  assert.equal(keyBeside({ key: 0, mode: 1 }, null), null);
  assert.equal(words.list.keyDifference(0), "same key");
  assert.equal(words.list.keyDifference(1), "goes well with yours");
  assert.equal(words.list.keyDifference(4), "4 steps away");
});

test("the nearest of several seeds is shown first", () => {
  const seeds = [{ features: { energy: 0.9 } }, { features: { energy: 0.3 } }, { features: {} }];
  assert.equal(nearestSeed({ energy: 0.35 }, seeds), 1);
  assert.equal(nearestSeed({}, seeds), 0);
  assert.equal(nearestSeed(null, [{ features: null }]), 0);
});
