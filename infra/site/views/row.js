// One row of the list: the same element for as long as its track stands there, so that focus and scrolling stay.

import { h, unseen } from "../dom.js";
import { words } from "../en.js";
import { artistsOf, percent } from "../words.js";
import { embed } from "./embed.js";
import { hasProfile, profile } from "./profile.js";
import { icon } from "./svg.js";

let ids = 0;

/**
 * A row for `key`. `on` holds what its buttons do: `toggle`, `remove`, `pin`, `unpin`, `ban`, `move`, all called with
 * the key, `move` with a number of places too. `draw(row, situation)` shows a row; `situation` holds `place`, `count`,
 * `isPinned`, `isChosen`, `isPointed`, `isInvented`, `seeds` and `embeds`.
 */
export function createRow(key, on) {
  const detailId = `row-detail-${(ids += 1)}`;
  const number = h("span", { class: "row-place", "aria-hidden": "true" });
  const handle = h(
    "button",
    { type: "button", class: "handle", "aria-pressed": "false", "aria-describedby": "move-help" },
    number,
    icon("grip"),
  );
  const artist = h("bdi", {});
  const title = h("span", { class: "row-title" });
  const reason = h("p", { class: "row-reason" });
  const lift = h("p", { class: "row-lift" });
  const alike = h("p", { class: "row-alike" });
  const badges = h("p", { class: "row-badges" });
  const remove = button("remove", "cross", words.list.remove, () => on.remove(key));
  const toggle = button("toggle", "open", words.list.details, () => on.toggle(key));
  toggle.setAttribute("aria-controls", detailId);
  const detail = h("div", { class: "row-detail", id: detailId, hidden: true });
  const line = h(
    "div",
    { class: "row-line" },
    handle,
    h(
      "div",
      { class: "row-body" },
      h("p", { class: "row-name" }, h("strong", { class: "row-artist" }, artist), unseen(": "), title),
      reason,
      badges,
    ),
    lift,
    alike,
    remove,
    toggle,
  );
  const element = h("li", { class: "row" }, line, detail);
  element.dataset.key = key;
  line.addEventListener("click", (event) => {
    // The whole line opens the row, but not for somebody who marks its text or means one of its controls.
    if (event.target.closest("a, button") || String(getSelection())) return;
    on.toggle(key);
  });

  let shown = {};

  /** Draw one part again only when what it shows is another thing, so that nothing open inside it is lost. */
  function part(name, facts, redraw) {
    const now = JSON.stringify(facts);
    if (shown[name] === now) return;
    shown[name] = now;
    redraw();
  }

  function draw(row, situation) {
    const { place, count, isPinned, isChosen, isPointed, isInvented, seeds, embeds } = situation;
    const names = artistsOf(row);
    number.textContent = String(place + 1);
    element.classList.toggle("own", Boolean(row.own));
    element.classList.toggle("pinned", isPinned);
    element.classList.toggle("chosen", isChosen);
    element.classList.toggle("pointed", isPointed);
    part("names", [row, isInvented], () => {
      artist.textContent = names;
      title.replaceChildren(titleOf(row, isInvented));
      reason.textContent = row.own ? ownReason(row) : reasonOf(row);
      lift.replaceChildren(...(row.own ? [] : liftOf(row)));
      alike.replaceChildren(...(row.own ? [] : alikeOf(row)));
      handle.setAttribute("aria-label", words.list.moveRow(row.title, names));
      remove.setAttribute("aria-label", words.list.removeRow(row.title, names));
      toggle.setAttribute("aria-label", words.list.detailsOf(row.title, names));
      remove.hidden = Boolean(row.own);
    });
    part("badges", [row.own, isPinned], () =>
      badges.replaceChildren(
        ...[
          row.own && h("span", { class: "badge" }, words.list.own),
          isPinned && h("span", { class: "badge pin" }, icon("pin"), words.list.pinned),
        ].filter(Boolean),
      ),
    );
    toggle.setAttribute("aria-expanded", String(isChosen));
    detail.hidden = !isChosen;
    if (isChosen) drawDetail(row, { place, count, isPinned, isInvented, seeds, embeds });
    // A closed row plays nothing and costs nothing.
    else if (shown.detail) {
      detail.replaceChildren();
      shown = { ...shown, detail: undefined, edits: undefined };
    }
  }

  let edits = null;

  function drawDetail(row, { place, count, isPinned, isInvented, seeds, embeds }) {
    part("detail", [row, seeds.map(({ title: name, features }) => [name, features]), isInvented, embeds], () => {
      edits = editsOf(row);
      detail.replaceChildren(
        ...[
          h(
            "div",
            { class: "row-about" },
            facts(row, seeds[0]),
            !isInvented && row.track_id && embeds && embed(row, embeds),
            edits.element,
          ),
          !row.own && seeds.length > 0 && hasProfile(row) && profile(row, seeds),
          !row.own && !hasProfile(row) && h("p", { class: "hint" }, words.list.noProfile),
        ].filter(Boolean),
      );
    });
    edits.draw({ place, count, isPinned });
  }

  function editsOf(row) {
    const pin = h("button", { type: "button", onclick: () => on[pin.dataset.does](key) });
    const up = withIcon("up", h("span", { class: "edit-word" }, words.list.up), () => on.move(key, -1));
    const down = withIcon("down", h("span", { class: "edit-word" }, words.list.down), () => on.move(key, 1));
    return {
      element: h(
        "div",
        { class: "row-edits", role: "group", "aria-label": words.list.edits },
        up,
        down,
        pin,
        !row.own && withIcon("cross", words.list.remove, () => on.remove(key)),
        !row.own && h("button", { type: "button", onclick: () => on.ban(key) }, words.list.ban(row.artists[0])),
      ),
      draw({ place, count, isPinned }) {
        up.setAttribute("aria-disabled", String(place === 0));
        down.setAttribute("aria-disabled", String(place === count - 1));
        pin.dataset.does = isPinned ? "unpin" : "pin";
        pin.replaceChildren(icon("pin"), isPinned ? words.list.unpin : words.list.pin);
      },
    };
  }

  return { element, handle, draw };
}

