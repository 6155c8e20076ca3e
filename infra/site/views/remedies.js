// What helps when too little is known of a track, side by side: the artist's file, a few sliders, the number of
// followers. Also where a track is described that is not on Spotify yet, and where an artist corrects what is known.

import { byId, focusField, h, showFieldError } from "../dom.js";
import { words } from "../en.js";
import { countOf, givenOf, missingOf, sourcesOf, typicalOf } from "../seeds.js";
import { Remembered } from "../storage.js";
import { artistsOf, clockTime } from "../words.js";
import { featureSliders } from "./describe.js";
import { notLoaded } from "./not_loaded.js";

const MOST_FOLLOWERS = 1_000_000_000;
const MOST_NAME_CHARACTERS = 1000;
const EVERYTHING = ["title", "artists", "features", "artist_popularity"];
// The names of fields as the service may use them, and where they stand here.
const FIELDS = {
  title: "remedy-title",
  artists: "remedy-artist",
  followers: "remedy-followers",
  artist_popularity: "remedy-followers",
  release_date: "remedy-released",
  genres: "remedy-genre",
  features: "remedy-ways",
};
const emptyDraft = () => ({
  title: "",
  artist: "",
  followers: "",
  genre: "",
  released: "",
  hand: {},
  heard: null,
  way: null,
});

const { remedies } = words.start;

let openFor = () => {};

/** Open it for a seed by its id, or for a track that is not on Spotify (`null`), perhaps called `title`. */
export const openRemedies = (id, title = "") => openFor(id, title);

