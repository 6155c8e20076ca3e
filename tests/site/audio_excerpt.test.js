// Which part of a track is heard, how it is drawn, and what a file is called by its first bytes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AudioFault, checkClip, checkLength, kindOf, mixed, toSixteenBits } from "../../infra/site/audio/clip.js";
import { barsOf, loudestStart, placeOf } from "../../infra/site/audio/excerpt.js";
import { Survey } from "../../infra/site/audio/survey.js";
import { words } from "../../infra/site/en.js";
import { sine } from "./audio_sounds.js";

const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test("the loudest stretch is heard, and the first of those that are as loud", () => {
  const quietThenLoud = [...new Array(200).fill(0.01), ...new Array(400).fill(1), ...new Array(100).fill(0.01)];
  assert.equal(loudestStart(quietThenLoud, 70, 30), 20);
  assert.equal(loudestStart(new Array(700).fill(0.5), 70, 30), 0);
  assert.equal(loudestStart(new Array(300).fill(0.5), 30, 30), 0);
  assert.equal(loudestStart(new Array(120).fill(0.5), 12, 30), 0);
});

test("an excerpt never begins before the track nor ends after it", () => {
  assert.equal(placeOf(-3, 200, 30), 0);
  assert.equal(placeOf(190, 200, 30), 170);
  assert.equal(placeOf(12.34, 200, 30), 12.3);
  assert.equal(placeOf(5, 12, 30), 0);
});

test("a waveform fills its height, and silence has none", () => {
  assert.deepEqual(barsOf([0.1, 0.2, 0.5, 0.25], 2), [0.4, 1]);
  assert.deepEqual(barsOf([0, 0], 2), [0, 0]);
  assert.equal(barsOf(new Array(1000).fill(0.3), 200).length, 200);
  assert.equal(barsOf([1, 1], 200).length, 2);
});

test("two channels that cancel each other out are heard through one", () => {
  const left = Float32Array.from(sine(440, 0.5, 0.1, 44_100));
  assert.equal(mixed([left, left.map((value) => -value)]), left);
  assert.deepEqual(mixed([left, left]), left);
});

test("samples are limited to 16 bits, and halves go to the even number", () => {
  assert.deepEqual([...toSixteenBits([1.5, -1.5, 0.5 / 32_768, 1.5 / 32_768])], [32_767, -32_768, 0, 2]);
});

test("what is no number is no sound, and far too loud files are lowered to fit", () => {
  const survey = new Survey(8000, 2);
  const sound = Float32Array.from(sine(440, 1, 12, 8000), (value) => value * 4);
  sound[5] = NaN;
  sound[6] = Infinity;
  survey.add([sound, Float32Array.from(sound)]);
  const { gain, loudness, peaks } = survey.result(30);
  assert.ok(Math.abs(gain - 0.25) < 1e-3);
  assert.ok(loudness > -3 && loudness < 1, `${loudness}`);
  assert.ok(peaks.every(Number.isFinite));
});

test("more than two channels are heard through their mean", () => {
  const survey = new Survey(8000, 6);
  const sound = () => Float32Array.from(sine(997, 0.5, 12, 8000));
  survey.add(Array.from({ length: 6 }, sound));
  assert.ok(Math.abs(survey.result(30).loudness + 6.02) < 0.1);
});

test("too short a clip says how long it is", () => {
  assert.throws(
    () => checkClip(sine(440, 0.5, 3, 44_100), 44_100),
    (fault) => fault instanceof AudioFault && fault.code === "too_short" && fault.facts.seconds === 3,
  );
});

test("files are called by their first bytes", () => {
  const wanted = {
    "ID3\x04": "mp3",
    "\xff\xfb\x90\x64": "mp3",
    "\xff\xf1\x50\x80": "aac",
    OggS: "ogg",
    fLaC: "flac",
    "RIFF\x24\0\0\0WAVE": "wav",
    "\0\0\0\x20ftypM4A ": "mp4",
    "MThd\0\0": "midi",
    "Dear listener, this is my song.\n": "text",
    "\x89PNG\r\n\x1a\n\0\0": null,
    "": null,
  };
  for (const [start, kind] of Object.entries(wanted)) assert.equal(kindOf(bytes(start)), kind, start);
});

test("a file that nothing can be read of is damaged, and a short one is too short", () => {
  for (const [seconds, code] of [
    [0, "damaged"],
    [0.05, "damaged"],
    [0.5, "too_short"],
    [9.9, "too_short"],
  ]) {
    assert.throws(
      () => checkLength(seconds),
      (fault) => fault.code === code && fault.code in words.audio.faults,
    );
  }
  checkLength(10);
});

test("another part is offered only where the file may hold one that can be heard", () => {
  for (const code of ["silent", "mostly_silent"]) {
    const [, text] = words.audio.faults[code];
    assert.match(text({ isWhole: false }), /part/);
    assert.doesNotMatch(text({ isWhole: true }), /part/);
  }
});
