// The cards of the artist's own tracks: what they are, how they sound, and who says so.

import { h, showFieldError, svg, unseen } from "../dom.js";
import { words } from "../en.js";
import { looksLikeLink } from "../links.js";
import { missingOf, sourcesOf } from "../seeds.js";
import { artistsOf, day, number } from "../words.js";
import { featureSaid } from "./describe.js";
import { pickedAs, remember } from "./picked.js";
import { openRemedies } from "./remedies.js";
import { connectTrackField, trackField } from "./track_field.js";

const MOST_SEEDS = 20;
// More of them scroll in their own room, or the settings below would be out of sight.
const FEW = 4;
// Where Spotify keeps covers, and the page may load them from.
const COVER_HOSTS = ["i.scdn.co", "image-cdn-ak.spotifycdn.com"];
const SOUND_SHOWN = ["energy", "danceability", "acousticness", "valence", "tempo"];
const FIELD = "more-track";

const { card: said, sources } = words.start;

export function mountSeeds(place, store, actions) {
  const heading = h("h2", { class: "seeds-heading" });
  const list = h("ul", { class: "plain-list seed-cards" });
  const cards = new Map();
  const add = h(
    "button",
    { type: "button", class: "link", "aria-expanded": "false", "aria-controls": "seed-add", onclick: toggleAdding },
    said.add,
  );
  const adding = h(
    "form",
    { id: "seed-add", class: "inset", novalidate: true, hidden: true },
    trackField(FIELD, said.addLabel, said.addHint),
    h(
      "div",
      { class: "cluster" },
      h("button", { type: "submit" }, said.addSubmit),
      h("button", { type: "button", class: "link", onclick: describeAnother }, words.start.unreleased),
      h("button", { type: "button", class: "link", onclick: toggleAdding }, said.addClose),
    ),
  );
  const panel = h(
    "div",
    { class: "card seeds stack" },
    heading,
    list,
    add,
    adding,
  );
  let field = null;
  // A paste adds at once and empties the field: the Enter after it asks for nothing more.
  let hasAdded = false;
  // Added here and not yet answered: what is wrong with one of them belongs to the field.
  const fresh = new Set();

  function toggleAdding() {
    adding.hidden = !adding.hidden;
    add.setAttribute("aria-expanded", String(!adding.hidden));
    if (adding.hidden) return add.focus();
    field ??= connectTrackField(FIELD, {
      onPick(track) {
        remember(track);
        addAll([track.uri]);
      },
      onLinks: addAll,
      onType: () => {
        hasAdded = false;
      },
    });
    field.input.focus();
  }

  function describeAnother() {
    const typed = looksLikeLink(field.text) ? "" : field.text;
    field.text = "";
    showFieldError(FIELD, null);
    toggleAdding();
    openRemedies(null, typed);
  }

  adding.addEventListener("submit", (event) => {
    event.preventDefault();
    field.stop();
    const { links, fault } = field.asked;
    if (links) return addAll(links);
    if (hasAdded && field.text === "") return;
    showFieldError(FIELD, fault);
    field.input.focus();
  });

  function addAll(texts) {
    const { seeds, config } = store.state;
    const most = config?.limits?.seeds ?? MOST_SEEDS;
    const isThere = (text) =>
      seeds.some((seed) => seed.text === text || (seed.known?.track_id && text.includes(seed.known.track_id)));
    const added = texts.filter((text) => !isThere(text));
    if (added.length === 0) return showFieldError(FIELD, said.already);
    if (seeds.length + added.length > most) return showFieldError(FIELD, said.tooMany(most));
    actions.addSeed(added);
    for (const { id, text } of store.state.seeds) if (added.includes(text)) fresh.add(id);
    field.text = "";
    hasAdded = true;
  }

  /** A link that leads nowhere is no track of the reader's: it goes back into the field, with what is wrong with it. */
  function takeBack(seeds) {
    const bad = seeds.find(({ id, status }) => fresh.has(id) && status === "failed");
    for (const { id, status } of seeds) if (status !== "looking") fresh.delete(id);
    if (!bad || seeds.length < 2) return;
    const message = bad.problem?.message ?? "";
    actions.removeSeed(bad.id);
    if (adding.hidden) toggleAdding();
    field.text = bad.text ?? "";
    showFieldError(FIELD, message);
    field.input.focus();
  }

  store.watch(["seeds", "config"], ({ seeds, config, list: made }) => {
    // A single link that leads nowhere is explained at the field where it was given.
    const shown = seeds.filter((seed) => seed.status !== "failed" || seed.known || seeds.length > 1);
    if (shown.length === 0) {
      place.replaceChildren();
      cards.clear();
      list.replaceChildren();
      return;
    }
    if (place.firstChild !== panel) place.replaceChildren(panel);
    heading.textContent = said.heading(shown.length);
    for (const id of [...cards.keys()]) if (!shown.some((seed) => seed.id === id)) dropCard(id);
    shown.forEach((seed, at) => {
      if (!cards.has(seed.id)) cards.set(seed.id, createCard(seed.id, actions));
      const card = cards.get(seed.id);
      if (list.children[at] !== card.element) list.insertBefore(card.element, list.children[at] ?? null);
      card.draw(seed, { config, place: seeds.indexOf(seed), isOnly: shown.length === 1, hasList: Boolean(made) });
    });
    add.hidden = shown.length >= (config?.limits?.seeds ?? MOST_SEEDS) || !made;
    list.classList.toggle("many", shown.length > FEW);
    takeBack(seeds);
  });

  /** The focus that stood on a card goes on to the next one. */
  function dropCard(id) {
    const { element } = cards.get(id);
    const hadFocus = element.contains(document.activeElement);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    cards.delete(id);
    if (hadFocus) (next?.querySelector("button") ?? add).focus();
  }
}

