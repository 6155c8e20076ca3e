// The artists of the list by size, each on the scale of popularity beside the own artist.

import { h, unseen } from "../dom.js";
import { artistsBySize } from "../edits.js";
import { words } from "../en.js";
import { keyOf } from "../playlist.js";
import { number } from "../words.js";
import { svg } from "./svg.js";

/** `onBan(key)` and `onShow(key)` are called with the key of one of the artist's rows. */
export function makeArtists({ onBan, onShow }) {
  const list = h("ol", { class: "artists", role: "list" });
  const element = h(
    "div",
    {},
    h("p", { class: "legend", "aria-hidden": "true" }, h("span", {}, words.list.artistsLegend)),
    h(
      "div",
      { class: "artists-axis", "aria-hidden": "true" },
      h("p", { class: "artist-size" }, h("span", {}, ...[0, 50, 100].map((mark) => h("span", {}, number(mark))))),
    ),
    list,
  );
  let shown = "";

  function draw({ list: { rows }, answer }) {
    const level = answer.seeds[0].artist_popularity;
    const artists = artistsBySize(rows);
    const facts = JSON.stringify([level, artists]);
    if (facts === shown) return;
    shown = facts;
    const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
    list.replaceChildren(...artists.map((artist) => item(artist, level)));
    // Whom the focus was on is gone, or redrawn: the next one takes it.
    const next = at < 0 ? null : list.children[Math.min(at, artists.length - 1)];
    (next?.querySelector(".never") ?? next?.querySelector("button"))?.focus({ preventScroll: true });
  }

  function item(artist, level) {
    return h(
      "li",
      { class: artist.own ? "artist own" : "artist" },
      h(
        "div",
        { class: "artist-name" },
        h("strong", {}, h("bdi", {}, artist.name)),
        artist.own && h("span", { class: "badge" }, words.list.ownArtist),
        h(
          "ul",
          { class: "artist-tracks" },
          ...artist.rows.map((row) =>
            h(
              "li",
              {},
              h(
                "button",
                { type: "button", class: "link", onclick: () => onShow(keyOf(row)) },
                h("bdi", {}, row.title),
              ),
            ),
          ),
        ),
      ),
      h(
        "p",
        { class: "artist-size" },
        ladder(artist, level),
        h("b", { "aria-hidden": "true" }, artist.popularity === null ? words.list.unknown : number(artist.popularity)),
        unseen(words.list.artistSize(artist.popularity, artist.own ? null : level)),
      ),
      !artist.own &&
        h(
          "button",
          {
            type: "button",
            class: "never",
            title: words.list.ban(artist.name),
            "aria-label": words.list.ban(artist.name),
            onclick: () => onBan(keyOf(artist.rows[0])),
          },
          words.list.never,
        ),
    );
  }

  return { element, draw };
}

/** A rung of the ladder: the artist's place from 0 to 100, and a line where the own artist stands. */
function ladder({ own, popularity }, level) {
  const at = (value) => `${value}%`;
  return svg(
    "svg",
    { class: "ladder", width: "100%", height: 24, "aria-hidden": "true", focusable: "false" },
    svg("line", { class: "scale-ground", x1: "0%", x2: "100%", y1: 12, y2: 12 }),
    svg("line", { class: "ladder-own", x1: at(level), x2: at(level), y1: -40, y2: 64 }),
    popularity !== null &&
      !own &&
      svg("line", { class: "scale-gap", x1: at(level), x2: at(popularity), y1: 12, y2: 12 }),
    popularity !== null &&
      svg(
        "svg",
        { x: at(popularity), y: 12, overflow: "visible" },
        own
          ? svg("path", { class: "mark-seed", d: "M0-8L8 0 0 8-8 0z" })
          : svg("circle", { class: "mark-track", r: 6 }),
      ),
  );
}
