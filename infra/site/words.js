// How numbers, times and troubles are put into words: digits and dates as the reader's locale writes them.

import { words } from "./en.js";

const locale = globalThis.navigator?.language;
const plural = new Intl.PluralRules("en");

// To make one takes longer than to write hundreds of numbers with it.
const formats = new Map();

export function number(value, options) {
  const kind = options ? JSON.stringify(options) : "";
  if (!formats.has(kind)) formats.set(kind, new Intl.NumberFormat(locale, options));
  return formats.get(kind).format(value);
}

/** "1 track", "2 tracks": `noun` is one of `words.units`. */
export const counted = (count, noun) => `${number(count)} ${words.units[noun]?.[plural.select(count)] ?? noun}`;

/** "87%", as the locale writes it. */
export const percent = (share) => number(share, { style: "percent", maximumFractionDigits: 0 });

export const artistsOf = (track) => track.artists.join(", ");

/** "November 23, 2026", without regard to the reader's time zone: what is dated here was dated in UTC. */
export const day = (iso) =>
  new Date(iso).toLocaleDateString(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** "16:42", or "16:42 on Monday, November 23" when that is not today. */
export function clockTime(date) {
  const time = date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  return words.timeOnDay(time, date.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" }));
}

/** "12 seconds", "7 minutes", "3 hours": rounded up, because too early is of no use. */
export function duration(seconds) {
  if (seconds < 90) return counted(Math.max(1, Math.ceil(seconds)), "second");
  if (seconds < 5400) return counted(Math.ceil(seconds / 60), "minute");
  return counted(Math.ceil(seconds / 3600), "hour");
}

/** At most `limit` characters, counted as the service counts them, with an ellipsis when something was cut. */
export function shortened(text, limit) {
  const characters = [...text];
  return characters.length <= limit
    ? text
    : `${characters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`;
}

/** A few words above the sentence. */
export const problemHeading = (problem) => words.problems.headings[problem.code] ?? words.problems.heading;

export const problemDetail = (problem) => words.problems.details[problem.code] ?? problem.message;

/** The text behind a name such as `page.lead`. */
export const textFor = (name) => name.split(".").reduce((part, key) => part[key], words);
