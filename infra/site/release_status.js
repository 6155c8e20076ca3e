// What the page about one release shows, and when it looks again. Pure.

const ID = /^[0-9a-f]{32}$/;

/** The way of a release as it is drawn; `failed` stands at the step where it stopped. */
export const STEPS = ["received", "resolving", "waiting", "publishing", "done"];

const SHORTEST_SECONDS = 15;
const LONGEST_SECONDS = 120;
// Somebody may have helped meanwhile, so no wait is sat out in one go.
const LONGEST_WAIT_SECONDS = 1800;
const LONGEST_TROUBLE_SECONDS = 300;
// What is due is not done at that very moment.
const MARGIN_SECONDS = 10;
const GROWTH = 1.5;

/** The release's id from what follows the # of an address, or `null`. */
export function releaseIdOf(hash) {
  const id = hash.replace(/^#/, "").toLowerCase();
  return ID.test(id) ? id : null;
}

const isOpen = ({ state }) => state !== "done" && state !== "failed";

/** The five steps, each `{name, mark}`: passed, current, ahead, perhaps (a wait that need not be), or stopped. */
export function stepsOf(answer) {
  const isFound = Boolean(answer.track_url);
  const at = answer.state === "failed" ? (isFound ? "publishing" : "resolving") : answer.state;
  const place = STEPS.indexOf(at);
  return STEPS.map((name, step) => ({ name, mark: markOf(name, step - place, answer.state, isFound) }));
}

function markOf(name, ahead, state, isFound) {
  if (ahead === 0) return { failed: "stopped", done: "passed" }[state] ?? "current";
  if (name === "waiting") return "perhaps";
  if (ahead > 0) return "ahead";
  // Who waits for Spotify to have the release has not found it.
  return name === "resolving" && state === "waiting" && !isFound ? "ahead" : "passed";
}

/**
 * Seconds until the page looks again, `null` once nothing changes any more. `unchanged` is how often in a row the
 * answer was the same, `now` a `Date`.
 */
export function nextLook(answer, unchanged, now) {
  if (!isOpen(answer)) return null;
  const usual = Math.min(LONGEST_SECONDS, SHORTEST_SECONDS * GROWTH ** unchanged);
  const due = (Date.parse(answer.next_attempt_at ?? "") - now) / 1000 + MARGIN_SECONDS;
  return due > usual ? Math.min(due, LONGEST_WAIT_SECONDS) : usual;
}

/** Seconds until the page tries again after so many troubles in a row, `null` where that is of no use. */
export function nextTry(problem, troubles, now) {
  if (problem.status === 404) return null;
  const usual = Math.min(LONGEST_TROUBLE_SECONDS, SHORTEST_SECONDS * 2 ** (troubles - 1));
  const named = problem.retryAt ? (problem.retryAt - now) / 1000 : 0;
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(usual, named));
}

/** When a wait ends, as a `Date`; `null` where nothing is waited for, or the time is over already. */
export function waitsUntil(answer, now) {
  const until = new Date(answer.next_attempt_at ?? Number.NaN);
  return answer.state === "waiting" && until > now ? until : null;
}
