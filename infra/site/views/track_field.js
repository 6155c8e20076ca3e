// The field for the track: a link as it is, or words that find tracks to pick from.
//
// The keyboard follows the pattern "editable combobox with list autocomplete" of the ARIA Authoring Practices Guide:
// arrows walk through the list while the focus stays in the field, Enter picks, Escape closes.

import { Latest, ask } from "../api.js";
import { byId, h, showFieldError } from "../dom.js";
import { artistsOf, counted } from "../words.js";

// Below it, typing feels watched; above it, the list feels late.
const PAUSE_MILLISECONDS = 250;
const FEWEST_CHARACTERS = 2;
const MOST_CHARACTERS = 80;
// The service answers with so many at most, so there may be more.
const MOST_FOUND = 20;

/** Whether the text is meant as a link or an id, and not as words to search for. The service judges the link itself. */
export const looksLikeLink = (text) => /:\/\/|spotify[.:]|^[0-9A-Za-z]{22}$/i.test(text.trim());

/** `onPick(track)` for a track from the list, `onType()` when the text is no longer that of the track picked before. */
export function mountTrackField({ onPick, onType }) {
  const input = byId("track");
  const popup = byId("track-found");
  const list = byId("track-options");
  const more = byId("track-more");
  const status = byId("track-status");
  const searches = new Latest();
  let tracks = [];
  let active = -1;
  let timer = null;

  const isOpen = () => !popup.hidden;

  function close() {
    popup.hidden = true;
    list.replaceChildren();
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function activate(place) {
    active = place;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === place)));
    const option = list.children[place];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function show(found, words) {
    tracks = found;
    if (found.length === 0) {
      close();
      status.textContent = `Nothing called “${words}” is in the catalogue. Paste its link, or describe your track.`;
      return;
    }
    list.replaceChildren(...found.map(option));
    more.hidden = found.length < MOST_FOUND;
    popup.hidden = false;
    list.scrollTop = 0;
    input.setAttribute("aria-expanded", "true");
    activate(-1);
    const count = counted(found.length, "track");
    status.textContent = more.hidden
      ? `${count} found. Pick yours.`
      : `${count} found, and there may be more. Pick yours. ${more.textContent}`;
  }

  function option(track, index) {
    const details = [artistsOf(track), track.release_year, (track.genres ?? [])[0]].filter(Boolean).join(" · ");
    return h(
      "li",
      {
        id: `track-option-${index}`,
        role: "option",
        "aria-selected": "false",
        onclick: () => pick(track),
      },
      h("span", { class: "option-title" }, track.title),
      h("span", { class: "option-details" }, details),
    );
  }

  function pick(track) {
    stop();
    input.value = `${track.title} – ${artistsOf(track)}`;
    status.textContent = "";
    showFieldError("track", null);
    onPick(track);
  }

  function stop() {
    clearTimeout(timer);
    searches.cancel();
    close();
  }

  async function search(words) {
    try {
      const answer = await searches.run((signal) => ask(`api/tracks?q=${encodeURIComponent(words)}`, { signal }));
      show(answer.tracks, words);
    } catch (problem) {
      close();
      status.textContent = problem.message;
    }
  }

  input.addEventListener("input", () => {
    stop();
    status.textContent = "";
    showFieldError("track", null);
    onType();
    const words = input.value.trim();
    if (words.length >= FEWEST_CHARACTERS && words.length <= MOST_CHARACTERS && !looksLikeLink(words)) {
      timer = setTimeout(() => search(words), PAUSE_MILLISECONDS);
    }
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && isOpen() && active >= 0) {
      event.preventDefault();
      pick(tracks[active]);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && isOpen()) {
      event.preventDefault();
      const last = list.children.length - 1;
      // One step beyond either end leads back to the field itself, as -1.
      if (event.key === "ArrowDown") activate(active === last ? -1 : active + 1);
      else activate(active === -1 ? last : active - 1);
    } else if (event.key === "ArrowDown") {
      const words = input.value.trim();
      if (words.length >= FEWEST_CHARACTERS && !looksLikeLink(words)) {
        event.preventDefault();
        search(words);
      }
    }
  });

  input.addEventListener("blur", stop);
  // The field must keep the focus, or the list would close before the click arrives.
  popup.addEventListener("mousedown", (event) => event.preventDefault());

  return {
    get text() {
      return input.value.trim();
    },
    /** Put a text there as if it had been picked or pasted. */
    set text(value) {
      stop();
      input.value = value;
      status.textContent = "";
    },
    /** Offer the tracks that the words in the field find, as if they had just been typed. */
    find() {
      input.focus();
      search(input.value.trim());
    },
    stop,
  };
}
