// The browser measures as the service does: every figure is held to what the Python side makes of the same samples.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { CLIP_RATE, checkClip, fromSixteenBits, mixed, toSixteenBits, writeWav } from "../../infra/site/audio/clip.js";
import { describe } from "../../infra/site/audio/descriptors.js";
import { RATE } from "../../infra/site/audio/filter_banks.js";
import { predict } from "../../infra/site/audio/local_model.js";
import { LoudnessMeter } from "../../infra/site/audio/loudness.js";
import { measure } from "../../infra/site/audio/measurement.js";
import { applyAnswers, tempoOptions } from "../../infra/site/audio/questions.js";
import { halve, lowPass } from "../../infra/site/audio/resampling.js";
import { Survey } from "../../infra/site/audio/survey.js";
import { chords, noise, sine, song, track, withPauses } from "./audio_sounds.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const expected = read("audio_expected.json");
const vectors = read("../unit/audio/vectors.json");
const figures = read("../../infra/site/audio/local_model.json");

const DESCRIBED = {
  song: () => song(30, RATE),
  "fast song": () => song(12, RATE, 174),
  noise: () => noise(0.3, 12, RATE),
  sine: () => sine(440, 0.5, 12, RATE),
  chords: () => chords(30, RATE),
  pauses: () => withPauses(RATE),
  silence: () => new Float64Array(10 * RATE),
};

const limited = (sound, gain) => sound.map((value) => Math.min(Math.max(value * gain, -1), 1));
const joined = (...sounds) => Float64Array.from(sounds.flatMap((sound) => [...sound]));
const CHECKED = {
  song: () => song(12, CLIP_RATE),
  "loud song": () => limited(song(12, CLIP_RATE), 6),
  "quiet song": () => song(12, CLIP_RATE, 120, 0.01),
  "one note": () => sine(440, 0.5, 12, CLIP_RATE),
  "low tones": () => {
    const tones = [41.2, 49, 65.4, 98].map((hertz) => sine(hertz, 0.1, 12, CLIP_RATE));
    return tones[0].map((_, place) => tones.reduce((sum, tone) => sum + tone[place], 0));
  },
  short: () => song(9.9, CLIP_RATE),
  silence: () => new Float64Array(12 * CLIP_RATE),
  constant: () => new Float64Array(12 * CLIP_RATE).fill(0.25),
  "mostly silent": () => joined(song(3, CLIP_RATE), new Float64Array(20 * CLIP_RATE)),
  noise: () => noise(0.3, 12, CLIP_RATE),
  "clipped noise": () => noise(3, 12, CLIP_RATE),
};
// What the service's sentence holds where the browser has a code.
const REFUSALS = {
  too_short: "too short",
  silent: "is silent, or so quiet",
  constant: "constant value",
  mostly_silent: "most of its length",
  noise: "nothing but noise",
};

const near = (found, wanted, allowed, what) =>
  assert.ok(Math.abs(found - wanted) <= allowed, `${what}: ${found} instead of ${wanted}`);

test("the model gives what it gives in Python, and agrees with its two vectors", () => {
  vectors.forEach((vector, place) => {
    const found = predict(figures, vector.descriptors);
    assert.deepEqual(Object.keys(found).sort(), ["acousticness", "danceability", "energy"]);
    for (const [name, value] of Object.entries(found)) {
      near(value, expected.model[place][name], 1e-9, name);
      // The vectors were computed before the coefficients were rounded, and Python is as far from them.
      near(value, vector.predicted[name], 2e-4, name);
    }
  });
});

for (const [name, make] of Object.entries(DESCRIBED)) {
  test(`every descriptor and the beat are those of Python: ${name}`, () => {
    const wanted = expected.described[name];
    const { descriptors, beat } = describe(make(), figures.profiles);
    assert.deepEqual(Object.keys(descriptors), Object.keys(wanted.descriptors));
    for (const [key, , deviation] of figures.descriptors) {
      near(descriptors[key] / deviation, wanted.descriptors[key] / deviation, 1e-6, key);
    }
    assert.equal(beat.isClear, wanted.isClear);
    near(beat.lagBpm, wanted.lagBpm, 1e-9, "tempo of whole frames");
    near(beat.bpm, wanted.bpm, 1e-6, "tempo");
  });
}

