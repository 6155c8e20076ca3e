// What came of listening, with what the artist says instead, and the seed that it makes.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  SLIDERS,
  featuresOf,
  heardFrom,
  markOf,
  seedPartOf,
  setByHand,
  setCounting,
  setVocals,
  tempoOf,
} from "../../infra/site/audio/heard.js";

const measured = heardFrom("measured", { energy: 0.71, acousticness: 0.2, loudness: -9.1, tempo: 104.3 });

test("what was only measured here is rough, but for what a rule measures", () => {
  const marks = Object.fromEntries(SLIDERS.map(({ name }) => [name, markOf(measured, name)]));
  assert.deepEqual(marks, {
    energy: "rough",
    danceability: "unknown",
    acousticness: "rough",
    valence: "unknown",
    instrumentalness: "unknown",
    tempo: "measured",
    loudness: "measured",
    speechiness: "unknown",
    liveness: "unknown",
  });
  assert.equal(markOf(heardFrom("audio_file", { energy: 0.7 }), "energy"), "heard");
});

test("a seed names what is by hand, and names its source", () => {
  assert.deepEqual(seedPartOf(measured), {
    features: measured.base,
    features_source: "measured",
    features_by_hand: [],
  });
  const corrected = setByHand(setVocals(measured, true), "energy", 0.4);
  assert.deepEqual(seedPartOf(corrected), {
    features: { ...measured.base, instrumentalness: 0.0001, energy: 0.4 },
    features_source: "measured and given",
    features_by_hand: ["instrumentalness", "energy"],
  });
  assert.equal(seedPartOf(heardFrom("audio_file", { energy: 0.7 }, { energy: 0.2 })).features_source, "given");
});

test("what is by hand is given back to what was heard", () => {
  const back = setByHand(setByHand(measured, "energy", 0.1), "energy", null);
  assert.deepEqual(featuresOf(back), featuresOf(measured));
  assert.equal(markOf(back, "energy"), "rough");
});

test("a tempo counts as it is counted, and another way to count outranks a number typed before", () => {
  assert.equal(featuresOf(setCounting(measured, "half")).tempo, 52.1);
  assert.ok(!("tempo" in featuresOf(setCounting(measured, "none"))));
  assert.equal(markOf(setCounting(measured, "none"), "tempo"), "unknown");
  const typed = setByHand(measured, "tempo", 98);
  assert.equal(featuresOf(typed).tempo, 98);
  assert.equal(featuresOf(setCounting(typed, "double")).tempo, 208.6);
});

test("a tempo is read as people write it", () => {
  assert.equal(tempoOf(" 97,5 "), 97.5);
  assert.equal(tempoOf("128"), 128);
  for (const text of ["", "fast", "19", "401", "1e2", "-90", "12.34.5"]) assert.equal(tempoOf(text), null, text);
});
