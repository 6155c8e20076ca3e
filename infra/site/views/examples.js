// Tracks to try where nobody has a link of their own to paste: those that the demonstration names, or small artists of
// different genres.

import { Problem, ask } from "../api.js";
import { h } from "../dom.js";
import { words } from "../en.js";
import { artistsOf } from "../words.js";
import { remember } from "./picked.js";

// The tracks that the demonstration names where it is started, which has them in its own catalogue.
const TRACKS = ["DaltonifySynthjV15S4qu", "DaltonifySynthHSjh8qRQ", "DaltonifySynthgEAEALt6"];
// Stands in the titles of any other catalogue.
const COMMON_WORD = "love";
const SHOWN = 3;

export function mountExamples(place, store, actions) {
  let isAsked = false;
  store.watch(["config"], async ({ config }) => {
    if (isAsked || !isDemo(config)) return;
    isAsked = true;
    try {
      draw(await examples(), config.demo.catalogue);
    } catch (problem) {
      // The page is as good without them.
      if (!(problem instanceof Problem)) throw problem;
    }
  });

  function draw(tracks, isInvented) {
    if (tracks.length === 0) return;
    place.replaceChildren(
      h("p", { id: "examples-label", class: "hint" }, words.page.examples[isInvented ? "invented" : "real"]),
      h(
        "ul",
        { class: "examples", "aria-labelledby": "examples-label" },
        ...tracks.map((track) => h("li", {}, tryOut(track))),
      ),
    );
  }

  function tryOut(track) {
    const onclick = () => {
      remember(track);
      actions.ask(track.uri);
    };
    const names = words.page.by(artistsOf(track));
    return h("button", { type: "button", class: "example", onclick }, h("b", {}, track.title), ` ${names}`);
  }
}

const isDemo = (config) => Boolean(config?.demo?.catalogue || config?.demo?.spotify);

async function examples() {
  const named = (await ask(`api/tracks?ids=${TRACKS.join(",")}`)).tracks;
  if (named.length > 0) return named;
  const { tracks } = await ask(`api/tracks?q=${COMMON_WORD}`);
  return smallestArtists(tracks).slice(0, SHOWN);
}

/** Tracks by one artist each, of different titles and genres, smallest artist first. */
function smallestArtists(tracks) {
  const chosen = [];
  for (const track of tracks.toSorted((one, other) => one.artist_popularity - other.artist_popularity)) {
    const isNew =
      track.artists.length === 1 &&
      chosen.every((other) => other.title !== track.title && other.genres[0] !== track.genres[0]);
    if (isNew) chosen.push(track);
  }
  return chosen;
}
