// Puts the page together: what the reader sets becomes a request, and the answer becomes a list to take away.

import { Latest, Problem, ask } from "./api.js";
import { byId, focusField, h, showFieldError } from "./dom.js";
import { Remembered } from "./storage.js";
import { Store } from "./store.js";
import { artistsOf, counted, problemHeading } from "./words.js";
import { mountAbout } from "./views/about.js";
import { mountControls } from "./views/controls.js";
import { mountCopy } from "./views/copy.js";
import { mountDescribe } from "./views/describe.js";
import { showExamples } from "./views/examples.js";
import { mountList } from "./views/list.js";
import { mountPublish } from "./views/publish.js";
import { looksLikeLink, mountTrackField } from "./views/track_field.js";

const MOST_EXCLUSIONS = 500;
// As long as the field's own limit.
const MOST_CHARACTERS = 2048;
const kept = new Remembered("sessionStorage", "list");
const given = takeFromAddress();
// Another track begins a new list; how it is to be made stays as it was.
const before = given === null ? kept.get() : { text: given, controls: kept.get()?.controls };

const store = new Store({
  config: null,
  // The URI of a track that was picked; `null` while the text in the field has to tell the track.
  seed: before?.seed ?? null,
  removed: before?.removed ?? [],
  answer: before?.answer ?? null,
  published: before?.published ?? null,
  busy: false,
});

const requests = new Latest();
const track = mountTrackField({
  onPick: (picked) => {
    describe.close();
    start(picked.uri);
  },
  onType: () => {
    // A link or a name takes the place of a description. One that the reader opened stays while the field is emptied,
    // because it alone tells the track then.
    if (describe.isOpen && (describe.isAutomatic || track.text)) describe.close();
    start(null);
  },
});
const controls = mountControls(store, () => {
  if (store.state.answer) makeList();
});
const describe = mountDescribe(toggleDescribe);

mountAbout(store);
mountList(store, removeRow);
mountCopy(store);
mountPublish(store, refreshConfig);
restore();

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  track.stop();
  makeList({ isAsked: true });
});
store.watch(["answer"], ({ answer }) => {
  byId("take").hidden = !answer;
  document.body.classList.toggle("has-list", Boolean(answer));
  byId("ask-submit").textContent = answer ? "Update the list" : "Make my playlist";
});
store.watch(["busy"], ({ busy }) => byId("ask-submit").classList.toggle("working", busy));
store.watch(["seed", "removed", "answer", "published"], keep);
window.addEventListener("pagehide", keep);

load();
if (given !== null) askForGiven();

/** Ask for everything that does not depend on a track. */
async function load() {
  try {
    const [config, { genres }] = await Promise.all([ask("api/config"), ask("api/genres")]);
    controls.offerGenres(genres);
    store.update({ config });
    if (config.demo.catalogue) await showExamples(tryExample);
  } catch (problem) {
    showProblem(problem);
  }
}

async function refreshConfig() {
  try {
    store.update({ config: await ask("api/config") });
  } catch (problem) {
    showProblem(problem);
  }
}

/** A new track to start from: what was removed or published for the last one does not concern it. */
function start(seed) {
  requests.cancel();
  store.update({ seed, removed: [], published: null, busy: false });
}

/** Opened or closed by hand. What was typed is the title by then, unless it is a link, which still tells the track. */
function toggleDescribe() {
  clearProblems();
  if (describe.isOpen && !looksLikeLink(track.text)) {
    if (!store.state.seed) describe.suggestTitle(track.text);
    track.text = "";
  }
  start(null);
}

function tryExample(example) {
  describe.close();
  track.text = `${example.title} – ${artistsOf(example)}`;
  start(example.uri);
  makeList({ isAsked: true });
}

/** The seeds as the service takes them, or faults in the form. */
function seedsOrFaults() {
  const text = track.text;
  const link = store.state.seed ?? (looksLikeLink(text) ? text : null);
  if (describe.isOpen) {
    const faults = describe.faults;
    return faults.length > 0 ? { faults } : { seeds: [describe.seed(link)] };
  }
  if (link) return { seeds: [link] };
  const message = text
    ? "Pick your track from the list that opens as you type, or paste its link."
    : "Paste the Spotify link to your track, or type its name.";
  return { faults: [{ field: "track", message }] };
}