for (const rate of [8000, 44_100, 48_000]) {
  for (const channels of [1, 2]) {
    test(`loudness is that of Python, read in pieces of any size: ${channels} at ${rate}`, () => {
      const wanted = expected.loudness[`${channels} at ${rate}`];
      const sound = song(6, rate).map((value, place) => value * (place < 3 * rate ? 1 : 0.05));
      const sides = [sound, Float64Array.from(sound).reverse().map((value) => 0.5 * value)].slice(0, channels);
      const meter = new LoudnessMeter(rate, channels);
      let start = 0;
      for (const size of [1, 1000, 3 * rate + 7, sound.length]) {
        meter.add(sides.map((side) => side.subarray(start, start + size)));
        start += size;
      }
      near(meter.integrated, wanted.integrated, 1e-6, "LUFS");
      const steps = meter.steps.filter((_, place) => place % 7 === 0);
      assert.equal(steps.length, wanted.steps.length);
      steps.forEach((step, place) => near(step, wanted.steps[place], 1e-9, `step ${place}`));
    });
  }
}

test("silence and less than a block read -70", () => {
  for (const sound of [new Float64Array(0), new Float64Array(48_000), sine(997, 1, 0.3, 48_000)]) {
    const meter = new LoudnessMeter(48_000, 1);
    meter.add([sound]);
    assert.equal(meter.integrated, -70);
  }
});

test("halving the rate is that of Python", () => {
  const weights = lowPass();
  expected.low_pass.forEach((weight, place) => near(weights[27 * place], weight, 1e-12, `weight ${place}`));
  const halved = halve(song(1, CLIP_RATE));
  assert.equal(halved.length, CLIP_RATE / 2);
  expected.halved.forEach((value, place) => near(halved[441 * place], value, 1e-12, `sample ${441 * place}`));
  for (const length of [1, 2, 3, 217, 218]) assert.equal(halve(new Float64Array(length)).length, Math.ceil(length / 2));
});

test("a whole track is surveyed, cut and measured as the command line does it", () => {
  const sound = track(CLIP_RATE);
  const survey = new Survey(CLIP_RATE, 1);
  for (let start = 0; start < sound.length; start += 100_000) survey.add([sound.slice(start, start + 100_000)]);
  const { seconds, loudness, start, gain } = survey.result(30);
  near(seconds, 56, 1e-9, "seconds");
  near(start, expected.track.start, 1e-9, "start");
  near(loudness, expected.track.loudness, 1e-6, "LUFS");
  assert.equal(gain, 1);
  const first = Math.round(start * CLIP_RATE);
  const values = toSixteenBits(mixed([sound.slice(first, first + 30 * CLIP_RATE)]), gain);
  let heard = 0;
  const measured = measure(fromSixteenBits(values), loudness, figures, (share) => {
    assert.ok(share >= heard && share <= 1);
    heard = share;
  });
  assert.ok(heard > 0.9);
  assert.deepEqual(measured.trust, expected.track.trust);
  assert.deepEqual(measured.features, expected.track.features);
});

test("what has no beat gets no tempo", () => {
  const { features, trust } = measure(chords(12, CLIP_RATE), -14, figures);
  assert.ok(!("tempo" in features) && !("tempo" in trust));
});

for (const [name, make] of Object.entries(CHECKED)) {
  test(`what the service refuses is refused, and nothing else: ${name}`, () => {
    let code = null;
    try {
      checkClip(make(), CLIP_RATE);
    } catch (fault) {
      code = fault.code;
    }
    if (expected.checked[name] === null) assert.equal(code, null);
    else assert.ok(expected.checked[name].includes(REFUSALS[code]), `${code}: ${expected.checked[name]}`);
  });
}

test("the WAV file is byte by byte that of the service", () => {
  const file = Buffer.from(writeWav(toSixteenBits(song(2, CLIP_RATE)), CLIP_RATE));
  assert.equal(createHash("sha256").update(file).digest("hex"), expected.wav_sha256);
});

test("the questions and what answers do are those of the service", () => {
  for (const [bpm, wanted] of Object.entries(expected.questions)) {
    assert.deepEqual(tempoOptions(Number(bpm)).map((option) => [option.value, option.bpm]), wanted);
  }
  assert.deepEqual(tempoOptions(undefined), []);
  for (const [vocals, wanted] of Object.entries({ true: "True", false: "False", null: "None" })) {
    const found = applyAnswers({ tempo: 97.3, energy: 0.5 }, { vocals: JSON.parse(vocals), tempo: "double" });
    assert.deepEqual(found, expected.answers[wanted]);
  }
  assert.deepEqual(applyAnswers({ tempo: 97.3, energy: 0.5 }, { tempo: "none" }), { energy: 0.5 });
  assert.deepEqual(applyAnswers({ energy: 0.5 }, { tempo: "half" }), { energy: 0.5 });
});
