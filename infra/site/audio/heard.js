// What came of listening: the values of the sliders, how far each may be trusted, and the seed that they make. Pure.

import { TEMPO_RANGE, WITHOUT_VOCALS, WITH_VOCALS, applyAnswers, oneDecimal } from "./questions.js";

/** The sliders in their order: a position times `unit` is a feature's value. The last ones are for those who ask. */
export const SLIDERS = [
  { name: "energy", min: 0, max: 100, step: 1, unit: 0.01 },
  { name: "danceability", min: 0, max: 100, step: 1, unit: 0.01 },
  { name: "acousticness", min: 0, max: 100, step: 1, unit: 0.01 },
  { name: "valence", min: 0, max: 100, step: 1, unit: 0.01 },
  { name: "instrumentalness", min: 0, max: 100, step: 1, unit: 0.01 },
  { name: "tempo", min: 40, max: 240, step: 1, unit: 1 },
  { name: "loudness", min: -40, max: 0, step: 1, unit: 1, isExtra: true },
  { name: "speechiness", min: 0, max: 100, step: 1, unit: 0.01, isExtra: true },
  { name: "liveness", min: 0, max: 100, step: 1, unit: 0.01, isExtra: true },
];

const MEASURED_BY_A_RULE = ["loudness", "tempo"];

/**
 * What is known after listening. `source` is `"measured"` or `"audio_file"`, `base` the features that it gave,
 * `counting` the way in which its tempo is counted, and `hand` what the artist says instead, by name.
 */
export const heardFrom = (source, base, hand = {}) => ({ source, base, counting: "as_is", hand });

/** All features as they stand now. */
export function featuresOf({ base, counting, hand }) {
  return { ...applyAnswers(base, { tempo: counting }), ...hand };
}

/** Where a value comes from: `"hand"`, `"heard"`, `"measured"`, `"rough"` or `"unknown"`. */
export function markOf(heard, name) {
  if (name in heard.hand) return "hand";
  if (!(name in featuresOf(heard))) return "unknown";
  if (heard.source === "audio_file") return "heard";
  return MEASURED_BY_A_RULE.includes(name) ? "measured" : "rough";
}

/** Set by hand, or with `null` given back to what was heard. */
export function setByHand(heard, name, value) {
  const { [name]: _, ...others } = heard.hand;
  return { ...heard, hand: value === null ? others : { ...others, [name]: value } };
}

/** Whether somebody sings, as the artist says. */
export const setVocals = (heard, vocals) => setByHand(heard, "instrumentalness", vocals ? WITH_VOCALS : WITHOUT_VOCALS);

/** Another way to count the tempo that was found, or `"none"` for music without a beat. */
export const setCounting = (heard, counting) => ({ ...setByHand(heard, "tempo", null), counting });

/** A tempo as somebody types it ("98,5"), or `null` for one that no track has. */
export function tempoOf(text) {
  const typed = text.trim().replace(",", ".");
  const bpm = /^\d{1,3}(\.\d+)?$/.test(typed) ? Number(typed) : NaN;
  return bpm >= TEMPO_RANGE[0] && bpm <= TEMPO_RANGE[1] ? oneDecimal(bpm) : null;
}

/** `{features, features_source, features_by_hand}` as a seed takes them. */
export function seedPartOf(heard) {
  const features = featuresOf(heard);
  const byHand = Object.keys(heard.hand);
  const isHeard = Object.keys(features).some((name) => !(name in heard.hand));
  const sources = [isHeard && heard.source, byHand.length > 0 && "given"].filter(Boolean);
  return { features, features_source: sources.join(" and "), features_by_hand: byHand };
}
