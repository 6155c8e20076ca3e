// Listens apart from the page, so that the page never stands still. It asks for nothing but the model's figures, which
// come with the page, and it sends nothing to anybody.

import { CLIP_RATE, checkClip, fromSixteenBits, mixed, toSixteenBits } from "./clip.js";
import { measure } from "./measurement.js";
import { Survey } from "./survey.js";

let figures = loadFigures();
let survey = null;

const TASKS = {
  /** A new track; what was heard of another one is forgotten. */
  begin({ rate, channels }) {
    survey = new Survey(rate, channels);
  },

  /** The next samples of it. */
  take({ channels }) {
    survey.add(channels);
  },

  finish({ wanted }) {
    const result = survey.result(wanted);
    survey = null;
    return result;
  },

  /** An excerpt as the 16-bit samples that are measured or sent; throws where it holds no music. */
  cut({ channels, gain }) {
    const values = toSixteenBits(mixed(channels), gain);
    checkClip(fromSixteenBits(values), CLIP_RATE);
    return values;
  },

  async measure({ values, loudness }, progress) {
    figures = figures.catch(loadFigures);
    const { features, trust } = measure(fromSixteenBits(values), loudness, await figures, progress);
    return { features, trust, attribution: (await figures).attribution };
  },
};

addEventListener("message", async ({ data: { id, task, ...given } }) => {
  try {
    const result = await TASKS[task](given, (share) => postMessage({ id, share }));
    postMessage({ id, result });
  } catch (error) {
    postMessage({ id, fault: { code: error.code ?? "unexpected", facts: error.facts ?? {} } });
  }
});

async function loadFigures() {
  const answer = await fetch(new URL("local_model.json", import.meta.url));
  return answer.json();
}

// Asked for again when it is needed, where it failed now.
figures.catch(() => {});
