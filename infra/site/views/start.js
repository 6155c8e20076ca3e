// The start: one field. A pasted link is asked for at once, a name finds tracks to pick from, and a track that is not
// on Spotify yet can be described.

import { byId, h, showFieldError } from "../dom.js";
import { words } from "../en.js";
import { looksLikeLink } from "../links.js";
import { remember } from "./picked.js";
import { openRemedies } from "./remedies.js";
import { connectTrackField } from "./track_field.js";

export function mountStart(place, store, actions) {
  const submit = byId("ask-submit");
  const unreleased = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick: () => {
        const typed = looksLikeLink(field.text) ? "" : field.text;
        field.text = "";
        openRemedies(null, typed);
      },
    },
    words.start.unreleased,
  );
  const row = h("div", { class: "cluster ask-row" });
  submit.replaceWith(row);
  row.append(submit, unreleased);
  // What was asked for last, so that the Enter after a paste does not ask again.
  let asked = null;

  const field = connectTrackField("track", {
    onPick(track) {
      remember(track);
      ask([track.uri]);
    },
    onLinks: ask,
  });

  function ask(links) {
    const key = links.join("\n");
    if (key === asked && store.state.busy) return;
    asked = key;
    showFieldError("track", null);
    actions.ask(links.length === 1 ? links[0] : links);
  }

  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    field.stop();
    const { links, fault } = field.asked;
    if (links) return ask(links);
    showFieldError("track", fault);
    field.input.focus();
  });

  store.watch(["busy"], ({ busy, seeds }) => {
    submit.classList.toggle("working", busy && seeds.some(({ status }) => status === "looking"));
  });

  // A link that cannot be one is explained where it stands.
  store.watch(["problem"], ({ problem, list }) => {
    const message = list === null ? linkFault(problem) : null;
    showFieldError("track", message);
    if (message) field.input.focus();
  });

  store.watch(["seeds"], ({ seeds }) => {
    if (seeds.length === 0 && asked !== null) {
      asked = null;
      field.text = "";
    }
  });
}

/** What is wrong with the link, in the service's words, or `null` when the trouble is another one. */
function linkFault(problem) {
  if (!problem) return null;
  const named = problem.fields.find(({ field }) => /^(body\.)?seeds(\[\d+\]|\.\d+)?(\.track)?$/.test(field ?? ""));
  if (problem.code === "invalid_link") return named?.message ?? problem.message;
  return problem.code === "seed_data_needed" ? null : (named?.message ?? null);
}
