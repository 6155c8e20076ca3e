// What the playlist is called, how it is described and what is on its cover. Kept in this tab, for a reload and for the
// way to Spotify's login and back.

import { COLOURS, VARIANTS, base64Of, coverOf, drawCover, jpegOf } from "../cover.js";
import { h, showFieldError } from "../dom.js";
import { words } from "../en.js";
import { fileName } from "../export.js";
import { Remembered } from "../storage.js";
import { aboutList, descriptions, lengthOf, namesOfOthers, tidy, titles } from "../suggestions.js";
import { saveFile, toClipboard } from "../taking.js";

const kept = new Remembered("sessionStorage", "draft");
// Until the service has said its limits.
const TITLE_LIMIT = 80;
const DESCRIPTION_LIMIT = 200;
const PREVIEW = 640;
const THUMBNAIL = 128;

/**
 * The draft: `{title, description, cover, hold(who, isHeld), set({title, description}), suggestAnew(), isGood()}`.
 * While somebody holds it, what was sent stands still.
 */
export function mountNaming(place, store) {
  const said = words.take.naming;
  const holders = new Set();
  let about = aboutList([], null);
  let suggested = { title: "", description: "" };
  let nextDescription = 0;
  let look = { variant: VARIANTS[0], colours: COLOURS[0], withTitle: true };
  let isDue = false;
  // Whether the texts are still those of another track, because somebody held them when the track changed.
  let isStale = false;

  const title = h("input", {
    id: "playlist-title",
    type: "text",
    autocomplete: "off",
    "aria-describedby": "playlist-title-count playlist-title-hint playlist-title-error",
    oninput: changed,
  });
  const titleCount = h("span", { id: "playlist-title-count", class: "count hint" });
  const titleHint = h("p", { id: "playlist-title-hint", class: "hint advice", role: "status" });
  const description = h("textarea", {
    id: "playlist-description",
    rows: 3,
    "aria-describedby": "playlist-description-count playlist-description-error",
    oninput: changed,
  });
  const descriptionCount = h("span", { id: "playlist-description-count", class: "count hint" });
  const chips = h("ul", { class: "chips", "aria-label": said.titles });
  const copied = h("p", { class: "status hint", role: "status" });
  const another = h("button", { type: "button", class: "link", onclick: suggestDescription }, said.descriptions);

  const preview = h("canvas", { id: "cover", class: "cover", width: PREVIEW, height: PREVIEW, role: "img" });
  const variants = VARIANTS.map((variant) =>
    choice("cover-variant", variant, words.take.cover.variants[variant], true),
  );
  const colours = COLOURS.map((colour) => choice("cover-colours", colour, words.take.cover.palettes[colour], false));
  const withTitle = h("input", { id: "cover-title", type: "checkbox", onchange: chosen });
  const alt = h("textarea", { id: "cover-alt", rows: 3, readonly: true });
  const coverStatus = h("p", { class: "status hint", role: "status" });

  place.append(
    h("h3", { id: "naming-heading" }, said.heading),
    h("p", { class: "hint" }, said.lead),
    h(
      "div",
      { class: "naming" },
      h(
        "div",
        { class: "naming-texts" },
        h(
          "div",
          { class: "field" },
          h("div", { class: "label-line" }, h("label", { for: "playlist-title" }, said.title), titleCount),
          title,
          h("p", { id: "playlist-title-error", class: "error", hidden: true }),
          titleHint,
          chips,
        ),
        h(
          "div",
          { class: "field" },
          h(
            "div",
            { class: "label-line" },
            h("label", { for: "playlist-description" }, said.description),
            descriptionCount,
          ),
          description,
          h("p", { id: "playlist-description-error", class: "error", hidden: true }),
          another,
        ),
        h(
          "div",
          { class: "buttons" },
          h("button", { type: "button", onclick: () => copyField(title) }, said.copyTitle),
          h("button", { type: "button", onclick: () => copyField(description) }, said.copyDescription),
        ),
        copied,
      ),
      h(
        "div",
        { class: "naming-cover" },
        preview,
        h("button", { type: "button", onclick: saveCover }, words.take.cover.save),
        coverStatus,
      ),
      h(
        "div",
        { class: "naming-look" },
        h(
          "fieldset",
          { class: "plain" },
          h("legend", {}, words.take.cover.variant),
          h("div", { class: "thumbs" }, variants),
        ),
        h(
          "fieldset",
          { class: "plain" },
          h("legend", {}, words.take.cover.colours),
          h("div", { class: "pills" }, colours),
        ),
        h("label", { class: "check" }, withTitle, words.take.cover.withTitle),
        h("p", { class: "hint" }, words.take.cover.lead),
        h(
          "details",
          { class: "more" },
          h("summary", {}, words.take.cover.altLabel),
          h("label", { class: "visually-hidden", for: "cover-alt" }, words.take.cover.altLabel),
          alt,
          h("button", { type: "button", onclick: () => copyField(alt) }, words.take.cover.altCopy),
        ),
      ),
    ),
  );

  function choice(name, value, label, hasPicture) {
    const input = h("input", { type: "radio", name, value, onchange: chosen });
    const picture = hasPicture && h("canvas", { width: THUMBNAIL, height: THUMBNAIL, "aria-hidden": "true" });
    return h("label", { class: hasPicture ? "thumb" : "pill" }, input, picture, h("span", {}, label));
  }

  const limits = () => ({
    title: store.state.config?.limits?.title ?? TITLE_LIMIT,
    description: store.state.config?.limits?.description ?? DESCRIPTION_LIMIT,
  });
  const rows = () => store.state.list?.rows ?? [];
  const ofWhom = () => `${about.artist}\n${about.seed}`;
  const cover = () => coverOf(rows(), { ...look, title: look.withTitle ? tidy(title.value) : "" });

  // --- texts ---

  function changed() {
    draw();
    keep();
  }

  function draw() {
    for (const [field, count, name] of [
      [title, titleCount, "title"],
      [description, descriptionCount, "description"],
    ]) {
      const length = lengthOf(tidy(field.value));
      count.textContent = said.count(length, limits()[name]);
      count.classList.toggle("over", length > limits()[name]);
    }
    showFieldError("playlist-title", null);
    showFieldError("playlist-description", null);
    const others = namesOfOthers(title.value, rows(), about);
    // Only what is new is written, or it would be read aloud with every letter.
    const advice = others.length > 0 ? said.others(others) : "";
    if (titleHint.textContent !== advice) titleHint.textContent = advice;
    drawSoon();
  }

  function keep() {
    kept.set({ of: ofWhom(), title: title.value, description: description.value, look });
  }

  /** Fill in what it could be called; whatever the reader wrote instead stays, for the same track. */
  function suggest(isAnother) {
    const [first] = titles(about, limits().title);
    const [text] = descriptions(about, limits().description);
    const next = { title: first ?? "", description: text ?? "" };
    isStale = holders.size > 0 && (isStale || isAnother);
    if (holders.size > 0) return;
    if (isAnother || title.value === suggested.title) title.value = next.title;
    if (isAnother || description.value === suggested.description) description.value = next.description;
    suggested = next;
  }

  function drawChips() {
    const offered = titles(about, limits().title);
    chips.replaceChildren(
      ...offered.map((text) =>
        h("li", {}, h("button", { type: "button", class: "chip", onclick: () => pick(text) }, text)),
      ),
    );
  }

  function pick(text) {
    if (holders.size > 0) return;
    title.value = text;
    changed();
  }

  function suggestDescription() {
    if (holders.size > 0) return;
    const offered = descriptions(about, limits().description);
    const place = offered.indexOf(description.value);
    nextDescription = (place >= 0 ? place + 1 : nextDescription) % offered.length;
    description.value = offered[nextDescription];
    changed();
  }

  async function copyField(field) {
    copied.textContent = "";
    copied.textContent = (await toClipboard(field.value, field)) ? said.copied : said.refused;
  }

  // --- the cover ---

  function chosen() {
    look = {
      variant: place.querySelector("[name=cover-variant]:checked").value,
      colours: place.querySelector("[name=cover-colours]:checked").value,
      withTitle: withTitle.checked,
    };
    drawSoon();
    keep();
  }

  function showLook() {
    for (const input of place.querySelectorAll("[name=cover-variant], [name=cover-colours]")) {
      input.checked = [look.variant, look.colours].includes(input.value);
    }
    withTitle.checked = look.withTitle;
  }

  /** Once for all changes of a moment, and not while nobody can see it. */
  function drawSoon() {
    if (isDue || rows().length === 0) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      if (rows().length === 0) return;
      const now = cover();
      drawCover(preview, now);
      for (const thumb of variants) {
        const variant = thumb.querySelector("input").value;
        drawCover(thumb.querySelector("canvas"), { ...now, variant, title: "" });
      }
      const own = rows().findIndex((row) => row.own);
      const text = words.take.cover.alt({
        variant: now.variant,
        count: rows().length,
        title: now.title,
        place: own < 0 ? null : own + 1,
      });
      preview.setAttribute("aria-label", text);
      alt.value = text;
    });
  }

  async function saveCover() {
    const blob = await jpegOf(cover());
    if (!blob) {
      coverStatus.textContent = words.take.cover.failed;
      return;
    }
    const name = fileName(`${tidy(title.value)} ${words.take.cover.file}`, ".jpg");
    saveFile(blob, "image/jpeg", name);
    coverStatus.textContent = words.take.export.saved(name);
  }

  // --- what the others use ---

  const before = kept.get();
  if (before && VARIANTS.includes(before.look?.variant) && COLOURS.includes(before.look?.colours)) look = before.look;
  showLook();

  store.watch(["list", "config"], ({ list, answer }) => {
    if (!list) return;
    const of = ofWhom();
    about = aboutList(list.rows, answer);
    const isAnother = ofWhom() !== of;
    suggest(isAnother);
    if (isAnother && before?.of === ofWhom() && holders.size === 0) {
      title.value = before.title;
      description.value = before.description;
    }
    drawChips();
    draw();
  });

  return {
    get title() {
      return tidy(title.value) || suggested.title;
    },
    get description() {
      return tidy(description.value);
    },
    get cover() {
      return rows().length > 0 ? cover() : null;
    },
    set(texts) {
      title.value = texts.title;
      description.value = texts.description;
      draw();
    },
    hold(who, isHeld) {
      if (isHeld) holders.add(who);
      else holders.delete(who);
      title.readOnly = description.readOnly = holders.size > 0;
    },
    suggestAnew() {
      suggest(isStale);
      draw();
    },
    /** Whether the texts can be sent; says beside the field what is wrong, and moves there. */
    isGood() {
      const faults = [];
      if (!tidy(title.value)) faults.push(["playlist-title", said.missing, title]);
      for (const [field, name] of [
        [title, "title"],
        [description, "description"],
      ]) {
        const limit = limits()[name];
        if (lengthOf(tidy(field.value)) > limit) faults.push([field.id, said.tooLong(limit), field]);
      }
      for (const [name, message] of faults) showFieldError(name, message);
      faults[0]?.[2].focus();
      return faults.length === 0;
    },
  };
}

/** The picture of a cover as Spotify takes it, or `null`. */
export async function pictureOf(cover) {
  const blob = await jpegOf(cover);
  return blob && base64Of(blob);
}
