// The list in the address, behind the #, so that a link brings the same list. Pure. What cannot be read is left out.
//
// Form 1: `#1&s=…&s=…&t=id.id…&p=3.7&genre=rock&size=20…`. `s` is a seed, as its id or as JSON of what was given; `t`
// the tracks in their order, `own` for one without an id; `p` the places of pinned ones; `x` tracks taken out; `b` an
// artist who was banned, as id (or nothing), full stop, name. Wishes are named where they differ from the usual.

const FORM = "1";
/** A track's id at Spotify. */
export const ID = /^[0-9A-Za-z]{22}$/;
const UNRELEASED = "own";
const MOST_SEEDS = 20;
const MOST_TRACKS = 120;
// The newest; links have to go into messages.
const MOST_REMOVED = 100;
const MOST_BANNED = 30;
const MOST_CHARACTERS = 32_000;
const MOST_NAME_CHARACTERS = 1000;

export const USUAL_WISHES = Object.freeze({
  genre: null,
  size: 30,
  band: null,
  widen: true,
  targets: Object.freeze({}),
  era: true,
  order: "flow",
  own_slots: "early",
  popularity_weight: 0,
  variation: 0,
  filters: Object.freeze({ explicit: "allow", year_from: null, year_to: null }),
});

export const isUsual = (wishes) =>
  Object.keys(USUAL_WISHES).every((name) => JSON.stringify(wishes[name]) === JSON.stringify(USUAL_WISHES[name]));

const FEATURES = [
  "danceability",
  "energy",
  "loudness",
  "speechiness",
  "acousticness",
  "instrumentalness",
  "liveness",
  "valence",
  "tempo",
];

// Each reads its text, or gives `undefined` for what makes no sense.
const whole = (low, high) => (text) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
};
const share = (low, high) => (text) => {
  const value = /^-?\d(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
};
const oneOf =
  (...names) =>
  (text) =>
    names.includes(text) ? text : undefined;
const flag = (text) => ({ yes: true, no: false })[text];
const name = (text) => (text.length >= 1 && text.length <= 200 ? text : undefined);
const lifts = (text) => {
  const [low, high, ...more] = text.split("-").map(whole(1, 100));
  return low !== undefined && high !== undefined && low <= high && more.length === 0
    ? { min_lift: low, max_lift: high }
    : undefined;
};

const WISHES = {
  genre: name,
  size: whole(5, 100),
  band: lifts,
  widen: flag,
  era: flag,
  order: oneOf("flow", "similarity", "popularity"),
  own_slots: oneOf("early", "first", "spread"),
  popularity_weight: share(0, 1),
  variation: whole(0, 1_000_000),
};
const FILTERS = {
  explicit: oneOf("allow", "clean", "only"),
  year_from: whole(1900, 2100),
  year_to: whole(1900, 2100),
};

const written = (value) => {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value?.min_lift !== undefined) return `${value.min_lift}-${value.max_lift}`;
  return typeof value === "number" ? String(Math.round(value * 1e6) / 1e6) : value;
};

/**
 * `{seeds, wishes, order, pinned, removed, banned}` as the part of an address behind the #, without it. `seeds` are ids
 * or objects of what was given, `order` are ids with `null` for tracks that have none, `pinned` are places in it;
 * `removed` and `banned` are those of a list.
 */
