// How big the artists may be: between the points that the service counts and the places that a reader sees.

import assert from "node:assert/strict";
import test from "node:test";

import {
  PRESETS,
  TOP,
  USUAL,
  bandOf,
  isPossible,
  lowestPlace,
  ownPlace,
  placesOf,
  presetOf,
  tracksBetween,
} from "../../infra/site/band.js";

test("the artist's place is that of the biggest of several", () => {
  assert.equal(ownPlace({ seeds: [{ artist_popularity: 12 }, { artist_popularity: 31 }] }), 31);
  assert.equal(ownPlace(null), null);
  assert.equal(ownPlace({ seeds: [{ artist_popularity: null }] }), null);
});

test("the usual band is counted from the artist's place and ends at the top", () => {
  assert.deepEqual(placesOf(null, 15), { low: 25, high: 75 });
  assert.deepEqual(placesOf(null, 60), { low: 70, high: TOP });
  assert.deepEqual(placesOf(null, 95), { low: TOP, high: TOP });
});

test("where the handles are left is what is asked for", () => {
  for (const own of [0, 15, 60, 98]) {
    for (let low = own + 1; low <= TOP; low += 7) {
      for (let high = low; high <= TOP; high += 5) {
        assert.deepEqual(placesOf(bandOf({ low, high }, own), own), { low, high });
      }
    }
  }
});

test("a band never reaches down to the artist's own place", () => {
  assert.equal(bandOf({ low: 10, high: 90 }, 30).min_lift, 1);
  assert.equal(lowestPlace(30), 31);
  assert.equal(lowestPlace(TOP), TOP);
});

test("a band up to the top stays open for a smaller artist", () => {
  const band = bandOf({ low: 70, high: TOP }, 40);
  assert.deepEqual(placesOf(band, 10), { low: 40, high: TOP });
});

test("handles at the usual places ask for no band at all", () => {
  assert.equal(bandOf(placesOf(USUAL, 20), 20), null);
  assert.equal(presetOf(null, 20), "usual");
});

test("each quick choice is recognised again, and a band of one's own as none", () => {
  for (const { name, min_lift, max_lift } of PRESETS) assert.equal(presetOf({ min_lift, max_lift }, 12), name);
  assert.equal(presetOf({ min_lift: 3, max_lift: 44 }, 12), null);
});

test("what lies above the top cannot be chosen", () => {
  const [stars] = PRESETS.filter(({ name }) => name === "stars");
  assert.equal(isPossible(stars, 50), true);
  assert.equal(isPossible(stars, 51), false);
  assert.equal(presetOf(null, 95), null);
});

test("tracks are counted with both ends, and not at all without the service's numbers", () => {
  const counts = Array.from({ length: 101 }, (_, place) => place);
  assert.equal(tracksBetween(counts, 3, 5), 12);
  assert.equal(tracksBetween(counts, 100, 100), 100);
  assert.equal(tracksBetween(undefined, 3, 5), null);
});
