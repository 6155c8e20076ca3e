// What a playlist needs to be found, once it is made: link, QR code, embed code and texts, all to take away.

import { byId, h } from "../dom.js";
import { words } from "../en.js";
import { fileName } from "../export.js";
import { aboutList, embedCode, readyTexts } from "../suggestions.js";
import { toClipboard } from "../taking.js";
import { fileButtons } from "./files.js";

const EMBEDS = "https://open.spotify.com/embed/";

/** Lead the reader to the kit, once something has been published. */
export function leadToShare() {
  const heading = byId("share-heading");
  heading?.focus({ preventScroll: true });
  byId("share")?.scrollIntoView({ block: "start" });
}

export function mountShare(place, store, actions) {
  const said = words.share;
  // Stands beside the button that was pressed; it is said aloud elsewhere.
  const echo = h("span", { class: "echo hint", "aria-hidden": "true" });
  place.classList.add("card");
  place.setAttribute("aria-labelledby", "share-heading");

  let drawn = [];
  store.watch(["published", "config"], ({ published, config }) => {
    const parts = [published, config?.demo?.spotify, config?.spotify?.embeds];
    // A configuration that says the same must not take away what was written into the texts.
    if (drawn.length > 0 && parts.every((part, at) => part === drawn[at])) return;
    drawn = parts;
    place.hidden = !published;
    place.replaceChildren(...(published ? kit(published, config) : []));
  });

  function kit(published, config) {
    const { title, url, playlist_id: id } = published;
    const heading = published.way === "copied" ? said.copied : published.updated ? said.updated : said.made;
    return [
      h(
        "header",
        {},
        h("h2", { id: "share-heading", tabindex: "-1" }, heading),
        h(
          "p",
          {},
          h("a", { class: "made-title", href: url, target: "_blank", rel: "noopener" }, title),
          " ",
          published.way === "copied" ? "" : holds(published.tracks_added),
        ),
        h("p", { class: "hint" }, said.where[published.way]),
      ),
      news(published),
      linkPart(url, title),
      h("div", { class: "kit" }, qrPart(id, title), embedPart(published, config)),
      textsPart(published),
      h(
        "div",
        { class: "part" },
        h("h3", {}, said.files),
        fileButtons(store, () => title, tell),
      ),
      h("p", { class: "hint" }, said.promise),
    ];
  }

  function holds(count) {
    return Number.isInteger(count) ? said.holds(count) : said.unchecked;
  }

  /** What became of single tracks. */
  function news({ names = {}, replaced = [], left_out: leftOut = [], to_add: toAdd = [], notes = [] }) {
    const name = (uri) => names[uri] ?? uri;
    // The service says the same of unreleased tracks in a sentence for programs.
    const more = notes.filter((note) => !toAdd.some((track) => note.includes(`“${track.title}”`)));
    const items = [
      ...toAdd.map((track) => said.toAdd(track.title, track.position)),
      ...replaced.map(({ from, to }) => said.replaced(name(from), name(to))),
      ...leftOut.map((uri) => said.leftOut(name(uri))),
      ...more,
    ];
    return h("ul", { class: "notes", hidden: items.length === 0 }, ...items.map((text) => h("li", {}, text)));
  }

  function linkPart(url, title) {
    const field = h("input", { id: "share-link", type: "text", readonly: true, value: url });
    return h(
      "div",
      { class: "part" },
      h("h3", {}, h("label", { for: "share-link" }, said.link)),
      h(
        "div",
        { class: "with-button" },
        field,
        h("button", { type: "button", onclick: (event) => copy(event, url, field) }, said.copyLink),
        typeof navigator.share === "function" &&
          h("button", { type: "button", onclick: () => navigator.share({ title, url }).catch(() => {}) }, said.send),
      ),
    );
  }

  function qrPart(id, title) {
    const code = `api/qr?playlist=${encodeURIComponent(id)}`;
    const missing = h("p", { class: "hint", hidden: true }, said.qrMissing);
    const image = h("img", {
      class: "qr",
      src: code,
      width: 160,
      height: 160,
      alt: said.qrAlt(title),
      onerror: () => {
        image.hidden = true;
        missing.hidden = false;
      },
    });
    const save = (format, label) => {
      const name = fileName(`${title} ${said.qrFile}`, `.${format}`);
      return h("a", { class: "button", href: `${code}&format=${format}`, download: name }, label);
    };
    return h(
      "div",
      { class: "part" },
      h("h3", {}, said.qrHeading),
      h(
        "div",
        { class: "qr-part" },
        image,
        missing,
        h(
          "div",
          { class: "buttons" },
          save("svg", said.qrSvg),
          save("png", said.qrPng),
          h("p", { class: "hint" }, said.qrHint),
        ),
      ),
    );
  }

  function embedPart({ way, title, playlist_id: id }, config) {
    // The simulated Spotify shows its own playlists only.
    const isSimulated = way !== "copied" && Boolean(config?.demo?.spotify);
    const embeds = isSimulated ? (config.spotify?.embeds ?? EMBEDS) : EMBEDS;
    const code = embedCode(`${embeds}playlist/${id}`, title);
    const field = h("textarea", { id: "share-embed", class: "uris", rows: 4, readonly: true });
    field.value = code;
    return h(
      "div",
      { class: "part" },
      h("h3", {}, h("label", { for: "share-embed" }, said.embed)),
      field,
      h("button", { type: "button", onclick: (event) => copy(event, code, field) }, said.copyEmbed),
      isSimulated && h("p", { class: "hint" }, said.embedDemo),
    );
  }

  function textsPart(published) {
    const { list, answer } = store.state;
    // The list on the page may have changed since; what this browser kept from an older page does not know better.
    const about = published.about ?? aboutList(list?.rows ?? [], answer);
    const texts = readyTexts({ title: published.title, link: published.url, about });
    return h(
      "div",
      { class: "texts" },
      h("h3", {}, said.textsHeading),
      h("p", { class: "hint" }, said.textsLead),
      ...texts.map(({ id, label, text, subject }) => {
        const field = h("textarea", { id: `share-${id}`, rows: id === "mail" ? 9 : 3 });
        field.value = text;
        const mail = h("a", { class: "button", href: mailTo(subject, text) }, said.mailTo);
        field.addEventListener("input", () => mail.setAttribute("href", mailTo(subject, field.value)));
        return h(
          "div",
          { class: "field" },
          h("label", { for: `share-${id}` }, label),
          field,
          h(
            "div",
            { class: "buttons" },
            h("button", { type: "button", onclick: (event) => copy(event, field.value, field) }, said.copyText),
            subject && mail,
          ),
        );
      }),
    );
  }

  async function copy({ currentTarget: button }, text, field) {
    tell((await toClipboard(text, field)) ? said.copiedText : said.refused, button);
  }

  function tell(text, button) {
    echo.textContent = text;
    button.parentElement.append(echo);
    actions.say(text);
  }
}

const mailTo = (subject, text) =>
  `mailto:?subject=${encodeURIComponent(subject ?? "")}&body=${encodeURIComponent(text)}`;
