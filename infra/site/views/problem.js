// What went wrong with the list as a whole. What belongs to a field or to one track is told there.

import { h } from "../dom.js";
import { words } from "../en.js";
import { clockTime, problemDetail, problemHeading } from "../words.js";

// Told at the field, on the card, or together with its remedies.
const TOLD_ELSEWHERE = ["invalid_link", "seed_data_needed"];
const isOfSeed = ({ field }) => /^(body\.)?seeds\b/.test(field ?? "");

export function mountProblem(place, store, actions) {
  store.watch(["problem"], ({ problem }) => {
    place.replaceChildren(...(problem && isOurs(problem) ? [trouble(problem, actions)] : []));
  });
}

function isOurs(problem) {
  return !TOLD_ELSEWHERE.includes(problem.code) && !(problem.fields.length > 0 && problem.fields.every(isOfSeed));
}

function trouble(problem, actions) {
  const advice = words.problems.advice[problem.code];
  return h(
    "div",
    { class: "trouble" },
    h("p", {}, h("strong", {}, problemHeading(problem)), ". ", problemDetail(problem)),
    advice && h("p", {}, advice),
    problem.retryAt && h("p", {}, words.problems.from(clockTime(problem.retryAt))),
    problem.status >= 500 && problem.requestId && h("p", { class: "hint" }, words.problems.report(problem.requestId)),
    canPass(problem) && h("button", { type: "button", onclick: () => actions.retry() }, words.problems.retry),
  );
}

/** Whether the same request may be answered another time. */
const canPass = (problem) => problem.isUncertain || problem.status >= 500 || problem.status === 429;
