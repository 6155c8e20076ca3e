// What the reader can do. Views call these and nothing else; every change of the state happens here.

import { USUAL_WISHES } from "./address.js";
import { readAnswer } from "./answers.js";
import { Latest, Problem, ask as request } from "./api.js";
import { words } from "./en.js";
import { History, fromAnswer, inOrder, keyOf } from "./playlist.js";
import * as playlist from "./playlist.js";
import { recommendationRequest } from "./requests.js";
import { seedsAsTold } from "./seeds.js";
import { Remembered } from "./storage.js";
import { problemHeading } from "./words.js";

// Below it, every step of a slider would ask; above it, the list feels late.
const PAUSE_MILLISECONDS = 250;
const EDITS = ["remove", "pin", "unpin", "ban", "unban", "move"];
// Times between attempts while the service cannot be reached, the last one again and again.
const WAITS_SECONDS = [2, 4, 8, 15, 30];

// What the service last said about itself, so that a reload is complete at once, and without a network too.
const service = new Remembered("localStorage", "service");

const EMPTY = {
  seeds: [],
  answer: null,
  list: null,
  history: History.empty,
  busy: false,
  problem: null,
  published: null,
  chosen: null,
  // Whether the list of a link is on its way: its place is kept, so that nothing jumps when it comes.
  isComing: false,
  // What a link tells of its list, `{order, pinned, removed, banned}`, until that list is there; else `null`.
  link: null,
};

/** The state of the page before anything was asked; `last` is what another tab or an earlier visit left. */
export const emptyState = () => ({
  ...EMPTY,
  config: service.get()?.config ?? null,
  genres: service.get()?.genres ?? null,
  wishes: USUAL_WISHES,
  offline: !navigator.onLine,
  last: null,
});

const newSeed = (text, given = null) => ({
  id: crypto.randomUUID(),
  text,
  known: null,
  given,
  status: "looking",
  problem: null,
});

/**
 * `say(text)` tells it to those who cannot see it, `onNewList()` is called before a list for other seeds begins, and
 * `leadToList()` when the list that the reader asked for is there.
 */
