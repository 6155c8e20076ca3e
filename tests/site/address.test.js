import assert from "node:assert/strict";
import { test } from "node:test";

import { USUAL_WISHES, decode, encode } from "../../infra/site/address.js";
import { aText, anId, chance } from "./chance.js";

const plain = (value) => JSON.parse(JSON.stringify(value));

function randomGiven(random) {
  return {
    ...(random.happens(0.5) ? { track: anId(random) } : {}),
    title: aText(random),
    artists: Array.from({ length: 1 + random.below(3) }, () => aText(random, 4)),
    ...(random.happens(0.5) && { followers: random.below(1e9) }),
    ...(random.happens(0.5) && {
      features: { energy: random.number(), tempo: 60 + random.below(120) },
      features_source: "measured and given",
      features_by_hand: ["energy"],
    }),
    ...(random.happens(0.5) && { genres: [aText(random, 3)] }),
    ...(random.happens(0.5) && { release_date: random.pick(["2026", "2026-11", "2026-11-22"]) }),
  };
}

function randomWishes(random) {
  const low = 1 + random.below(100);
  return {
    genre: random.happens(0.5) ? aText(random, 5) : null,
    size: 5 + random.below(96),
    band: random.happens(0.5) ? { min_lift: low, max_lift: low + random.below(101 - low) } : null,
    widen: random.happens(0.5),
    targets: random.happens(0.5) ? { energy: -0.25, tempo: 1, valence: Math.round(random.number() * 1e6) / 1e6 } : {},
    era: random.happens(0.5),
    order: random.pick(["flow", "similarity", "popularity"]),
    own_slots: random.pick(["early", "first", "spread"]),
    popularity_weight: random.pick([0, 0.5, 1]),
    variation: random.below(1000),
    filters: {
      explicit: random.pick(["allow", "clean", "only"]),
      year_from: random.happens(0.5) ? 1990 : null,
      year_to: random.happens(0.5) ? 2020 : null,
    },
  };
}

function randomList(random) {
  const order = Array.from({ length: random.below(60) }, () => (random.happens(0.05) ? null : anId(random)));
  return {
    seeds: Array.from({ length: 1 + random.below(20) }, () =>
      random.happens(0.7) ? anId(random) : randomGiven(random),
    ),
    wishes: randomWishes(random),
    order,
    pinned: order.map((_, place) => place).filter(() => random.happens(0.2)),
    removed: Array.from({ length: random.below(10) }, () => anId(random)),
    banned: Array.from({ length: random.below(4) }, () => ({
      name: aText(random),
      id: random.happens(0.5) ? anId(random) : null,
    })),
  };
}

