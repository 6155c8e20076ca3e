// The list of tracks, each with how much bigger its artist is, how alike it is, and why it is there.

import { byId, h, unseen } from "../dom.js";
import { artistsOf, counted } from "../words.js";

/** `onRemove(position)`: the reader does not want the row at this place, counted from 0. */
export function mountList(store, onRemove) {
  const section = byId("list");
  store.watch(["answer", "config"], ({ answer, config }) => {
    section.hidden = !answer;
    if (!answer) return;
    // On a slow connection the list may be there, and read from its heading, before the configuration is.
    const isRead = document.activeElement?.id === "list-heading";
    section.replaceChildren(...content(answer, config, onRemove));
    if (isRead) byId("list-heading").focus({ preventScroll: true });
  });
  store.watch(["busy"], ({ busy }) => section.setAttribute("aria-busy", String(busy)));
}

function content(answer, config, onRemove) {
  const inert = config?.demo?.catalogue ?? true;
  const seed = answer.seeds[0];
  const others = answer.tracks.filter((row) => !row.own).length;
  return [
    h(
      "div",
      { class: "list-head" },
      h("h2", { id: "list-heading", tabindex: "-1" }, `${counted(others, "track")} around “${seed.title}”`),
      h("a", { class: "button", href: "#take-heading" }, "Take it to Spotify ↓"),
    ),
    h("p", { class: "summary" }, summary(answer, seed)),
    answer.notes.length > 0 &&
      h("ul", { class: "notes", "aria-label": "Good to know" }, ...answer.notes.map((note) => h("li", {}, note))),
    h(
      "p",
      { class: "legend", "aria-hidden": "true" },
      h("span", {}, h("b", { class: "lift" }, "+20"), " artist is 20 points bigger than you"),
      h("span", {}, meter(0.8), " how alike it is"),
    ),
    h("ol", { class: "rows" }, ...answer.tracks.map((row, place) => item(row, place, inert, onRemove))),
    !inert && h("p", { class: "hint" }, "Titles open on Spotify in a new tab."),
  ].filter(Boolean);
}

function summary(answer, seed) {
  const genres = answer.genre.used.join(" and ");
  const [low, high] = answer.band.used;
  const range = low >= Math.min(100, high) ? `at ${Math.min(100, high)}` : `from ${low} to ${Math.min(100, high)}`;
  const own = `where ${seed.artists[0]} stands at ${seed.artist_popularity}`;
  return `From ${genres}: artists ${range} on the popularity scale of 100, ${own}.`;
}

function item(row, place, inert, onRemove) {
  const title =
    row.url && !inert
      ? h("a", { href: row.url, target: "_blank", rel: "noopener noreferrer" }, row.title)
      : h("span", {}, row.title);
  const body = h(
    "div",
    { class: "row-body" },
    h("p", { class: "row-name" }, h("strong", { class: "row-artist" }, artistsOf(row)), unseen(": "), title),
    h("p", { class: "row-reason" }, row.own ? ownReason(row) : row.reason),
  );
  if (row.own) {
    return h(
      "li",
      { class: "row own" },
      h("span", { class: "row-place", "aria-hidden": "true" }, place + 1),
      body,
      h("span", { class: "badge" }, "Your track"),
    );
  }
  return h(
    "li",
    { class: "row" },
    h("span", { class: "row-place", "aria-hidden": "true" }, place + 1),
    body,
    h(
      "p",
      { class: "row-lift" },
      h("b", { class: "lift", "aria-hidden": "true" }, `+${row.lift}`),
      unseen(`${counted(row.lift, "point")} bigger. `),
    ),
    h(
      "p",
      { class: "row-alike" },
      meter(row.similarity),
      h("span", { class: "percent", "aria-hidden": "true" }, percent(row.similarity)),
      unseen(`Sounds ${percent(row.similarity)} alike.`),
    ),
    h(
      "button",
      {
        type: "button",
        class: "remove",
        title: "Take this track out",
        "aria-label": `Take out ${row.title} by ${artistsOf(row)}`,
        onclick: () => onRemove(place),
      },
      cross(),
    ),
  );
}

const ownReason = (row) =>
  row.uri ? "placed where listeners will reach it" : "not on Spotify yet: add it here on release day";

const percent = (share) => `${Math.round(share * 100)}%`;

function meter(share) {
  const fill = h("span", { class: "meter-fill" });
  // Set through the object model, because the page's security policy forbids style attributes.
  fill.style.inlineSize = percent(share);
  return h("span", { class: "meter", "aria-hidden": "true" }, fill);
}

function cross() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({
    viewBox: "0 0 16 16",
    width: 16,
    height: 16,
    "aria-hidden": "true",
    focusable: "false",
  }))
    svg.setAttribute(name, value);
  path.setAttribute("d", "M4 4l8 8M12 4l-8 8");
  svg.append(path);
  return svg;
}
