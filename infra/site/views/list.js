// The list: rows that stay the same elements through every change, what can be done with them, and the artists' view.

import { byId, h } from "../dom.js";
import { changesBetween, movedRows } from "../edits.js";
import { words } from "../en.js";
import { isShort, keyOf } from "../playlist.js";
import { albumOf } from "../seeds.js";
import { counted } from "../words.js";
import { makeArtists } from "./artists.js";
import { makeReorder } from "./reorder.js";
import { CONTROLS, createRow, meter } from "./row.js";
import { icon } from "./svg.js";

const MOVEMENT = { duration: 220, easing: "cubic-bezier(0.2, 0, 0, 1)" };
const wantsStillness = matchMedia("(prefers-reduced-motion: reduce)");

export function mountList(place, store, actions) {
  const heading = h("h2", { id: "list-heading", tabindex: "-1" });
  const summary = h("p", { class: "summary" });
  const notes = h("ul", { class: "notes", "aria-label": words.list.notes });
  const short = h("p", { class: "note", role: "status", hidden: true });
  const rowList = h("ol", { class: "rows", role: "list" });
  const empty = h("p", { class: "empty" }, words.list.empty);
  const opens = h("p", { class: "hint attribution" });
  const banned = h("div", { class: "banned" });
  const undo = tool("undo", "Control+Z");
  const redo = tool("redo", "Control+Shift+Z");
  const artists = makeArtists({ onBan: (key) => edit("ban", key), onShow: show });
  const views = tabs({
    playlist: [
      h(
        "p",
        { class: "legend", "aria-hidden": "true" },
        h("span", {}, h("b", { class: "lift" }, words.list.lift(20)), " ", words.list.legendLift),
        h("span", {}, meter(0.8), " ", words.list.legendAlike),
      ),
      rowList,
      empty,
      h("p", { id: "move-help", class: "hint" }, words.list.moveHelp),
      opens,
    ],
    artists: [artists.element],
  }, drawArtists);
  place.append(
    h("div", { class: "list-head" }, heading, summary, notes, short),
    // The drawing stands between what the list is and its rows, and belongs to both.
    byId("flow"),
    h(
      "div",
      { class: "list-bar" },
      views.bar,
      h("a", { class: "skip-rows", href: "#take", onclick: skip }, words.list.skip),
      h("div", { class: "list-tools" }, undo, redo),
    ),
    ...views.panels,
    banned,
  );

  const rows = new Map();
  const reorder = makeReorder(rowList, {
    onStart: (at) => {
      if (shownRows()[at] && keyOf(shownRows()[at]) === store.state.chosen) actions.choose(null);
    },
    onPreview: (from, to) => lay(movedRows(shownRows(), from, to)),
    onDrop: (from, to) => move(from, to),
    say: (what, from, to) => {
      const row = shownRows()[from];
      actions.say(words.list[what](row?.title ?? "", to + 1, shownRows().length));
    },
  });

  const shownRows = () => store.state.list?.rows ?? [];
  // The list that was drawn, and the order in which its rows stand now: another one while a row is lifted.
  let drawn = null;
  let laid = [];

  // --- editing ---

  /** Do it and tell what came of it. */
  function edit(name, key) {
    const before = store.state.list;
    const row = before.rows.find((one) => keyOf(one) === key);
    actions.edit(name, key);
    const after = store.state.list;
    if (after === before) return;
    const { come } = changesBetween(before, after);
    const told = {
      remove: () => words.list.removed(row.title, come[0]?.title),
      ban: () => words.list.isBanned(row.artists[0], come.length),
      pin: () => words.list.isPinned(row.title),
      unpin: () => words.list.isUnpinned(row.title),
      unban: () => words.list.isUnbanned(key),
    };
    actions.say(told[name]());
  }

  function move(from, to) {
    const row = shownRows()[from];
    actions.edit("move", from, to);
    actions.say(words.list.dropped(row.title, to + 1, shownRows().length));
  }

  function travel(way) {
    const before = store.state.list;
    actions[way]();
    const after = store.state.list;
    if (before === after || !before || !after) return;
    const { gone, come, isReordered } = changesBetween(before, after);
    actions.say(
      words.list.travelled(
        way === "undo" ? words.page.undone : words.page.redone,
        come.map(({ title }) => title),
        gone.map(({ title }) => title),
        isReordered,
      ),
    );
  }

  function tool(way, keys) {
    return h(
      "button",
      {
        type: "button",
        class: way,
        "aria-keyshortcuts": keys,
        title: words.list[`${way}Title`],
        onclick: () => travel(way),
      },
      icon(way),
      h("span", {}, words.list[way]),
    );
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !store.state.list || isTyping(event.target)) return;
    const letter = event.key.toLowerCase();
    if (letter !== "z" && letter !== "y") return;
    event.preventDefault();
    travel(letter === "y" || event.shiftKey ? "redo" : "undo");
  });

  const on = {
    toggle: (key) => actions.choose(store.state.chosen === key ? null : key),
    remove: (key) => edit("remove", key),
    pin: (key) => edit("pin", key),
    unpin: (key) => edit("unpin", key),
    ban: (key) => edit("ban", key),
    move(key, places) {
      const from = shownRows().findIndex((row) => keyOf(row) === key);
      const to = from + places;
      if (from >= 0 && to >= 0 && to < shownRows().length) move(from, to);
    },
  };

  rowList.addEventListener("pointerover", (event) => point(event.target.closest(".row")?.dataset.key));
  rowList.addEventListener("pointerleave", () => point(null));

  function point(key) {
    if ((store.state.pointed ?? null) !== (key ?? null)) store.update({ pointed: key ?? null });
  }

  /** Past the rows, which hold more controls than anybody wants to pass by keyboard. The address holds the list. */
  function skip(event) {
    event.preventDefault();
    const next = byId("take-heading") ?? byId("take");
    next.scrollIntoView({ block: "start" });
    next.focus({ preventScroll: true });
  }

  /** Open a row and lead there: it was picked elsewhere. */
  function show(key) {
    views.select("playlist");
    actions.choose(key);
    const row = rows.get(key);
    row?.element.scrollIntoView({ block: "nearest" });
    row?.element.querySelector(".toggle").focus({ preventScroll: true });
  }

  // --- drawing ---

  /** Rows in this order, as few elements touched as can be, moving gently from where they stood. */
  function lay(ordered) {
    laid = ordered;
    const { answer, list, config, chosen, pointed = null } = store.state;
    const stood = new Map([...rows].map(([key, { element }]) => [key, element.getBoundingClientRect().top]));
    const held = heldFocus();
    if (list !== drawn) reorder.settle();
    drawn = list;
    const isInvented = config?.demo?.catalogue ?? true;
    const keys = ordered.map(keyOf);
    for (const key of [...rows.keys()].filter((one) => !keys.includes(one))) {
      rows.get(key).element.remove();
      rows.delete(key);
    }
    ordered.forEach((row, at) => {
      const key = keys[at];
      if (!rows.has(key)) rows.set(key, createRow(key, on));
      rows.get(key).draw(row, {
        place: at,
        count: ordered.length,
        isPinned: list.pinned.includes(key),
        isChosen: chosen === key,
        isPointed: pointed === key,
        isInvented,
        seeds: answer?.seeds ?? [],
        embeds: config?.spotify?.embeds ?? null,
      });
    });
    arrange([...new Set(keys)].map((key) => rows.get(key).element));
    returnFocus(held, ordered);
    glide(stood);
  }

  /** Put elements into this order around the one that has the focus or a player in it, which stays where it is. */
  function arrange(elements) {
    const isFixed = [(one) => one.contains(document.activeElement), (one) => one.querySelector("iframe") !== null];
    const fixed = isFixed
      .map((test) => elements.findIndex((one) => one.isConnected && test(one)))
      .find((at) => at >= 0);
    let next = null;
    for (let at = elements.length - 1; at >= 0; at -= 1) {
      const element = elements[at];
      if (at !== fixed && (element.parentNode !== rowList || element.nextSibling !== next)) {
        // The newer way keeps a player playing while its row moves.
        if (element.isConnected && rowList.moveBefore) rowList.moveBefore(element, next);
        else rowList.insertBefore(element, next);
      }
      next = element;
    }
  }

  function heldFocus() {
    const row = document.activeElement?.closest?.(".row");
    if (!row || !rowList.contains(row)) return null;
    return {
      element: document.activeElement,
      row,
      at: [...rowList.children].indexOf(row),
      control: CONTROLS.find((name) => document.activeElement.classList.contains(name)) ?? "toggle",
    };
  }

  /** The focus stays on its control; where the row is gone, it goes to the same control of the row that came there. */
  function returnFocus(held, ordered) {
    if (held === null || held.row.contains(document.activeElement)) return;
    if (held.element.isConnected && held.element.checkVisibility()) return held.element.focus({ preventScroll: true });
    const there = held.row.isConnected ? held.row : rowList.children[Math.min(held.at, ordered.length - 1)];
    const control = there?.querySelector(`.${held.control}:not([hidden])`) ?? there?.querySelector(".handle");
    (control ?? heading).focus({ preventScroll: !held.row.isConnected });
  }

  function glide(stood) {
    if (wantsStillness.matches || stood.size === 0) return;
    for (const [key, { element }] of rows) {
      const { top, bottom } = element.getBoundingClientRect();
      const from = stood.get(key);
      if (bottom < 0 || top > window.innerHeight) continue;
      if (from === undefined) element.animate([{ opacity: 0 }, { opacity: 1 }], MOVEMENT);
      else if (Math.abs(from - top) > 1)
        element.animate([{ transform: `translateY(${from - top}px)` }, { transform: "none" }], MOVEMENT);
    }
  }

  function drawHead({ answer, list, config, history, offline }) {
    const seeds = answer.seeds;
    const others = list.rows.filter((row) => !row.own).length;
    write(
      heading,
      words.list.heading(counted(others, "track"), seeds[0].title, seeds.length - 1, albumOf(seeds)),
    );
    const { genre, band } = answer;
    const isKnown = genre.used.length > 0 && band.used.length === 2;
    const { artists: seedArtists, artist_popularity: level } = seeds[0];
    write(summary, isKnown ? words.list.summary(genre.used, band.used, seedArtists[0], level) : "");
    const told = JSON.stringify(answer.notes);
    if (notes.dataset.told !== told) {
      notes.dataset.told = told;
      notes.replaceChildren(...answer.notes.map((note) => h("li", {}, note)));
    }
    notes.hidden = answer.notes.length === 0;
    short.hidden = !offline || !isShort(list, answer);
    write(short, short.hidden ? "" : words.list.usedUp);
    empty.hidden = others > 0;
    undo.setAttribute("aria-disabled", String(history.past.length === 0));
    redo.setAttribute("aria-disabled", String(history.future.length === 0));
    const logo = config?.attribution?.logo ?? null;
    opens.hidden = config?.demo?.catalogue ?? true;
    if (!opens.hidden && opens.childElementCount + opens.textContent.length === 0) {
      opens.append(
        ...[logo && h("img", { src: logo, alt: "Spotify", class: "spotify-logo" }), words.list.opens].filter(Boolean),
      );
    }
  }

  /** The artists' view costs as much as the rows, so it is drawn for those who look at it. */
  function drawArtists() {
    const { list, answer } = store.state;
    if (list && answer && !artists.element.parentNode.hidden) artists.draw({ list, answer });
  }

  function drawBanned({ banned: names }) {
    const told = JSON.stringify(names);
    banned.hidden = names.length === 0;
    if (banned.dataset.told === told) return;
    banned.dataset.told = told;
    const at = [...banned.querySelectorAll("button")].indexOf(document.activeElement);
    banned.replaceChildren(
      h("h3", { id: "banned-heading", tabindex: "-1" }, words.list.bannedHeading),
      h(
        "ul",
        { "aria-labelledby": "banned-heading" },
        ...names.map(({ name }) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", "aria-label": words.list.unban(name), onclick: () => edit("unban", name) },
              h("bdi", {}, name),
              icon("cross"),
            ),
          ),
        ),
      ),
      h("p", { class: "hint" }, words.list.bannedHint),
    );
    if (at >= 0) ([...banned.querySelectorAll("button")].at(Math.min(at, names.length - 1)) ?? heading).focus();
  }

  store.watch(["answer", "list", "config", "chosen", "history", "offline"], (state) => {
    place.hidden = !state.list || !state.answer;
    if (place.hidden) return;
    drawHead(state);
    lay(state.list === drawn ? laid : state.list.rows);
    drawArtists();
    drawBanned(state.list);
  });
  store.watch(["pointed"], ({ pointed = null }) => {
    for (const [key, { element }] of rows) element.classList.toggle("pointed", key === pointed);
  });
  store.watch(["busy"], ({ busy }) => place.setAttribute("aria-busy", String(busy)));
}