export function encode({ seeds, wishes, order = [], pinned = [], removed = [], banned = [] }) {
  const parts = seeds.map((seed) => ["s", typeof seed === "string" ? seed : JSON.stringify(seed)]);
  if (order.length > 0) parts.push(["t", order.map((id) => id ?? UNRELEASED).join(".")]);
  if (pinned.length > 0) parts.push(["p", pinned.join(".")]);
  if (removed.length > 0) parts.push(["x", removed.slice(-MOST_REMOVED).join(".")]);
  for (const { name: artist, id } of banned.slice(-MOST_BANNED)) parts.push(["b", `${id ?? ""}.${artist}`]);
  for (const key of Object.keys(WISHES)) {
    if (JSON.stringify(wishes[key]) !== JSON.stringify(USUAL_WISHES[key])) parts.push([key, written(wishes[key])]);
  }
  for (const key of Object.keys(FILTERS)) {
    if (wishes.filters[key] !== USUAL_WISHES.filters[key]) parts.push([key, written(wishes.filters[key])]);
  }
  for (const key of FEATURES) {
    if (wishes.targets[key]) parts.push([key, written(wishes.targets[key])]);
  }
  return `${FORM}&${parts.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
}

/**
 * What `encode` wrote, or `null` when the text holds no seed that can be read. Never throws. `isDamaged`: a seed or a
 * track was lost on the way, as in a link that was cut off.
 */
export function decode(text) {
  const [form, ...parts] = text.slice(0, MOST_CHARACTERS).replace(/^#/, "").split("&");
  if (form !== FORM) return null;
  const given = parts.map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [part, ""] : [part.slice(0, at), unescaped(part.slice(at + 1))];
  });
  const all = (key) => given.filter(([other]) => other === key).map(([, value]) => value);
  const read = (key, reader) => {
    const [value] = all(key);
    return value === undefined ? undefined : reader(value);
  };
  const named = all("s");
  const seeds = named.map(seedOf).filter(Boolean).slice(0, MOST_SEEDS);
  if (seeds.length === 0) return null;
  const { order, places, isWhole } = orderOf(all("t")[0] ?? "");
  const pinned = [...new Set((all("p")[0] ?? "").split(".").map(whole(0, MOST_TRACKS)))]
    .map((place) => places.get(place))
    .filter((place) => place !== undefined);
  const removed = [...new Set((all("x")[0] ?? "").split("."))].filter((id) => ID.test(id)).slice(0, MOST_REMOVED);
  const banned = all("b").map(bannedOf).filter(Boolean).slice(0, MOST_BANNED);
  const wishes = { ...USUAL_WISHES, targets: {}, filters: { ...USUAL_WISHES.filters } };
  for (const [key, reader] of Object.entries(WISHES)) wishes[key] = read(key, reader) ?? wishes[key];
  for (const [key, reader] of Object.entries(FILTERS)) wishes.filters[key] = read(key, reader) ?? wishes.filters[key];
  for (const key of FEATURES) {
    const value = read(key, share(-1, 1));
    if (value) wishes.targets[key] = value;
  }
  const isDamaged = !isWhole || seeds.length < named.length;
  return { seeds, wishes, order, pinned, removed, banned, isDamaged };
}

function bannedOf(text) {
  const [, id, artist] = text.match(/^(\w{22})?\.(.+)$/su) ?? [];
  return artist !== undefined && isName(artist) ? { name: artist, id: id ?? null } : null;
}

/** The tracks that can be read, each once; `places` leads from where one stood in the link to where it stands now. */
function orderOf(text) {
  const told = text === "" ? [] : text.split(".");
  const order = [];
  const places = new Map();
  for (const [place, id] of told.entries()) {
    const isGood = id === UNRELEASED || (ID.test(id) && !order.includes(id));
    if (!isGood || order.length === MOST_TRACKS) continue;
    places.set(place, order.length);
    order.push(id === UNRELEASED ? null : id);
  }
  return { order, places, isWhole: order.length === told.length };
}

function seedOf(text) {
  if (ID.test(text)) return text;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return readGiven(value);
}

const isName = (value) => typeof value === "string" && value.length >= 1 && value.length <= MOST_NAME_CHARACTERS;
const isNames = (value) => Array.isArray(value) && value.length >= 1 && value.length <= 20 && value.every(isName);
const isNumbers = (value) =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  Object.entries(value).every(([key, one]) => /^[a-z_]{1,20}$/.test(key) && Number.isFinite(one));
const GIVEN = {
  track: isName,
  title: isName,
  artists: isNames,
  followers: (value) => Number.isInteger(value) && value >= 0,
  features: isNumbers,
  features_source: (value) => isName(value) && value.length <= 100,
  features_by_hand: (value) => isNames(value),
  genres: isNames,
  release_date: (value) => typeof value === "string" && /^\d{4}(-\d\d){0,2}$/.test(value),
};

/** Only what a seed may tell, each in its form; nothing of use makes `null`. */
function readGiven(value) {
  if (value === null || typeof value !== "object") return null;
  const seed = {};
  for (const [key, isGood] of Object.entries(GIVEN)) if (isGood(value[key])) seed[key] = value[key];
  return seed.track !== undefined || (seed.title !== undefined && seed.artists !== undefined) ? seed : null;
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