function createCard(id, actions) {
  const element = h("li", { class: "seed" });
  let shown = null;

  return {
    element,
    draw(seed, situation) {
      const { config, place, isOnly, hasList } = situation;
      const invented = Boolean(config?.demo?.catalogue);
      const key = JSON.stringify([seed, invented, config?.attribution, config?.spotify, isOnly, hasList]);
      if (key === shown) return;
      shown = key;
      const act = element.contains(document.activeElement) ? document.activeElement.dataset.act : null;
      const isOpen = element.querySelector("details")?.open ?? false;
      element.replaceChildren(...content(seed, { config, invented, place, isOnly, hasList, isOpen }));
      element.classList.toggle("compact", !isOnly);
      element.setAttribute("aria-busy", String(seed.status === "looking"));
      if (act) (element.querySelector(`[data-act="${act}"]`) ?? element.querySelector("button"))?.focus();
    },
  };

  function content(seed, { config, invented, place, isOnly, hasList, isOpen }) {
    const known = seed.known ?? seed.given ?? pickedAs(seed.text);
    const isWhole = Number.isFinite(seed.known?.artist_popularity) && Boolean(seed.known.features_source);
    const title = seed.given?.title ?? known?.title ?? null;
    const artists = seed.given?.artists ?? known?.artists ?? [];
    const remove =
      !isOnly &&
      h(
        "button",
        { type: "button", class: "seed-remove", "data-act": "remove", onclick: () => actions.removeSeed(id) },
        h("span", { "aria-hidden": "true" }, "×"),
        unseen(said.remove(title)),
      );
    const sounds = soundOf(seed.known?.features);
    const sound = sounds !== "" && h("p", { class: "seed-sound hint" }, sounds);
    const head = h(
      "div",
      { class: "seed-head" },
      cover(seed.known?.artwork_url, config),
      h(
        "div",
        { class: "seed-names" },
        title === null ? skeleton(seed.status) : h("p", { class: "seed-title", title }, linked(title, seed, invented)),
        artists.length > 0 && h("p", { class: "seed-artist" }, h("bdi", {}, artistsOf({ artists }))),
        isOnly && sound,
      ),
      remove,
    );
    const facts = isWhole && h("dl", { class: "seed-facts" }, ...factsOf(seed));
    const change = (label) =>
      h(
        "button",
        { type: "button", class: "link", "data-act": "change", onclick: () => openRemedies(id) },
        label,
        title !== null && unseen(` (${title})`),
      );
    const acts = h("div", { class: "cluster spread" }, change(said.change), attribution(config, seed, invented));
    return [
      head,
      // Without a list the remedies stand right below.
      seed.status === "needed" &&
        hasList &&
        h("p", { class: "seed-needs cluster" }, said.needs(missingOf(seed, place)), change(said.help)),
      seed.status === "failed" && h("p", { class: "error" }, seed.problem?.message ?? ""),
      isWhole && isOnly && h("p", { class: "seed-brief hint" }, briefOf(seed.known)),
      isWhole &&
        h(
          "details",
          { class: "quiet", open: isOpen },
          h("summary", { "data-act": "facts" }, said.facts),
          !isOnly && sound,
          facts,
          !isOnly && acts,
        ),
      isWhole && isOnly && acts,
    ].filter(Boolean);
  }
}