export function makeActions(store, { say, onNewList, leadToList }) {
  const requests = new Latest();
  let timer = null;
  let attempts = 0;
  let isLoaded = false;
  // The request to repeat as soon as the service can be reached again, or `null`; what it says of itself is besides.
  let waiting = null;
  let waitTimer = null;
  // Whether seeds or settings are ahead of the list, which follows them.
  let isAhead = false;
  // What is to be told with the next list besides what the service tells.
  let notes = [];

  /** What comes back together when something is undone. */
  function step() {
    const { seeds, wishes, answer, list } = store.state;
    return { seeds, wishes, answer, list, isAhead };
  }

  // --- asking ---

  function stop() {
    clearTimeout(timer);
    waiting = null;
    requests.cancel();
  }

  /** Seeds or settings change, and the list follows. A slider that is still moving is one step to undo. */
  function change(changes, pause = PAUSE_MILLISECONDS) {
    const { history, list } = store.state;
    const recorded = isAhead || list === null ? history : History.record(history, step());
    isAhead = true;
    store.update({ ...changes, history: recorded });
    schedule(pause);
  }

  function schedule(pause) {
    stop();
    if (store.state.seeds.length === 0) return;
    store.update({ busy: true });
    timer = setTimeout(refresh, pause);
  }

  /** `isAsked`: lead the reader to the list; `isQuiet`: what is told of a problem stands until there is an answer. */
  async function refresh({ isAsked = false, isQuiet = false } = {}) {
    stop();
    const asked = store.state;
    if (asked.seeds.length === 0) return;
    const { link } = asked;
    store.update(isQuiet ? { busy: true } : { busy: true, problem: null });
    if (isAsked && !isQuiet) say(words.page.looking);
    const body = link
      ? recommendationRequest({ ...asked, list: leftOut(link) }, withoutSeeds(link.order, asked.seeds))
      : recommendationRequest(asked);
    try {
      const answer = readAnswer(
        await requests.run((signal) => request("api/recommendations", { method: "POST", body, signal })),
      );
      take({ ...answer, notes: [...notes, ...answer.notes] }, link);
      say(words.page.ready(answer.tracks.length));
      if (isAsked) leadToList();
    } catch (problem) {
      const { genre } = asked.wishes;
      // A genre out of an old link cannot be changed before there is a list.
      if (problem.code === "unknown_genre" && genre !== null && asked.list === null) {
        notes.push(words.page.genreGone(genre));
        store.update({ wishes: { ...asked.wishes, genre: null } });
        return refresh({ isAsked, isQuiet });
      }
      fail(problem, () => refresh({ isAsked, isQuiet: true }));
    }
  }

  function take(answer, link) {
    const { seeds, list: standing } = store.state;
    const made = fromAnswer(answer, link ? leftOut(link) : standing);
    isAhead = false;
    notes = [];
    reached();
    store.update({
      answer,
      list: link ? asShared(made, link) : made,
      link: null,
      seeds: seedsAsTold(seeds, answer.seeds, newSeed).map((seed, place) => ({
        ...seed,
        known: answer.seeds[place] ?? seed.known,
        status: "ready",
        problem: null,
      })),
      busy: false,
      problem: null,
      isComing: false,
    });
  }

  /** `again()` is what to try when the service can be reached again. */
  function fail(problem, again) {
    store.update({ busy: false });
    if (!(problem instanceof Problem)) throw problem;
    const isUnreachable = problem.code === "offline";
    if (isUnreachable) {
      waiting = again;
      wait();
    } else reached();
    store.update({
      // With a list on the page the banner says that there is no connection, and work goes on.
      problem: isUnreachable && store.state.list ? null : problem,
      isComing: false,
      seeds: seedsAsTold(store.state.seeds, problem.seeds, newSeed).map((seed, place) => judged(seed, place, problem)),
    });
    // What was last said of an edit stands: the banner says that there is no connection.
    if (!isUnreachable) say(problemHeading(problem));
    else if (store.state.list === null) say("");
  }

  function wait() {
    const seconds = WAITS_SECONDS[Math.min(attempts, WAITS_SECONDS.length - 1)];
    attempts += 1;
    clearTimeout(waitTimer);
    waitTimer = setTimeout(tryAgain, seconds * 1000);
    store.update({ offline: true });
  }

  function tryAgain() {
    clearTimeout(waitTimer);
    const again = waiting;
    waiting = null;
    if (again) again();
    else if (store.state.offline) load();
  }

  function reached() {
    attempts = 0;
    clearTimeout(waitTimer);
    if (!store.state.offline) return;
    const { problem } = store.state;
    store.update({ offline: false, problem: problem?.code === "offline" ? null : problem });
    say(words.page.back);
    if (!isLoaded) load();
  }

  window.addEventListener("offline", () => store.update({ offline: true }));
  window.addEventListener("online", () => (waiting ? tryAgain() : reached()));

  /** Begin anew with these seeds. What was wished of another list is no wish for this one, and would not be seen. */
  function begin(seeds, { link = null, wishes = USUAL_WISHES } = {}) {
    stop();
    isAhead = false;
    notes = [];
    store.update({ ...EMPTY, seeds, wishes, link, isComing: link !== null });
    return refresh({ isAsked: true });
  }

  function beginAnew(seeds) {
    onNewList();
    return begin(seeds);
  }

  // --- the list ---

  function edit(name, ...args) {
    const { list, history } = store.state;
    if (!EDITS.includes(name) || list === null) return;
    const next = playlist[name](list, ...args);
    if (next === list) return;
    store.update({ list: next, history: History.record(history, step()) });
    // An answer that is on its way knows nothing of this edit; and a list that lost a row for good wants another one.
    if (store.state.busy || next.rows.length < list.rows.length) schedule(PAUSE_MILLISECONDS);
  }

  function travel(way, said) {
    const found = History[way](store.state.history, step());
    if (found === null) return;
    stop();
    const { isAhead: isUnanswered, ...back } = found.step;
    isAhead = isUnanswered;
    store.update({ ...back, history: found.history, busy: false, problem: null });
    say(said);
    if (isAhead) schedule(0);
  }

  // --- everything else ---

  async function load() {
    try {
      const [config, { genres }] = await Promise.all([request("api/config"), request("api/genres")]);
      isLoaded = true;
      service.set({ config, genres });
      if (waiting) tryAgain();
      else reached();
      store.update({ config, genres });
    } catch (problem) {
      failBeside(problem);
    }
  }

  /** What failed was no request for a list, so neither the list nor its seeds are touched. */
  function failBeside(problem) {
    if (!(problem instanceof Problem)) throw problem;
    const isUnreachable = problem.code === "offline";
    if (isUnreachable) wait();
    if (isUnreachable && store.state.list) return;
    store.update({ problem });
    say(isUnreachable ? "" : problemHeading(problem));
  }

  return {
    /** A new list from a link or a picked track, or from several, in place of the one that stands there. */
    ask: (texts) => beginAnew([texts].flat().map((text) => newSeed(text))),

    addSeed(texts) {
      change({ seeds: [...store.state.seeds, ...[texts].flat().map((text) => newSeed(text))] }, 0);
    },

    removeSeed(id) {
      const seeds = store.state.seeds.filter((seed) => seed.id !== id);
      if (seeds.length > 0) change({ seeds }, 0);
    },

    /**
     * Tell what is known of a seed. When `id` is `null` it is a track that is not on Spotify: another seed of the list
     * that stands there, or the first one of a new list.
     */
    describe(id, given) {
      const { seeds, list } = store.state;
      if (id === null && list) return change({ seeds: [...seeds, newSeed(null, given)] }, 0);
      if (id === null) return beginAnew([newSeed(null, given)]);
      const seed = seeds.find((one) => one.id === id);
      // It was taken out while somebody told about it.
      if (!seed) return;
      const features = given.features && { features: { ...seed.given?.features, ...given.features } };
      const told = { ...seed, given: { ...seed.given, ...given, ...features }, status: "looking", problem: null };
      const next = seeds.map((one) => (one === seed ? told : one));
      if (list) return change({ seeds: next });
      store.update({ seeds: next });
      return refresh({ isAsked: true });
    },

    setWishes(changes) {
      const wishes = { ...store.state.wishes, ...changes };
      if (store.state.seeds.length > 0) change({ wishes });
      else store.update({ wishes });
    },

    edit,
    undo: () => travel("undo", words.page.undone),
    redo: () => travel("redo", words.page.redone),
    choose: (key) => store.update({ chosen: key }),

    async retry() {
      store.update({ problem: null });
      if (!isLoaded) await load();
      return refresh({ isAsked: store.state.list === null });
    },

    async refreshConfig() {
      try {
        store.update({ config: await request("api/config") });
      } catch (problem) {
        failBeside(problem);
      }
    },

    /** A list from a link: the same tracks in the same order, as far as they can still be had. */
    open({ seeds, wishes, isDamaged, ...link }) {
      const entries = seeds.map((seed) => (typeof seed === "string" ? newSeed(seed) : fromGiven(seed)));
      const asked = begin(entries, { wishes, link: link.order.length > 0 ? link : null });
      if (isDamaged) notes.push(words.page.linkDamaged);
      return asked;
    },

    /** Put a list back that was kept, and go on with what was under way. */
    restore({ isAhead: isUnanswered, ...kept }) {
      stop();
      isAhead = isUnanswered;
      notes = [];
      store.update({ ...EMPTY, ...kept, isComing: Boolean(kept.link) });
      if (isAhead) schedule(0);
      else if (kept.list === null) refresh({ isAsked: true });
    },

    /** Show the start, as a first visitor meets it. */
    clear() {
      stop();
      isAhead = false;
      store.update({ ...EMPTY, wishes: USUAL_WISHES });
    },

    /** The same by hand, so that the way back leads to the list. */
    startOver() {
      if (store.state.seeds.length === 0) return;
      onNewList();
      stop();
      isAhead = false;
      store.update({ ...EMPTY, wishes: USUAL_WISHES });
    },

    isAhead: () => isAhead,
    load,
    say,
  };
}

