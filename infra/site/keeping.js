// Keeps the list over a reload, for the way back, and in the address; and offers the last one to a new tab.
//
// Each entry of the tab's history has its own list, kept in the tab alone, so no tab can overwrite another's. What was
// worked on last, in whichever tab, is kept for the browser besides, and a new tab offers it.

import { ID, decode, encode } from "./address.js";
import { pack, unpack } from "./kept_list.js";
import { Remembered } from "./storage.js";
import { keyOf } from "./playlist.js";

const PAUSE_MILLISECONDS = 200;
// Entries further back are made anew from their address.
const MOST_ENTRIES = 8;
const PARTS = ["seeds", "wishes", "list", "history", "published", "chosen", "link"];

/** Follows the state from now on. Call `resume` once, when the views are there to show what it puts back. */
export function keepList(store, actions) {
  const entries = new Remembered("sessionStorage", "entries");
  const last = new Remembered("localStorage", "last");
  // Which one this tab is at: a reload that comes together with a change of the address can lose it in the history.
  const current = new Remembered("sessionStorage", "entry");
  let timer = null;
  let entry = history.state?.entry ?? (isReload() ? current.get() : null);
  current.set(entry);
  // Whether the state has changed since it was last kept, and since the address last told it.
  let isStale = false;
  let isUntold = false;

  const placeOf = (id) => new Remembered("sessionStorage", `list.${id}`);

  function name(id) {
    entry = id;
    const known = [...(entries.get() ?? []).filter((one) => one !== id), id];
    for (const old of known.slice(0, -MOST_ENTRIES)) placeOf(old).set(null);
    entries.set(known.slice(-MOST_ENTRIES));
  }

  /** Keep the list for this entry: at once, because a reload may come at any moment. Whether there was room for it. */
  function save() {
    if (!isStale) return true;
    isStale = false;
    if (entry === null) {
      name(crypto.randomUUID());
      history.replaceState({ entry }, "");
    }
    current.set(entry);
    const place = placeOf(entry);
    if (store.state.seeds.length === 0) return place.set(null);
    const hasRoom = placeWhole(place) || placeBare(place);
    // Better the list that the address tells than an older one.
    if (!hasRoom) place.set(null);
    return hasRoom;
  }

  const placeWhole = (place) => place.set(pack(store.state, actions.isAhead()));

  /** Where storage is full: without the steps to undo, and in the place of older entries. */
  function placeBare(place) {
    for (const old of entries.get() ?? []) if (old !== entry) placeOf(old).set(null);
    return placeWhole(place) || place.set(pack(store.state, actions.isAhead(), 0));
  }

  /** Tell it in the address too, and to new tabs: after a pause, as browsers limit how often an address changes. */
  function keep() {
    clearTimeout(timer);
    save();
    if (!isUntold) return;
    isUntold = false;
    const { state } = store;
    const address = addressOf(state);
    history.replaceState({ entry }, "", address);
    if (!state.list) return;
    const { title } = state.answer.seeds[0];
    const left = { address, title, count: state.list.rows.length, at: new Date().toISOString() };
    const isKept = last.set({ ...left, kept: pack(state, actions.isAhead()) });
    if (!isKept) last.set({ ...left, kept: pack(state, actions.isAhead(), 0) });
  }

  function restore(kept) {
    if (kept === null || kept === undefined) return false;
    try {
      actions.restore(unpack(kept));
    } catch {
      return false;
    }
    return true;
  }

  /** What this entry of the tab's history showed, or what its address tells, or the start. */
  function show() {
    const found = decode(location.hash);
    const left = last.get();
    const isLast = found !== null && left?.address === location.hash;
    if ((entry !== null && restore(placeOf(entry).get())) || (isLast && restore(left.kept))) return;
    if (found) actions.open(found);
    else actions.clear();
  }

  function offerLast() {
    const left = last.get();
    const isWhole = typeof left?.title === "string" && Number.isInteger(left.count) && Boolean(left.kept);
    store.update({ last: isWhole ? { title: left.title, count: left.count, at: left.at } : null });
  }

  window.addEventListener("pagehide", keep);
  window.addEventListener("popstate", (event) => {
    // What is on the page belongs to the entry that was left.
    clearTimeout(timer);
    isUntold = false;
    if (entry !== null) save();
    entry = event.state?.entry ?? null;
    current.set(entry);
    show();
    offerLast();
  });
  window.addEventListener("storage", offerLast);

  /** A list for other seeds begins: what stands on the page is one step back from now on. */
  function begin() {
    keep();
    name(crypto.randomUUID());
    history.pushState({ entry }, "", location.pathname);
    offerLast();
  }

  return {
    begin,
    resume() {
      // Something else in the address may have begun a list already.
      if (store.state.seeds.length === 0) show();
      offerLast();
      // Only now, or the address would be cleaned before it was read.
      store.watch(PARTS, () => {
        isStale = isUntold = true;
        clearTimeout(timer);
        timer = setTimeout(keep, PAUSE_MILLISECONDS);
      });
      store.watch(["seeds", "list"], () =>
        queueMicrotask(() => {
          if (!save()) keep();
        }),
      );
    },
    openLast() {
      const left = last.get();
      begin();
      restore(left?.kept);
    },
  };
}

const isReload = () => performance.getEntriesByType("navigation")[0]?.type === "reload";

/** The address of this page with this list in it. */
function addressOf({ seeds, wishes, list, link }) {
  if (seeds.length === 0) return location.pathname;
  return `#${encode({ ...(list ? toldOf(list) : link), seeds: seeds.map(seedOf), wishes })}`;
}

/** The list as a link tells it. */
function toldOf({ rows, pinned, removed, banned }) {
  const places = pinned.map((key) => rows.findIndex((row) => keyOf(row) === key));
  return {
    order: rows.map((row) => row.track_id),
    pinned: places.filter((place) => place >= 0),
    removed,
    banned,
  };
}

/** The track's id, and what the reader told about it, which nobody else could look up. */
function seedOf({ text, known, given }) {
  const track = known?.track_id ?? text;
  if (!given) return ID.test(track) ? track : { track };
  return { ...(track && { track }), ...given };
}