function skeleton(status) {
  if (status !== "looking") return h("p", { class: "seed-title" }, said.noName);
  return h("p", { class: "seed-title" }, unseen(said.looking), h("span", { class: "ghost", "aria-hidden": "true" }));
}

const idOf = (seed) => seed.known?.track_id ?? pickedAs(seed.text)?.track_id ?? null;

/** The title leads back to Spotify, except for tracks that do not exist there. */
function linked(title, seed, invented) {
  const id = idOf(seed);
  if (!id || invented) return h("bdi", {}, title);
  const href = `https://open.spotify.com/track/${id}`;
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, h("bdi", {}, title));
}

function attribution(config, seed, invented) {
  const id = idOf(seed);
  if (!id || invented) return null;
  const logo = config?.attribution?.logo;
  const href = `https://open.spotify.com/track/${id}`;
  return h(
    "a",
    { class: "seed-spotify", href, target: "_blank", rel: "noopener noreferrer", "data-act": "spotify" },
    logo ? h("img", { src: logo, alt: said.onSpotify, width: 84, height: 25 }) : said.onSpotify,
  );
}

/** The cover as Spotify gives it, neither cut nor covered; a plain tile where there is none or it does not load. */
function cover(address, config) {
  const home = h("span", { class: "seed-cover" });
  const tile = () =>
    svg(
      "svg",
      { viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
      svg("rect", { x: 5, y: 18, width: 5, height: 8, rx: 1.5, class: "tile-own" }),
      svg("rect", { x: 13.5, y: 12, width: 5, height: 14, rx: 1.5 }),
      svg("rect", { x: 22, y: 6, width: 5, height: 20, rx: 1.5 }),
    );
  if (!isAllowed(address, config)) {
    home.append(tile());
    return home;
  }
  home.append(
    h("img", {
      src: address,
      alt: "",
      width: 64,
      height: 64,
      decoding: "async",
      referrerpolicy: "no-referrer",
      onerror: () => home.replaceChildren(tile()),
    }),
  );
  return home;
}

/** Whether the page may load it: from Spotify, or from whatever stands in for it. */
function isAllowed(address, config) {
  if (!URL.canParse(address)) return false;
  const { origin, protocol, hostname } = new URL(address);
  return (protocol === "https:" && COVER_HOSTS.includes(hostname)) || origin === originOf(config?.spotify?.api);
}

const originOf = (address) => (URL.canParse(address) ? new URL(address).origin : null);

const soundOf = (features) =>
  SOUND_SHOWN.filter((name) => Number.isFinite(features?.[name]))
    .map((name) => featureSaid(name, features[name]))
    .join(" · ");

function briefOf(known) {
  const source = said.list(sourcesOf(known.features_source).map((one) => sources[one] ?? one));
  const released = known.release_date
    ? releasedOf(known)
    : known.track_id
      ? said.undatedBrief
      : said.unreleasedBrief;
  return said.brief(source, number(known.artist_popularity), released);
}

function factsOf(seed) {
  const { known } = seed;
  const heard = sourcesOf(known.features_source);
  const popularity = said.popularity[known.popularity_source];
  const fact = (name, ...value) => [h("dt", {}, said.labels[name]), h("dd", {}, ...value)];
  return [
    ...fact("sound", said.list(heard.map((one) => sources[one] ?? one)), known.features_rough && ` ${said.rough}`),
    ...fact("popularity", popularity(number(known.artist_popularity), seed.given?.followers)),
    ...fact("released", releasedOf(known)),
    ...fact("names", said.list(sourcesOf(known.identity_source).map((one) => said.identities[one] ?? one))),
    ...(known.genres?.length > 0 ? fact("genres", known.genres.join(", ")) : []),
  ];
}

function releasedOf({ release_date: date, track_id: id }) {
  if (!date) return id ? said.undated : said.unreleased;
  if (date.length === 10) return day(date);
  return date.length === 7 ? month(new Date(date)) : date;
}

const month = (date) =>
  date.toLocaleDateString(navigator.language, { month: "long", year: "numeric", timeZone: "UTC" });