/** Names of the controls by which focus finds its way to another row. */
export const CONTROLS = ["handle", "remove", "toggle"];

function button(name, sign, title, onclick) {
  return h("button", { type: "button", class: `plain ${name}`, title, onclick }, icon(sign));
}

const withIcon = (sign, text, onclick) => h("button", { type: "button", onclick }, icon(sign), text);

function titleOf(row, isInvented) {
  const text = h("bdi", {}, row.title);
  if (isInvented || !row.url) return text;
  return h("a", { href: row.url, target: "_blank", rel: "noopener noreferrer" }, text);
}

const ownReason = (row) => (row.uri ? words.list.ownHere : words.list.ownLater);

/** Why it was chosen; how much bigger its artist is stands beside it as a number, so it is not said twice. */
function reasonOf({ reason, lift }) {
  const end = Number.isFinite(lift) ? (reason?.lastIndexOf("; ") ?? -1) : -1;
  return end < 0 ? reason : reason.slice(0, end);
}

function liftOf({ lift }) {
  if (!Number.isFinite(lift)) return [];
  return [
    h("b", { class: "lift", "aria-hidden": "true" }, words.list.lift(lift)),
    h("span", { class: "row-unit", "aria-hidden": "true" }, words.list.liftUnit),
    unseen(words.list.bigger(lift)),
  ];
}

function alikeOf({ similarity }) {
  if (!Number.isFinite(similarity)) return [h("span", { class: "row-unit" }, words.list.notCompared)];
  return [
    meter(similarity),
    h("span", { class: "percent", "aria-hidden": "true" }, percent(similarity)),
    h("span", { class: "row-unit", "aria-hidden": "true" }, words.list.alikeUnit),
    unseen(words.list.alike(percent(similarity))),
  ];
}

export function meter(share) {
  const fill = h("span", { class: "meter-fill" });
  // Set through the object model, because the page's security policy forbids style attributes.
  fill.style.inlineSize = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  return h("span", { class: "meter", "aria-hidden": "true" }, fill);
}

/** What is known of the track besides its sound. Its whole title stands here, which the line may have cut. */
function facts(row, seed) {
  const release = [row.album, row.release_year].filter(Boolean);
  return h(
    "div",
    { class: "row-facts" },
    h("p", { class: "row-full" }, h("bdi", {}, row.title), " – ", h("bdi", {}, artistsOf(row))),
    (release.length > 0 || row.explicit) &&
      h(
        "p",
        {},
        release.length > 0 && h("bdi", {}, release.join(", ")),
        row.explicit && h("span", { class: "explicit" }, words.list.explicit),
      ),
    Number.isFinite(row.artist_popularity) &&
      h(
        "p",
        {},
        row.own || !seed
          ? words.list.ownPopularity(row.artist_popularity)
          : words.list.popularity(row.artist_popularity, seed.artist_popularity),
      ),
  );
}
