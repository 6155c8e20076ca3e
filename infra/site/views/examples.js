// Tracks to try in the demonstration, where nobody has a link of their own to paste.

import { ask } from "../api.js";
import { byId, h } from "../dom.js";
import { artistsOf } from "../words.js";

// The tracks that the demonstration names where it is started, which has them in its own catalogue.
const TRACKS = ["DaltonifySynthjV15S4qu", "DaltonifySynthHSjh8qRQ", "DaltonifySynthgEAEALt6"];
// Stands in the titles of any other invented catalogue.
const COMMON_WORD = "love";
const SHOWN = 3;

/** `onTry(track)`: the reader wants to see the list for this track. */
export async function showExamples(onTry) {
  const named = (await ask(`api/tracks?ids=${TRACKS.join(",")}`)).tracks;
  const examples = named.length > 0 ? named : await smallExamples();
  if (examples.length === 0) return;
  byId("examples").replaceChildren(
    h("p", { id: "examples-label", class: "hint" }, "Or try one of these invented tracks:"),
    h(
      "ul",
      { class: "examples", "aria-labelledby": "examples-label" },
      ...examples.map((track) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "example", onclick: () => onTry(track) },
            h("b", {}, track.title),
            ` by ${artistsOf(track)}`,
          ),
        ),
      ),
    ),
  );
}

async function smallExamples() {
  const { tracks } = await ask(`api/tracks?q=${COMMON_WORD}`);
  return smallestArtists(tracks).slice(0, SHOWN);
}

/** Tracks by one artist each, of different titles and genres, smallest artist first. */
function smallestArtists(tracks) {
  const chosen = [];
  for (const track of [...tracks].sort((one, other) => one.artist_popularity - other.artist_popularity)) {
    const isNew =
      track.artists.length === 1 &&
      chosen.every((other) => other.title !== track.title && other.genres[0] !== track.genres[0]);
    if (isNew) chosen.push(track);
  }
  return chosen;
}
