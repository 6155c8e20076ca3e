// How a track sounds, set by hand: sliders that say nothing until they are moved, and can be taken back.

import { h, unseen } from "../dom.js";
import { words } from "../en.js";
import { JUDGED, stepOf } from "../seeds.js";
import { number } from "../words.js";

const { features } = words.start;
const TEMPO = { min: 40, max: 220, step: 1, start: 120, share: 1 };
// A share of 0 to 1 is drawn in hundredths, in steps that an ear can tell apart.
const SHARE = { min: 0, max: 100, step: 5, start: 50, share: 100 };

/** What a value of a feature is called: "energetic", "128 BPM". */
export const featureSaid = (name, value) =>
  name === "tempo" ? features.tempo.said(number(Math.round(value))) : features[name].words[stepOf(value)];

/**
 * Sliders for everything that an ear can judge. `onChange(values)` hears what is set by hand after every step. Where a
 * slider is not set it stands where the track is known or usual to be, and says so.
 */
export function featureSliders({ id, describedBy, onChange }) {
  const rows = Object.fromEntries(JUDGED.map((name) => [name, slider(name)]));

  function slider(name) {
    const { min, max, step, start, share } = name === "tempo" ? TEMPO : SHARE;
    const { label, low, high } = features[name];
    const own = `${id}-${name}`;
    let isSet = false;
    let base = { value: start / share };
    const input = h("input", {
      id: own,
      type: "range",
      min,
      max,
      step,
      "aria-describedby": describedBy,
      oninput: () => touch(),
    });
    const output = h("output", { for: own });
    const clear = h("button", { type: "button", class: "link", onclick: takeBack }, words.start.clear, unseen(label));
    const element = h(
      "div",
      { class: "feature" },
      h("p", { class: "feature-head" }, h("label", { for: own }, label), output, clear),
      h(
        "div",
        { class: "feature-line" },
        h("span", { "aria-hidden": "true" }, low),
        input,
        h("span", { "aria-hidden": "true" }, high),
      ),
    );

    function touch() {
      isSet = true;
      draw();
      onChange(values());
    }

    function takeBack() {
      isSet = false;
      draw();
      input.focus();
      onChange(values());
    }

    function draw() {
      if (!isSet) input.value = Math.round(base.value * share);
      const said = featureSaid(name, Number(input.value) / share);
      output.textContent = isSet || base.isKnown ? said : words.start.notSet;
      const unseenSaid = base.isUsual ? words.start.notSetUsual(said) : words.start.notSet;
      input.setAttribute("aria-valuetext", isSet || base.isKnown ? said : unseenSaid);
      element.classList.toggle("unset", !isSet);
      clear.hidden = !isSet;
    }

    // A press on the spot where the handle already stands is an answer too, but no change.
    input.addEventListener("click", touch);
    input.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      touch();
    });

    return {
      element,
      input,
      get value() {
        return isSet ? Number(input.value) / share : null;
      },
      set(value) {
        isSet = value !== null;
        if (isSet) input.value = Math.round(value * share);
        draw();
      },
      setBase(next) {
        base = next ?? { value: start / share };
        draw();
      },
    };
  }

  /** What is set by hand, by name. */
  function values() {
    return Object.fromEntries(JUDGED.flatMap((name) => (rows[name].value === null ? [] : [[name, rows[name].value]])));
  }

  return {
    element: h("div", { class: "features" }, ...JUDGED.map((name) => rows[name].element)),
    values,
    set(given) {
      for (const name of JUDGED) rows[name].set(given[name] ?? null);
    },
    /** `known`: features that are known of the track, `usual`: those that most tracks of its kind have. */
    setBase({ known, usual }) {
      for (const name of JUDGED) {
        if (Number.isFinite(known[name])) rows[name].setBase({ value: known[name], isKnown: true });
        else rows[name].setBase(Number.isFinite(usual[name]) ? { value: usual[name], isUsual: true } : null);
      }
    },
    focus: () => rows[JUDGED[0]].input.focus(),
  };
}