function fromGiven({ track = null, ...given }) {
  return newSeed(track, Object.keys(given).length > 0 ? given : null);
}

/** What a refusal says about this one of the seeds. */
function judged(seed, place, problem) {
  if (problem.code === "seed_data_needed" && problem.missing[place]) {
    const known = seed.known ?? problem.seeds.find((one) => one.position === place) ?? null;
    return { ...seed, known, status: "needed", problem };
  }
  const isNamed = problem.fields.some(({ field }) => field?.replace(/^body\./, "").startsWith(`seeds[${place}]`));
  const isJudged = isNamed || (seed.status === "looking" && problem.code !== "offline");
  return isJudged ? { ...seed, status: "failed", problem } : seed;
}

/** A seed is in the list anyway, and asking to keep it would be refused with a note. */
function withoutSeeds(order, seeds) {
  return order.filter((id) => id !== null && seeds.every(({ text }) => text !== id));
}

/** What the link tells of the list before there is one: what is not to come into it. */
const leftOut = ({ removed, banned }) => ({ rows: [], reserves: [], pinned: [], removed, banned });

/** The rows of `list` as the link has them, and pinned where the link says so. */
function asShared(list, { order, pinned }) {
  const unreleased = list.rows.filter((row) => row.own && !row.track_id).map(keyOf);
  const keys = order.map((id) => id ?? unreleased.shift() ?? null);
  const known = new Set(list.rows.map(keyOf));
  return {
    ...inOrder(
      list,
      keys.filter((key) => key !== null),
    ),
    pinned: pinned.map((place) => keys[place]).filter((key) => known.has(key)),
  };
}
