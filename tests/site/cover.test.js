// What the cover is drawn from.

import assert from "node:assert/strict";
import test from "node:test";

import { COLOURS, coverOf, linesOf, paletteOf } from "../../infra/site/cover.js";

const measure = (text) => [...text].length * 10;

test("a cover holds the energies in their order, and nobody's name", () => {
  const rows = [
    { own: false, title: "A", artists: ["Big Name"], features: { energy: 0.9, valence: 0.4 } },
    { own: true, title: "Mine", artists: ["Me"], features: {} },
  ];
  const cover = coverOf(rows, { variant: "steps", colours: "mood", title: "" });
  assert.deepEqual(cover.curve, [
    { energy: 0.9, own: false },
    { energy: 0.5, own: true },
  ]);
  assert.doesNotMatch(JSON.stringify(cover), /Big Name/);
  assert.deepEqual(cover, JSON.parse(JSON.stringify(cover)), "it waits in the browser as text");
});

test("every palette has all colours for lists of any mood", () => {
  for (const colours of COLOURS) {
    for (const hue of [0, 180, 359]) {
      const palette = paletteOf({ colours, hue });
      assert.equal(palette.ground.length, 2);
      assert.ok(palette.own && palette.text && palette.others(0.5));
    }
  }
});

test("a title is broken between words, and cut after three lines", () => {
  assert.deepEqual(linesOf("one two three", 80, measure), ["one two", "three"]);
  const lines = linesOf("one two three four five six seven", 50, measure);
  assert.equal(lines.length, 3);
  assert.ok(lines[2].endsWith("…"));
  assert.ok(
    lines.every((line) => measure(line) <= 50),
    lines,
  );
});

test("a word that is too long for a line is cut, and an empty title makes no line", () => {
  assert.deepEqual(linesOf("abcdefghij", 50, measure), ["abcd…"]);
  assert.deepEqual(linesOf(" ", 50, measure), []);
});