test("what is written is what is read", () => {
  for (let seed = 0; seed < 500; seed++) {
    const list = randomList(chance(seed));
    const address = encode(list);
    assert.deepEqual(plain(decode(`#${address}`)), plain({ ...list, isDamaged: false }), `seed ${seed}: ${address}`);
    assert.match(address, /^[\w%.~!*'()&=-]+$/, "nothing in it breaks a link in a message");
  }
});

test("a list made in the usual way has a short address", () => {
  const seeds = ["4HJ7mSMtHAdU55lLjGE4zW"];
  assert.equal(encode({ seeds, wishes: USUAL_WISHES }), "1&s=4HJ7mSMtHAdU55lLjGE4zW");
  const { wishes, isDamaged, ...list } = decode("1&s=4HJ7mSMtHAdU55lLjGE4zW");
  assert.equal(isDamaged, false);
  assert.deepEqual(wishes, plain(USUAL_WISHES));
  assert.deepEqual(list, { seeds: ["4HJ7mSMtHAdU55lLjGE4zW"], order: [], pinned: [], removed: [], banned: [] });
});

test("an album's link keeps its place among the seeds", () => {
  const seeds = [{ track: "https://open.spotify.com/album/4HJ7mSMtHAdU55lLjGE4zW?si=a&b=c#d" }];
  assert.deepEqual(decode(encode({ seeds, wishes: USUAL_WISHES })).seeds, seeds);
});

test("whatever stands in the address, reading it never fails", () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = chance(seed);
    const parts = Array.from({ length: random.below(8) }, () =>
      random.pick([
        aText(random),
        `s=${anId(random)}`,
        `s=${aText(random)}`,
        `s={"track":${JSON.stringify(aText(random))}}`,
        "s=null",
        "s=[1]",
        's={"title":1,"artists":{}}',
        `t=${aText(random)}`,
        `t=${anId(random)}.${anId(random)}.own`,
        `p=${aText(random)}`,
        "p=0.1.1.-1.99999999999",
        `size=${random.below(1000)}`,
        "size=1e3",
        "band=90-10",
        "energy=NaN",
        "energy=2",
        "widen=__proto__",
        "__proto__=1",
        "x=..a",
        "b=",
        "b=nobody",
        "year_from=0",
      ]),
    );
    const found = decode(`#1&${parts.join("&")}`);
    if (found === null) continue;
    assert.ok(found.seeds.length >= 1 && found.seeds.length <= 20, `seed ${seed}`);
    assert.ok(found.wishes.size >= 5 && found.wishes.size <= 100, `seed ${seed}`);
    assert.ok(
      found.pinned.every((place) => place < found.order.length),
      `seed ${seed}`,
    );
    assert.ok(
      Object.values(found.wishes.targets).every((value) => Math.abs(value) <= 1),
      `seed ${seed}`,
    );
  }
});

test("an address cut off anywhere gives a part of the list or nothing", () => {
  const address = encode(randomList(chance(7)));
  for (let length = 0; length <= address.length; length++) {
    const found = decode(address.slice(0, length));
    assert.ok(found === null || found.seeds.length > 0);
  }
});

test("an unknown form, no seed, and places of this page are no list", () => {
  for (const other of ["", "#", "#list", "#take-heading", "#2&s=4HJ7mSMtHAdU55lLjGE4zW", "#1", "#1&t=x", "#1&s="])
    assert.equal(decode(other), null);
});

test("wishes that make no sense are left as usual, one by one", () => {
  const found = decode("1&s=4HJ7mSMtHAdU55lLjGE4zW&size=4&band=5-200&order=random&explicit=clean&energy=0.3");
  assert.deepEqual(found.wishes, {
    ...plain(USUAL_WISHES),
    targets: { energy: 0.3 },
    filters: { ...USUAL_WISHES.filters, explicit: "clean" },
  });
});

test("of a damaged order the good tracks are kept, pinned where they were, and the damage is told", () => {
  const [a, b, c] = ["4", "5", "6"].map((letter) => `${letter}HJ7mSMtHAdU55lLjGE4zW`);
  for (const [order, kept, pinned] of [
    [`${a}.${b}.${c.slice(0, 9)}`, [a, b], [1]],
    [`${a}.bad.${b}`, [a, b], []],
    [`bad.${b}.own`, [b, null], [0]],
    [`${a}.${a}.${b}`, [a, b], []],
  ]) {
    const found = decode(`1&s=${a}&t=${order}&p=1`);
    assert.deepEqual([found.order, found.pinned, found.isDamaged], [kept, pinned, true], order);
  }
  assert.equal(decode(`1&s=${a}&s=cut&t=${b}`).isDamaged, true);
  assert.equal(decode(`1&s=${a}&t=${a}.own.${b}&p=1`).isDamaged, false);
  assert.equal(decode(`1&s=${a}`).isDamaged, false);
});

test("only what a seed may tell is read from a link", () => {
  const told = encodeURIComponent(
    JSON.stringify({ title: "A", artists: ["B"], artist_popularity: 100, evil: "<script>", followers: -1 }),
  );
  assert.deepEqual(decode(`1&s=${told}`).seeds, [{ title: "A", artists: ["B"] }]);
});
