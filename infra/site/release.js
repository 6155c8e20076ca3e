// The page about one release: asks how far it has come, shows it, and looks again for as long as something may change.

import { ask, Latest } from "./api.js";
import { byId, h, svg, unseen } from "./dom.js";
import { nextLook, nextTry, releaseIdOf, stepsOf, waitsUntil } from "./release_status.js";
import { release as words } from "./release_words.js";
import { clockTime, problemDetail, problemHeading } from "./words.js";

const SIGNS = { passed: "M4 8.5l2.7 2.7L12 5.5", current: "M8 8h.01", stopped: "M5 5l6 6M11 5l-6 6" };

const latest = new Latest();
let known = null;
let knownAt = null;
let unchanged = 0;
let troubles = 0;
let timer = null;
let dueAt = null;

for (const element of document.querySelectorAll("[data-words]")) element.textContent = words[element.dataset.words];
byId("again").addEventListener("click", look);
byId("skip").addEventListener("click", (event) => {
  // The place behind the # is taken by the release.
  event.preventDefault();
  byId("main").focus();
});
window.addEventListener("hashchange", begin);
window.addEventListener("online", () => troubles > 0 && look());
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : wait()));
begin();

function begin() {
  latest.cancel();
  known = null;
  unchanged = 0;
  troubles = 0;
  byId("release").replaceChildren();
  look();
}

async function look() {
  const id = releaseIdOf(location.hash);
  if (id === null) {
    show(words.noLink);
    return lookAgainIn(null);
  }
  clearTimeout(timer);
  byId("next").textContent = words.looking;
  byId("again").classList.add("working");
  try {
    const answer = await latest.run((signal) => ask(`/api/releases/${id}`, { signal }));
    unchanged = known?.state === answer.state && known.why === answer.why ? unchanged + 1 : 0;
    troubles = 0;
    known = answer;
    knownAt = new Date();
    byId("trouble").replaceChildren();
    draw(answer);
    lookAgainIn(nextLook(answer, unchanged, knownAt));
  } catch (problem) {
    troubles += 1;
    const isUnknown = problem.status === 404;
    if (isUnknown) byId("release").replaceChildren();
    show(isUnknown ? words.unknown : { heading: problemHeading(problem), text: problemDetail(problem) }, !isUnknown);
    lookAgainIn(nextTry(problem, troubles, new Date()));
  }
}

function lookAgainIn(seconds) {
  clearTimeout(timer);
  dueAt = seconds === null ? null : new Date(Date.now() + seconds * 1000);
  byId("again").classList.remove("working");
  // What failed may have been replayed.
  byId("again").hidden = releaseIdOf(location.hash) === null || known?.state === "done";
  byId("next").textContent = dueAt === null ? "" : seconds < 180 ? words.next : words.nextAt(clockTime(dueAt));
  wait();
}

/** Nobody is asked anything for a page that nobody sees. */
function wait() {
  clearTimeout(timer);
  if (dueAt !== null && !document.hidden) timer = setTimeout(look, Math.max(0, dueAt - Date.now()));
}

/** Something stands in the way of knowing more. */
function show({ heading, text }, isPassing = false) {
  byId("trouble").replaceChildren(
    h(
      "div",
      { class: isPassing ? "note" : "trouble" },
      h("h2", {}, heading),
      h("p", {}, text),
      isPassing && known && h("p", { class: "hint" }, words.stale(clockTime(knownAt))),
    ),
  );
  document.title = words.windowTitle(heading);
  say(words.said(heading, text));
}

function draw(answer) {
  const { heading, text } =
    answer.state === "done" && !answer.playlist_url ? words.doneElsewhere : words.states[answer.state];
  const until = waitsUntil(answer, new Date());
  const again = until ? words.lookedAt(clockTime(until)) : words.lookedAtSoon;
  replaceChanged(
    byId("release"),
    answer.title && h("p", { class: "lead" }, words.named(answer.title)),
    h(
      "section",
      { class: `card stack release-${answer.state}` },
      h("h2", {}, heading),
      h("p", {}, answer.why ?? text),
      answer.state === "waiting" && h("p", {}, again),
      answer.state === "failed" && h("p", {}, words.remedy),
      answer.playlist_url &&
        h("p", {}, h("a", { class: "button primary", href: answer.playlist_url, rel: "noreferrer" }, words.playlist)),
      answer.version && h("p", {}, words.version(answer.version)),
      way(answer),
      answer.notes.length > 0 &&
        h(
          "div",
          { class: "inset stack" },
          h("h3", {}, words.notes),
          h("ul", {}, ...answer.notes.map((note) => h("li", {}, note))),
        ),
      h(
        "p",
        { class: "hint" },
        words.announced(clockTime(new Date(answer.received_at))),
        answer.finished_at && ` ${words.ended(clockTime(new Date(answer.finished_at)))}`,
      ),
      answer.track_url && h("p", {}, h("a", { href: answer.track_url, rel: "noreferrer" }, words.track)),
    ),
  );
  document.title = words.windowTitle(heading);
  say(words.said(heading, until ? `${answer.why ?? text} ${again}` : (answer.why ?? text)));
}

/** The five steps as a small picture. */
function way(answer) {
  return h(
    "ol",
    { class: "way", "aria-label": words.way },
    ...stepsOf(answer).map(({ name, mark }) =>
      h(
        "li",
        { class: `step-${mark}`, "aria-current": ["current", "stopped"].includes(mark) ? "step" : null },
        svg(
          "svg",
          { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", focusable: "false" },
          SIGNS[mark] && svg("path", { d: SIGNS[mark] }),
        ),
        h("span", {}, words.steps[name], unseen(` (${words.marks[mark]})`)),
      ),
    ),
  );
}

/** Whatever the reader is at stays under their hands when nothing is new. */
function replaceChanged(place, ...children) {
  const fresh = h("div", {}, ...children);
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...fresh.childNodes);
}

/** Tell it to those who cannot see it, once. */
function say(text) {
  const status = byId("status");
  if (status.textContent !== text) status.textContent = text;
}