/** `isAsked`: the reader pressed the button and wants to be led to the outcome; otherwise a setting changed. */
async function makeList({ isAsked = false } = {}) {
  clearProblems();
  const { seeds, faults = [] } = seedsOrFaults();
  const all = [...faults, ...controls.faults];
  if (all.length > 0) return complain(all, isAsked);
  store.update({ busy: true });
  if (isAsked) say("Looking for tracks…");
  const body = { seeds, ...controls.wishes, filters: { exclude_tracks: store.state.removed.slice(-MOST_EXCLUSIONS) } };
  try {
    const answer = await requests.run((signal) => ask("api/recommendations", { method: "POST", body, signal }));
    store.update({ answer, busy: false });
    say(`${counted(answer.tracks.length, "track")} in the list.`);
    if (isAsked) leadTo(byId("list-heading"));
  } catch (problem) {
    store.update({ busy: false });
    say("");
    showProblem(problem, isAsked);
  }
}

/** Focus a heading and bring it up, if it is not near the top of the window anyway. */
function leadTo(heading) {
  heading.focus({ preventScroll: true });
  const { top } = heading.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) heading.scrollIntoView({ block: "start" });
}

/** Take a row out; the first reserve moves in, because the list obeys its rules together with its reserves. */
function removeRow(place) {
  const { answer, removed } = store.state;
  const [next, ...reserves] = answer.reserves;
  const gone = answer.tracks[place];
  const tracks = answer.tracks.toSpliced(place, 1, ...(next ? [next] : []));
  store.update({ answer: { ...answer, tracks, reserves }, removed: [...removed, gone.track_id] });
  say(next ? `${gone.title} is out; ${next.title} took its place.` : `${gone.title} is out.`);
  const buttons = [...document.querySelectorAll("#list .remove")];
  const rows = [...document.querySelectorAll("#list .row")];
  (rows[place]?.querySelector(".remove") ?? buttons.at(-1) ?? byId("list-heading")).focus();
}

// --- what went wrong ---

function showProblem(problem, isAsked = false) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.code === "seed_data_needed") {
    describe.openFor(problem, store.state.seed ?? track.text);
    return;
  }
  const faults = problem.fields
    .map(({ field, message }) => ({ field: placeOf(field), message }))
    .filter(({ field }) => field);
  if (problem.code === "invalid_link" && faults.length === 0) faults.push({ field: "track", message: problem.message });
  if (faults.length > 0) return complain(faults, isAsked);
  byId("ask-problem").replaceChildren(
    h(
      "div",
      { class: "trouble" },
      h("p", {}, h("strong", {}, problemHeading(problem)), ". ", problem.message),
      problem.code === "internal_error" &&
        problem.requestId &&
        h("p", { class: "hint" }, `If you report this, give the number ${problem.requestId}.`),
      (problem.isUncertain || problem.status >= 500) && h("button", { type: "button", onclick: retry }, "Try again"),
    ),
  );
}

async function retry() {
  clearProblems();
  if (!store.state.config) await load();
  if (store.state.config && (track.text || describe.isOpen)) makeList({ isAsked: true });
}

/** Where a field of the request stands on this page. */
function placeOf(field = "") {
  const name = field.replace(/^body\./, "");
  const part = name.match(/^seeds(?:\[\d+\]|\.\d+)\.(\w+)/)?.[1];
  if (part && part !== "track" && describe.isOpen) return describe.placeOf(part) ?? "describe-title";
  if (name.startsWith("seeds")) return "track";
  if (name.startsWith("band")) return "band";
  return ["genre", "size"].includes(name) ? name : undefined;
}

function complain(faults, mayMove) {
  for (const { field, message } of faults) showFieldError(field, message);
  if (mayMove) focusField(faults[0].field);
  else say(faults[0].message);
}

function clearProblems() {
  byId("ask-problem").replaceChildren();
  for (const field of [
    "track",
    "genre",
    "size",
    "band",
    "describe-title",
    "describe-artist",
    "describe-followers",
    "features",
  ])
    showFieldError(field, null);
}

function say(text) {
  byId("list-status").textContent = text;
}

// --- the address, and a reload ---

/**
 * The track that the address asks for, or `null`: somebody followed such a link, or sent the form before this page was
 * ready to take it. The address is cleaned, so that a reload shows what the reader did since.
 */
function takeFromAddress() {
  const asked = new URLSearchParams(location.search).get("track");
  if (asked !== null) history.replaceState(history.state, "", location.pathname + location.hash);
  return asked?.trim().slice(0, MOST_CHARACTERS) ?? null;
}

function askForGiven() {
  if (given && !looksLikeLink(given)) track.find();
  else makeList({ isAsked: true });
}

function keep() {
  const { seed, removed, answer, published } = store.state;
  kept.set({
    seed,
    removed,
    answer,
    published,
    text: track.text,
    controls: controls.values,
    described: describe.values,
  });
}

function restore() {
  if (!before) return;
  // The reader may have begun to type before this ran.
  if (track.text && given === null) start(null);
  else track.text = before.text;
  if (before.described) describe.values = before.described;
  if (before.controls) controls.values = before.controls;
}
