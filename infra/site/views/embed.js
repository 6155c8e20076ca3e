// Spotify's own player for one track. It is loaded only when asked for, because Spotify then sees the visit.

import { h } from "../dom.js";
import { words } from "../en.js";
import { artistsOf } from "../words.js";

// Spotify's compact player is so high.
const HEIGHT = 152;

/** A button that opens the player of `row` below itself, and closes it again. `embeds`: where players are. */
export function embed(row, embeds) {
  const place = h("div", { class: "player" });
  const hint = h("p", { class: "hint" }, words.list.listenHint);
  const button = h("button", { type: "button", "aria-expanded": "false", onclick: toggle }, words.list.listen);

  function toggle() {
    const isOpen = place.firstChild !== null;
    place.replaceChildren(...(isOpen ? [] : [navigator.onLine ? player() : h("p", {}, words.list.playerOffline)]));
    button.textContent = isOpen ? words.list.listen : words.list.closePlayer;
    button.setAttribute("aria-expanded", String(!isOpen));
    hint.hidden = !isOpen;
  }

  function player() {
    return h("iframe", {
      src: `${embeds}track/${encodeURIComponent(row.track_id)}`,
      title: words.list.player(row.title, artistsOf(row)),
      height: HEIGHT,
      loading: "lazy",
      allow: "autoplay; clipboard-write; encrypted-media; fullscreen; picture-in-picture",
    });
  }

  return h("div", { class: "listen" }, button, hint, place);
}
