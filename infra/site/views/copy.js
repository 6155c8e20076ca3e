// Copying always works: Spotify's desktop app takes pasted addresses, and the playlist is the artist's own.

import { h, showFieldError, svg } from "../dom.js";
import { words } from "../en.js";
import { urisOf } from "../export.js";
import { aboutList, playlistIdIn } from "../suggestions.js";
import { toClipboard } from "../taking.js";
import { fileButtons } from "./files.js";
import { leadToShare } from "./share.js";

const REAL_PLAYLISTS = "https://open.spotify.com/playlist/";

export function mountCopy(place, store, actions, draft) {
  const said = words.take.copy;
  const status = h("p", { class: "status", role: "status" });
  const text = h("textarea", {
    id: "copy-text",
    class: "uris",
    rows: 5,
    readonly: true,
    "aria-label": said.addresses,
    hidden: true,
  });
  const button = h("button", { type: "button", class: "primary", onclick: copy });
  const steps = h(
    "ol",
    { class: "steps" },
    ...said.steps.map((step, place) =>
      h("li", {}, PICTURES[place](), h("strong", {}, step.title), h("span", { class: "hint" }, step.text)),
    ),
  );
  const unreleased = h("ul", { class: "notes" });
  const demo = h("p", { class: "hint", hidden: true }, said.demo);
  const saved = h("p", { class: "status", role: "status" });
  const link = h("input", {
    id: "made-link",
    type: "text",
    inputmode: "url",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "made-link-hint made-link-error",
  });
  const made = h(
    "form",
    { class: "made", novalidate: true, onsubmit: takeLink },
    h(
      "div",
      { class: "field" },
      h("label", { for: "made-link" }, said.link),
      h("div", { class: "with-button" }, link, h("button", { type: "submit" }, said.linkButton)),
      h("p", { id: "made-link-hint", class: "hint" }, said.linkHint),
      h("p", { id: "made-link-error", class: "error", hidden: true }),
    ),
  );
  place.append(
    h("h3", { id: "copy-heading" }, said.heading),
    h("p", { class: "hint" }, said.lead),
    steps,
    button,
    status,
    text,
    unreleased,
    demo,
    h(
      "div",
      { class: "on-phones" },
      h("p", { class: "hint" }, said.onPhone),
      h("button", { type: "button", onclick: sendAddress }, said.sendAddress),
    ),
    h(
      "div",
      { class: "besides" },
      made,
      h(
        "div",
        { class: "files", role: "group", "aria-labelledby": "files-heading" },
        h("h4", { id: "files-heading" }, words.take.export.heading),
        fileButtons(
          store,
          () => draft.title,
          (text) => (saved.textContent = text),
        ),
        saved,
      ),
    ),
  );

  const rows = () => store.state.list?.rows ?? [];

  async function copy() {
    const lines = urisOf(rows()).join("\n");
    text.value = lines;
    const isCopied = await toClipboard(lines, text);
    if (isCopied) text.hidden = true;
    status.textContent = isCopied ? said.copied(urisOf(rows()).length) : said.refused;
  }

  /** The address holds the list, so a computer that opens it shows the same one. */
  async function sendAddress() {
    const address = location.href;
    if (typeof navigator.share === "function") {
      await navigator.share({ title: draft.title, url: address }).catch(() => {});
      return;
    }
    text.value = address;
    status.textContent = (await toClipboard(address, text)) ? said.addressCopied : said.refused;
  }

  /** The artist's own playlist, of which this page knows nothing but its address. */
  function takeLink(event) {
    event.preventDefault();
    const pages = store.state.config?.open_playlists_at ?? "";
    const id = playlistIdIn(link.value, pages);
    showFieldError("made-link", id ? null : said.linkWrong);
    if (!id) return link.focus();
    const isOurs = pages && link.value.trim().startsWith(pages);
    store.update({
      published: {
        way: "copied",
        playlist_id: id,
        url: `${isOurs ? pages : REAL_PLAYLISTS}${id}`,
        title: draft.title,
        description: draft.description,
        about: aboutList(rows(), store.state.answer),
      },
    });
    leadToShare();
  }

  store.watch(["list"], ({ list }) => {
    if (!list) return;
    const count = urisOf(rows()).length;
    button.textContent = said.button(count);
    button.disabled = count === 0;
    status.textContent = "";
    saved.textContent = "";
    text.hidden = true;
    unreleased.replaceChildren(
      ...rows()
        .map((row, place) => !row.uri && h("li", {}, said.unreleased(row.title, place + 1)))
        .filter(Boolean),
    );
    unreleased.hidden = unreleased.childElementCount === 0;
  });
  store.watch(["config"], ({ config }) => {
    demo.hidden = !config?.demo?.catalogue;
  });
}

// --- the pictures of the three steps ---

const line = (x1, y1, x2, y2, name = "stroke") => svg("line", { class: name, x1, y1, x2, y2 });
const box = (x, y, width, height, name = "stroke", rx = 6) => svg("rect", { class: name, x, y, width, height, rx });
const drawing = (...parts) =>
  svg(
    "svg",
    { class: "step-picture", viewBox: "0 0 160 96", "aria-hidden": "true", focusable: "false" },
    box(1, 1, 158, 94, "ground", 10),
    ...parts,
  );

/** Two sheets, one in front of the other. */
const copyPicture = () =>
  drawing(
    box(44, 16, 50, 58, "sheet"),
    box(64, 26, 50, 58, "sheet"),
    line(74, 42, 104, 42, "ink"),
    line(74, 52, 104, 52, "own"),
    line(74, 62, 104, 62, "ink"),
    line(74, 72, 96, 72, "ink"),
  );

/** A window with a narrow column at its left, in which a new playlist appears. */
const newPicture = () =>
  drawing(
    box(24, 16, 112, 64, "sheet"),
    line(62, 16, 62, 80, "stroke"),
    line(32, 30, 52, 30, "ink"),
    line(32, 40, 52, 40, "ink"),
    box(30, 50, 26, 18, "accent", 4),
    line(43, 54, 43, 64, "plus"),
    line(38, 59, 48, 59, "plus"),
    box(72, 26, 22, 22, "soft", 4),
    line(102, 32, 126, 32, "ink"),
    line(102, 42, 118, 42, "ink"),
  );

/** The same window, with the tracks arriving in it, and the two keys. */
const pastePicture = () => {
  const key = (x, letter) => [
    box(x, 66, letter.length > 1 ? 34 : 22, 20, "key", 4),
    svg("text", { class: "letter", x: x + (letter.length > 1 ? 17 : 11), y: 80, "text-anchor": "middle" }, letter),
  ];
  return drawing(
    box(24, 12, 112, 48, "sheet"),
    line(34, 24, 126, 24, "ink"),
    line(34, 34, 118, 34, "own"),
    line(34, 44, 126, 44, "ink"),
    ...key(46, "Ctrl"),
    ...key(90, "V"),
  );
};

const PICTURES = [copyPicture, newPicture, pastePicture];
