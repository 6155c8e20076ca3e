// What was heard, as sliders that the artist may correct; each says where its value comes from.

import { SLIDERS, featuresOf, markOf, setByHand } from "../audio/heard.js";
import { h, unseen } from "../dom.js";
import { words } from "../en.js";
import { number } from "../words.js";

const STEPS = 5;

/** `onChange(heard)` gets what the reader made of it. */
export function heardSliders(onChange) {
  let heard = null;
  const rows = SLIDERS.map(rowOf);
  const [usual, extra] = [false, true].map((isExtra) =>
    h(
      "div",
      { class: "heard-sliders" },
      rows.filter((row) => Boolean(row.isExtra) === isExtra).map((row) => row.element),
    ),
  );

  function rowOf({ name, min, max, step, unit, isExtra }) {
    const id = `heard-${name}`;
    const label = words.audio.features[name].label;
    const input = h("input", { id, type: "range", min, max, step, oninput: set, onclick: set });
    const said = h("output", { for: id, class: "heard-said" });
    const mark = h("span", { class: "heard-mark" });
    const back = h(
      "button",
      { type: "button", class: "link", onclick: takeBack },
      words.audio.back,
      unseen(` ${label}`),
    );

    const positionOf = (value) => Math.min(Math.max(Math.round(value / unit), min), max);

    function set() {
      const value = featuresOf(heard)[name];
      // A press on the spot where the thumb already stands is an answer only where nothing was known.
      if (value !== undefined && Number(input.value) === positionOf(value)) return;
      change(Math.round(Number(input.value) * unit * 100) / 100);
    }

    function change(value) {
      onChange(setByHand(heard, name, value));
    }

    function takeBack() {
      change(null);
      input.focus();
    }

    return {
      isExtra,
      element: h(
        "div",
        { class: "heard-row" },
        h("label", { for: id }, label),
        h("span", { class: "heard-state" }, said, mark, back),
        input,
      ),
      draw() {
        const value = featuresOf(heard)[name];
        const origin = markOf(heard, name);
        input.value = value === undefined ? (min + max) / 2 : positionOf(value);
        said.textContent = wordsFor(name, value);
        mark.textContent = words.audio.marks[origin];
        mark.dataset.mark = origin;
        input.setAttribute("aria-valuetext", `${said.textContent}, ${mark.textContent}`);
        back.hidden = origin !== "hand";
        input.classList.toggle("unset", origin === "unknown");
      },
    };
  }

  return {
    element: h(
      "div",
      { class: "stack" },
      usual,
      h("details", { class: "heard-more" }, h("summary", {}, words.audio.more), extra),
    ),
    draw(next) {
      heard = next;
      for (const row of rows) row.draw();
    },
  };
}

/** A value for a reader: one of five words, or about a whole number. */
function wordsFor(name, value) {
  if (value === undefined) return words.audio.unknown;
  const { steps, unit } = words.audio.features[name];
  if (unit) return unit(number(Math.round(value)));
  return steps[Math.min(Math.floor(value * STEPS), STEPS - 1)];
}
