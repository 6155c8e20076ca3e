// A field for a track: a link as it is, or words that find tracks to pick from.
//
// The keyboard follows the pattern "editable combobox with list autocomplete" of the ARIA Authoring Practices Guide:
// arrows walk through the list while the focus stays in the field, Enter picks, Escape closes.

import { Latest, ask } from "../api.js";
import { byId, h, showFieldError } from "../dom.js";
import { words } from "../en.js";
import { linksIn, linksToAsk, looksLikeLink } from "../links.js";
import { artistsOf } from "../words.js";

// Below it, typing feels watched; above it, the list feels late.
const PAUSE_MILLISECONDS = 250;
const FEWEST_CHARACTERS = 2;
const MOST_CHARACTERS = 80;
// The service answers with so many at most, so there may be more.
const MOST_FOUND = 20;
// Nobody types so much between two events; a keyboard that pastes for its user, or a drop, does.
const AT_ONCE = 10;

const { field: said } = words.start;

/** The elements of a field, as `index.html` holds those of the first one. */
export function trackField(id, label, hint) {
  const input = h("input", {
    id,
    type: "text",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": `${id}-options`,
    "aria-describedby": `${id}-hint ${id}-error`,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    maxlength: 2048,
  });
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h(
      "div",
      { class: "combobox" },
      input,
      h(
        "div",
        { id: `${id}-found`, class: "popup", hidden: true },
        h("ul", { id: `${id}-options`, role: "listbox", "aria-label": said.found }),
        // Said aloud by the status below.
        h("p", { id: `${id}-more`, class: "hint", "aria-hidden": "true", hidden: true }, said.more),
      ),
    ),
    h("p", { id: `${id}-hint`, class: "hint" }, hint),
    h("p", { id: `${id}-error`, class: "error", hidden: true }),
    h("p", { id: `${id}-status`, class: "hint status", role: "status" }),
  );
}

/** Bring the field `id` to life. `onPick(track)` is for a track from the list, `onLinks(texts)` for pasted links. */
export function connectTrackField(id, { onPick, onLinks, onType = () => {} }) {
  const input = byId(id);
  const popup = byId(`${id}-found`);
  const list = byId(`${id}-options`);
  const more = byId(`${id}-more`);
  const status = byId(`${id}-status`);
  const searches = new Latest();
  let tracks = [];
  let active = -1;
  let timer = null;
  let before = input.value;

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

  function show(found, text) {
    tracks = found;
    if (found.length === 0) {
      close();
      status.textContent = said.nothing(text);
      return;
    }
    list.replaceChildren(...found.map(option));
    more.hidden = found.length < MOST_FOUND;
    popup.hidden = false;
    list.scrollTop = 0;
    input.setAttribute("aria-expanded", "true");
    activate(-1);
    status.textContent = more.hidden ? said.count(found.length) : said.countMore(found.length);
  }

  function option(track, index) {
    const details = [artistsOf(track), track.release_year, (track.genres ?? [])[0]].filter(Boolean).join(" · ");
    return h(
      "li",
      { id: `${id}-option-${index}`, role: "option", "aria-selected": "false", onclick: () => pick(track) },
      h("bdi", { class: "option-title" }, track.title),
      h("span", { class: "option-details" }, details),
    );
  }

  function pick(track) {
    stop();
    input.value = before = said.picked(track.title, artistsOf(track));
    status.textContent = "";
    showFieldError(id, null);
    onPick(track);
  }

  function stop() {
    clearTimeout(timer);
    searches.cancel();
    close();
  }

  async function search(text) {
    try {
      const answer = await searches.run((signal) => ask(`api/tracks?q=${encodeURIComponent(text)}`, { signal }));
      show(answer.tracks, text);
    } catch (problem) {
      close();
      status.textContent = problem.message;
    }
  }

  input.addEventListener("input", (event) => {
    stop();
    status.textContent = "";
    showFieldError(id, null);
    onType();
    const text = input.value.trim();
    const isPasted = event.inputType?.startsWith("insertFrom") || text.length - before.length >= AT_ONCE;
    before = input.value;
    if (looksLikeLink(text)) {
      if (isPasted) onLinks(linksToAsk(text));
    } else if (text.length >= FEWEST_CHARACTERS && text.length <= MOST_CHARACTERS) {
      timer = setTimeout(() => search(text), PAUSE_MILLISECONDS);
    }
  });

  // A field of one line swallows the line breaks between links that were copied together.
  input.addEventListener("paste", (event) => {
    const links = linksIn(event.clipboardData?.getData("text/plain") ?? "");
    if (links.length < 2) return;
    event.preventDefault();
    stop();
    showFieldError(id, null);
    onType();
    input.value = before = links[0];
    onLinks(links);
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
      const text = input.value.trim();
      if (text.length >= FEWEST_CHARACTERS && !looksLikeLink(text)) {
        event.preventDefault();
        search(text);
      }
    }
  });

  input.addEventListener("blur", stop);
  // The field must keep the focus, or the list would close before the click arrives.
  popup.addEventListener("mousedown", (event) => event.preventDefault());

  return {
    input,
    get text() {
      return input.value.trim();
    },
    /** Put a text there as if it had been picked or pasted. */
    set text(value) {
      stop();
      input.value = before = value;
      status.textContent = "";
    },
    /** What is asked for by pressing Enter or the button: `{links}`, or `{fault}` in words. */
    get asked() {
      const text = input.value.trim();
      if (looksLikeLink(text)) return { links: linksToAsk(text) };
      return { fault: text ? said.pickFirst : said.empty };
    },
    /** Offer the tracks that the words in the field find, as if they had just been typed. */
    find() {
      input.focus();
      search(input.value.trim());
    },
    stop,
  };
}
