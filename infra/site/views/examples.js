// Tracks to try in the demonstration, where nobody has a link of their own to paste.

import { ask } from "../api.js";
import { byId, h } from "../dom.js";
import { artistsOf } from "../words.js";

// A search answers with the biggest artists first, so only narrow words bring up small ones. These are titles in the
// demonstration's own catalogue; the last is common enough for any other.
const SEARCHES = ["gentle telephone", "hollow paradise", "northern feather", "love is a slow"];
const SHOWN = 3;

/** `onTry(track)`: the reader wants to see the list for this track. */
export async function showExamples(onTry) {
  const answers = await Promise.all(SEARCHES.map((words) => ask(`api/tracks?q=${encodeURIComponent(words)}`)));
  const examples = smallestArtists(answers.flatMap((answer) => answer.tracks)).slice(0, SHOWN);
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
