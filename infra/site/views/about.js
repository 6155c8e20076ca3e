// What a visitor ought to know: whether this is a demonstration, where the data come from, and what this page is not.

import { byId, h } from "../dom.js";
import { counted } from "../words.js";

const DISCLAIMER =
  "Daltonify is not affiliated with Spotify or with any artist, and a place in a list is not an endorsement. " +
  "No bots, no paid places: listeners decide.";

export function mountAbout(store) {
  store.watch(["config"], ({ config }) => {
    byId("banner").replaceChildren(...banner(config?.demo ?? {}));
    byId("about").replaceChildren(...smallPrint(config));
  });
}

function banner({ catalogue, spotify }) {
  const facts = [];
  if (catalogue) facts.push("The tracks and artists are invented.");
  if (spotify) facts.push("Playlists are made on a simulated Spotify, not on the real one.");
  if (facts.length === 0) return [];
  return [h("p", { class: "banner", role: "note" }, h("strong", {}, "Demonstration. "), facts.join(" "))];
}

function smallPrint(config) {
  const index = config?.index;
  const origin = config?.demo?.catalogue ? "Invented track data" : `Track data from ${index?.source}`;
  const asOf = index?.snapshot ? `, as of ${index.snapshot}` : "";
  const source =
    index && `${origin}${asOf}: ${counted(index.tracks, "track")}, last refreshed on ${day(index.built_at)}.`;
  return [source && h("p", {}, source), h("p", {}, DISCLAIMER)].filter(Boolean);
}

const day = (iso) =>
  new Date(iso).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