export function mountRemedies(place, store, actions) {
  const kept = new Remembered("sessionStorage", "remedies");
  const drafts = new Map(kept.get()?.drafts ?? []);
  // The seed that it is open for (`null`: a track that is not on Spotify), or `undefined` while it is closed.
  let target = kept.get()?.target ?? undefined;
  if (kept.get()?.isNew) target = null;
  let recent = kept.get()?.recent ?? { artist: "", followers: "" };
  let statuses = new Map();
  let opener = null;
  // What is mounted there for a file, and for which seed.
  let audio = null;
  let audioFor = null;

  const heading = h("h2", { id: "remedies-heading", tabindex: "-1" });
  const why = h("div", { class: "remedies-why" });
  const title = field("title", "text", { autocomplete: "off", maxlength: MOST_NAME_CHARACTERS });
  const artist = field("artist", "text", { autocomplete: "off", maxlength: MOST_NAME_CHARACTERS });
  const released = field("released", "date", { min: "1900-01-01", max: "2100-12-31" });
  const followers = field("followers", "text", { inputmode: "numeric", autocomplete: "off" });
  const genre = h("select", { id: "remedy-genre", "aria-describedby": "remedy-genre-error", onchange: changed });
  const sliders = featureSliders({ id: "hand", describedBy: "hand-hint", onChange: changed });
  const names = h("div", { class: "pair" }, title.element, artist.element);
  const facts = h("div", { class: "pair" }, wrapped("genre", genre), released.element);

  const ways = { file: wayButton("file"), hand: wayButton("hand") };
  const number = h(
    "div",
    { class: "way" },
    h("h3", {}, remedies.followersHeading),
    followers.element,
    h("p", { class: "way-done" }),
  );
  const handHint = h("p", { id: "hand-hint", class: "hint" });
  const panels = {
    file: h("div", { id: "remedy-file", class: "way-panel", hidden: true }),
    hand: h(
      "div",
      {
        id: "remedy-hand",
        class: "inset stack way-panel",
        role: "group",
        "aria-label": remedies.hand.heading,
        hidden: true,
      },
      handHint,
      sliders.element,
    ),
  };
  const submit = h("button", { type: "submit", class: "primary" });
  const cancel = h("button", { type: "button", class: "link", onclick: giveUp });
  const form = h(
    "form",
    {
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    names,
    facts,
    h(
      "fieldset",
      { id: "remedy-ways", class: "plain", "aria-describedby": "remedy-ways-error" },
      h("legend", { class: "visually-hidden" }, remedies.ways),
      // What is opened follows its way on a phone, so the short one comes first.
      h("div", { class: "ways" }, number, ways.file.element, panels.file, ways.hand.element, panels.hand),
    ),
    h("p", { id: "remedy-ways-error", class: "error", hidden: true }),
    h("div", { class: "cluster" }, submit, cancel),
  );
  const panel = h(
    "section",
    { class: "card remedies", "aria-labelledby": "remedies-heading" },
    h("div", { class: "stack" }, heading, why),
    form,
  );

  function field(name, type, attributes) {
    const id = `remedy-${name}`;
    const input = h("input", {
      id,
      type,
      "aria-describedby": `${id}-hint ${id}-error`,
      oninput: () => {
        showFieldError(id, null);
        changed();
      },
      ...attributes,
    });
    return { input, element: wrapped(name, input) };
  }

  function wrapped(name, input) {
    const id = `remedy-${name}`;
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, remedies.labels[name]),
      input,
      h("p", { id: `${id}-hint`, class: "hint" }, remedies.hints[name] ?? ""),
      h("p", { id: `${id}-error`, class: "error", hidden: true }),
    );
  }

  function wayButton(way) {
    const button = h(
      "button",
      {
        type: "button",
        "aria-expanded": "false",
        "aria-controls": `remedy-${way}`,
        onclick: () => showWay(draft().way === way ? null : way, { isAsked: true }),
      },
      remedies[way].open,
    );
    const done = h("p", { class: "way-done" });
    return {
      button,
      done,
      element: h(
        "div",
        { class: "way" },
        h("h3", {}, remedies[way].heading),
        h("p", { class: "hint" }, remedies[way].text),
        done,
        button,
      ),
    };
  }

  // --- what it is about ---

  const isOpen = () => target !== undefined;
  const seedOf = () => store.state.seeds.find(({ id }) => id === target) ?? null;
  const keyOf = (id) => id ?? "new";

  function draft() {
    const key = keyOf(target);
    if (!drafts.has(key)) drafts.set(key, emptyDraft());
    return drafts.get(key);
  }

  const missing = () => {
    const seed = seedOf();
    if (seed === null) return EVERYTHING;
    return seed.status === "needed" ? missingOf(seed, store.state.seeds.indexOf(seed)) : [];
  };

  const isOfCatalogue = (seed) => sourcesOf(seed?.known?.identity_source).includes("catalogue");

  function open(id, { mayMove = true, suggestedTitle = "" } = {}) {
    opener = document.activeElement;
    target = id;
    const seed = seedOf();
    const mine = draft();
    mine.title ||= seed?.given?.title ?? seed?.known?.title ?? suggestedTitle;
    mine.artist ||= seed?.given?.artists?.join(", ") ?? (seed?.known ? artistsOf(seed.known) : "");
    mine.followers ||= seed?.given?.followers === undefined ? "" : String(seed.given.followers);
    // Whoever describes a second track is likely to be the same artist.
    mine.artist ||= recent.artist || (store.state.seeds[0]?.known?.artists?.[0] ?? "");
    if (mine.artist === recent.artist) mine.followers ||= recent.followers;
    mine.genre ||= seed?.given?.genres?.[0] ?? "";
    mine.released ||= seed?.given?.release_date ?? "";
    if (place.firstChild !== panel) place.replaceChildren(panel);
    fill();
    keep();
    if (mayMove) lead();
  }

  function lead() {
    heading.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "start" });
  }

  function close({ mayMove = false } = {}) {
    if (!isOpen()) return;
    const hadFocus = panel.contains(document.activeElement);
    target = undefined;
    place.replaceChildren();
    leaveAudio();
    keep();
    const home = byId(store.state.list ? "list-heading" : "track");
    if (mayMove && hadFocus) (opener?.isConnected ? opener : home)?.focus();
  }

  function giveUp() {
    const seed = seedOf();
    if (seed?.status === "needed") actions.removeSeed(seed.id);
    close({ mayMove: true });
  }

  function keep() {
    const living = [...drafts].filter(([key]) => key === "new" || store.state.seeds.some(({ id }) => id === key));
    kept.set({ drafts: living, target, isNew: target === null, recent });
  }

  // --- the form ---

  function fill() {
    const { title: name, artist: by, followers: count, genre: kind, released: date, hand, way } = draft();
    title.input.value = name;
    artist.input.value = by;
    followers.input.value = count;
    released.input.value = date;
    offerGenres(store.state);
    genre.value = kind;
    setBase();
    sliders.set(hand);
    for (const id of new Set(Object.values(FIELDS))) showFieldError(id, null);
    draw();
    showWay(way);
  }

  function changed() {
    const mine = draft();
    Object.assign(mine, {
      title: title.input.value,
      artist: artist.input.value,
      followers: followers.input.value,
      genre: genre.value,
      released: released.input.value,
      hand: sliders.values(),
    });
    recent = { artist: mine.artist, followers: mine.followers };
    if (mine.heard || Object.keys(mine.hand).length > 0) showFieldError("remedy-ways", null);
    setBase();
    draw();
    keep();
  }

  function offerGenres({ genres }) {
    const names = (genres ?? []).map(({ name }) => name);
    if (genre.options.length !== names.length + 1) {
      genre.replaceChildren(
        h("option", { value: "" }, remedies.anyGenre),
        ...names.map((name) => h("option", { value: name }, name)),
      );
    }
    genre.value = draft().genre;
  }

  /** Where the sliders stand that are not set: at what is known of the track, else at what is usual in its genre. */
  function setBase() {
    const mine = draft();
    const seed = seedOf();
    const { genres, wishes, answer } = store.state;
    const used = mine.genre || wishes.genre ? [mine.genre || wishes.genre] : (answer?.genre.used ?? []);
    const byHand = new Set([...(seed?.given?.features_by_hand ?? [])]);
    const told = Object.entries(seed?.known?.features ?? {}).filter(([name]) => !byHand.has(name));
    const known = { ...Object.fromEntries(told), ...mine.heard?.features };
    const everywhere = (genres ?? []).map(({ name }) => name);
    sliders.setBase({ known, usual: typicalOf(genres, used.length > 0 ? used : everywhere) });
    handHint.textContent =
      Object.keys(known).length > 0 ? remedies.handHintKnown : remedies.handHint(used.join(" / "));
  }

  function showWay(way, { isAsked = false } = {}) {
    draft().way = way;
    for (const one of ["file", "hand"]) {
      panels[one].hidden = way !== one;
      ways[one].button.setAttribute("aria-expanded", String(way === one));
    }
    if (way === "file") mountAudio();
    if (way === "hand" && isAsked) sliders.focus();
    keep();
  }

  async function mountAudio() {
    if (audioFor === keyOf(target)) return;
    leaveAudio();
    const key = (audioFor = keyOf(target));
    const home = h("div");
    panels.file.replaceChildren(home);
    try {
      const { mountAudioFile } = await import("./audio_file.js");
      if (audioFor !== key) return;
      const { config } = store.state;
      audio = mountAudioFile(home, {
        seed: seedOf(),
        limits: config?.limits,
        demo: config?.demo,
        onFeatures: (features, source, extra) => heard(key, features, source, extra),
      });
    } catch (error) {
      console.error(error);
      audioFor = null;
      home.append(notLoaded());
    }
  }

  function leaveAudio() {
    audio?.close();
    audio = audioFor = null;
    panels.file.replaceChildren();
  }

  /** What the file told, corrections by the artist included. */
  function heard(key, features, source, { features_by_hand: byHand = [], duration_ms: durationMs = null } = {}) {
    if (key !== keyOf(target)) return;
    draft().heard = { features, source, byHand, durationMs };
    draft().hand = {};
    sliders.set({});
    changed();
    const faults = faultsOf();
    if (faults.length === 0) send();
    else complain(faults);
  }

  // --- sending ---

  function faultsOf() {
    const mine = draft();
    const lacking = missing();
    const faults = [];
    const seed = seedOf();
    if (!mine.title.trim() && lacking.includes("title")) faults.push(["remedy-title", remedies.faults.title]);
    if (!mine.artist.trim() && lacking.includes("artists")) faults.push(["remedy-artist", remedies.faults.artist]);
    const count = countOf(mine.followers);
    if (mine.followers.trim() ? count === null : lacking.includes("artist_popularity") && !isOfCatalogue(seed)) {
      faults.push(["remedy-followers", remedies.faults.followers]);
    } else if (count > MOST_FOLLOWERS) faults.push(["remedy-followers", remedies.faults.manyFollowers]);
    if (released.input.validity.badInput) faults.push(["remedy-released", remedies.faults.released]);
    if (lacking.includes("features") && !mine.heard && Object.keys(mine.hand).length === 0) {
      faults.push(["remedy-ways", remedies.faults.features]);
    }
    return faults;
  }

  function complain(faults) {
    for (const [id, message] of faults) showFieldError(id, message);
    if (faults[0][0] === "remedy-ways") (ways.file.element.hidden ? ways.hand : ways.file).button.focus();
    else focusField(faults[0][0]);
  }

  function send() {
    if (store.state.busy && seedOf()?.status === "looking") return;
    for (const id of new Set(Object.values(FIELDS))) showFieldError(id, null);
    const faults = faultsOf();
    if (faults.length > 0) return complain(faults);
    const given = givenOf(draft(), seedOf()?.known ?? null);
    const isNew = target === null;
    actions.describe(target, given);
    if (isNew) {
      // It has an id from here on, under which more may be asked about it.
      const seed = store.state.seeds.at(-1);
      drafts.set(keyOf(seed.id), drafts.get("new"));
      drafts.delete("new");
      target = seed.id;
      keep();
      draw();
    }
  }

  // --- drawing ---

  function draw() {
    if (!isOpen()) return;
    const seed = seedOf();
    const lacking = missing();
    const mine = draft();
    const known = seed?.known ?? null;
    const isKnown = isOfCatalogue(seed);
    const isChange = seed !== null && lacking.length === 0 && seed.status !== "looking";
    heading.textContent = headingOf(seed, lacking, mine);
    why.replaceChildren(...reasons(seed, lacking, isChange));
    const asksForNames =
      seed === null || !known?.title || !known.artists?.length || sourcesOf(known.identity_source).includes("given");
    names.hidden = !asksForNames;
    facts.hidden = isKnown;
    released.element.hidden = Boolean(known?.release_date) && !seed?.given?.release_date;
    ways.file.element.hidden = isKnown || !isFileOffered(seed, lacking);
    number.hidden = isKnown;
    const hasSound = mine.heard !== null || Object.keys(mine.hand).length > 0;
    number.classList.toggle("is-needed", lacking.includes("artist_popularity") && countOf(mine.followers) === null);
    for (const way of [ways.file, ways.hand]) {
      way.element.classList.toggle("is-needed", lacking.includes("features") && !hasSound);
    }
    ways.file.done.textContent = mine.heard ? remedies.heard(words.start.sources[sourcesOf(mine.heard.source)[0]]) : "";
    const set = Object.keys(mine.hand).length;
    ways.hand.done.textContent = set > 0 ? remedies.setByHand(set) : "";
    const isWaiting = seed?.status === "looking";
    const changes = seed === null ? remedies.add : remedies.update;
    submit.textContent = store.state.list ? changes : words.start.submit;
    submit.classList.toggle("working", isWaiting);
    submit.setAttribute("aria-disabled", String(isWaiting));
    cancel.hidden = seed !== null && !isChange && store.state.seeds.length < 2;
    cancel.textContent = seed !== null && !isChange ? remedies.leaveOut : remedies.close;
  }

  function isFileOffered(seed, lacking) {
    const kinds = seed?.problem?.remedies?.map(({ kind }) => kind) ?? [];
    return !lacking.includes("features") || seed === null || kinds.includes("audio_file") || kinds.includes("measure");
  }

  function headingOf(seed, lacking, mine) {
    if (seed === null) return remedies.newHeading;
    const name = seed.known?.title ?? mine.title;
    if (lacking.length === 0) return remedies.changeHeading(name);
    if (!name) return remedies.unknownHeading;
    if (lacking.length === 1 && lacking[0] === "artist_popularity") {
      return remedies.followersOnlyHeading(seed.known?.artists?.[0] ?? mine.artist);
    }
    return remedies.neededHeading(name);
  }

  function reasons(seed, lacking, isChange) {
    if (seed === null) return [h("p", {}, remedies.newWhy)];
    if (isChange) return [h("p", {}, isOfCatalogue(seed) ? remedies.changeKnownWhy : remedies.changeWhy)];
    const onlyFollowers = lacking.length === 1 && lacking[0] === "artist_popularity";
    const tried = (seed.known?.tried ?? []).filter(({ outcome, detail }) => outcome !== "found" && detail);
    const later = seed.problem?.remedies?.find(({ kind, retry_at: at }) => kind === "later" && at);
    return [
      h("p", {}, onlyFollowers ? remedies.followersOnlyWhy : remedies.neededWhy(lacking)),
      tried.length > 0 && h("p", { class: "hint" }, [...new Set(tried.map(({ detail }) => detail))].join(" ")),
      later &&
        h(
          "p",
          { class: "cluster" },
          h("span", {}, remedies.later(clockTime(new Date(later.retry_at)))),
          h("button", { type: "button", onclick: () => actions.retry() }, remedies.askAgain),
        ),
    ].filter(Boolean);
  }

  store.watch(["seeds", "busy", "genres", "config", "list"], (state) => {
    const before = statuses;
    statuses = new Map(state.seeds.map(({ id, status }) => [id, status]));
    // The page has not put back yet what it kept.
    if (target && before.size === 0 && state.seeds.length === 0) return;
    const seed = seedOf();
    const isSettled = before.get(target) === "looking" && seed?.status === "ready";
    // The seed it was open for is gone, or has become what was wanted.
    if (isOpen() && target !== null && (seed === null || isSettled)) {
      drafts.delete(keyOf(target));
      // Whoever asked for a first list is led to it anyway.
      close({ mayMove: seed !== null && Boolean(state.list) });
    }
    const needy = state.seeds.find(({ status }) => status === "needed");
    const isHere = isOpen() && needy?.id === target;
    if (needy && !isHere) open(needy.id, { mayMove: before.get(needy.id) === "looking" });
    else if (isOpen()) {
      if (place.firstChild !== panel) open(target, { mayMove: false });
      offerGenres(state);
      setBase();
      draw();
      if (isHere && before.get(target) === "looking" && seed.status === "needed") {
        showServiceFaults(seed);
        lead();
      }
    }
  });

  function showServiceFaults(seed) {
    for (const { field: name, message } of seed.problem?.fields ?? []) {
      const part = name?.match(/seeds(?:\[\d+\]|\.\d+)\.(\w+)/)?.[1];
      if (FIELDS[part]) showFieldError(FIELDS[part], message);
    }
  }

  openFor = (id, suggestedTitle) => open(id, { suggestedTitle });
}
