// What went wrong with the list as a whole. What belongs to a field or to one track is told there.

import { USUAL_WISHES, isUsual } from "../address.js";
import { h } from "../dom.js";
import { words } from "../en.js";
import { clockTime, problemDetail, problemHeading } from "../words.js";
import { againButton } from "./again.js";

// Told at the field, on the card, or together with its remedies.
const TOLD_ELSEWHERE = ["invalid_link", "seed_data_needed"];
const isOfSeed = ({ field }) => /^(body\.)?seeds\b/.test(field ?? "");

export function mountProblem(place, store, actions) {
  store.watch(["problem"], ({ problem, list, wishes }) => {
    // Without a list the settings are not on the page.
    const isStuck = list === null && !isUsual(wishes);
    place.replaceChildren(...(problem && isOurs(problem) ? [trouble(problem, isStuck, actions)] : []));
  });
}

function isOurs(problem) {
  return !TOLD_ELSEWHERE.includes(problem.code) && !(problem.fields.length > 0 && problem.fields.every(isOfSeed));
}

function trouble(problem, isStuck, actions) {
  const advice = words.problems.advice[problem.code];
  const asUsual = () => actions.setWishes(structuredClone(USUAL_WISHES));
  return h(
    "div",
    { class: "trouble" },
    h("p", {}, h("strong", {}, problemHeading(problem)), ". ", detailOf(problem)),
    advice && h("p", {}, advice),
    problem.retryAt && h("p", {}, words.problems.from(clockTime(problem.retryAt))),
    problem.status >= 500 && problem.requestId && h("p", { class: "hint" }, words.problems.report(problem.requestId)),
    canPass(problem) && retryButton(problem, actions),
    !canPass(problem) && isStuck && h("button", { type: "button", onclick: asUsual }, words.problems.asUsual),
  );
}

/** What could not be reached is tried again by the page itself. */
const detailOf = (problem) => (problem.code === "offline" ? words.problems.byItself : problemDetail(problem));

export const retryButton = ({ retryAt }, actions) =>
  againButton({
    label: words.problems.retry,
    labelIn: words.problems.retryIn,
    from: retryAt?.getTime() ?? null,
    act: () => actions.retry(),
  });

/** Whether the same request may be answered another time. */
export const canPass = (problem) => problem.isUncertain || problem.status >= 500 || problem.status === 429;