/** Two views behind tabs: arrow keys go from tab to tab, as the ARIA Authoring Practices Guide has it. */
function tabs(contents, onSelect) {
  const names = Object.keys(contents);
  const buttons = names.map((name) =>
    h(
      "button",
      { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `view-${name}`, onclick: () => select(name) },
      words.list.views[name],
    ),
  );
  const panels = names.map((name) =>
    h(
      "div",
      { role: "tabpanel", id: `view-${name}`, "aria-labelledby": `tab-${name}`, class: "list-view" },
      ...contents[name],
    ),
  );
  const bar = h("div", { role: "tablist", "aria-label": words.list.viewsLabel }, ...buttons);

  function select(name) {
    names.forEach((one, at) => {
      buttons[at].setAttribute("aria-selected", String(one === name));
      buttons[at].tabIndex = one === name ? 0 : -1;
      panels[at].hidden = one !== name;
    });
    onSelect();
  }

  bar.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = (to + names.length) % names.length;
    select(names[next]);
    buttons[next].focus();
  });
  select(names[0]);
  return { bar, panels, select };
}

const NO_TEXT = ["button", "checkbox", "radio", "range", "submit", "reset", "file", "color"];

/** Whether keys belong to a text that is being written, which has an undo of its own. */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea")) return true;
  return target.matches("input") && !NO_TEXT.includes(target.type);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
