// The form for a track that nobody has data on: title, artist, followers, and how it sounds.

import { byId, h, showFieldError } from "../dom.js";

// Words for five steps of each; a listener's ear is no finer.
const FEATURES = [
  { name: "energy", label: "Energy", words: ["very calm", "calm", "medium", "energetic", "very energetic"] },
  {
    name: "danceability",
    label: "Danceability",
    words: ["not for dancing", "little", "some", "danceable", "made for dancing"],
  },
  {
    name: "acousticness",
    label: "Acoustic",
    words: ["all electronic", "mostly electronic", "both", "mostly acoustic", "all acoustic"],
  },
  { name: "valence", label: "Mood", words: ["very dark", "dark", "neither", "bright", "very bright"] },
];
const TEMPO = { name: "tempo", label: "Tempo", min: 40, max: 220, start: 120 };

// The names of fields as the service may use them, and where they stand here.
const PLACES = {
  title: "describe-title",
  artists: "describe-artist",
  followers: "describe-followers",
  artist_popularity: "describe-followers",
  features: "features",
};

const EVERYTHING = ["title", "artists", "artist_popularity", "features"];

export function mountDescribe(onToggle) {
  const panel = byId("describe");
  const opener = byId("describe-open");
  const title = byId("describe-title");
  const artist = byId("describe-artist");
  const followers = byId("describe-followers");
  const why = byId("describe-why");
  const sliders = [...FEATURES.map(featureSlider), tempoSlider()];
  byId("feature-sliders").append(...sliders.map((slider) => slider.row));
  let needed = EVERYTHING;
  // Whether the service's answer opened it, and for which link; otherwise the reader did.
  let isAutomatic = false;
  let link = null;
  let isRefused = false;

  opener.addEventListener("click", () => {
    if (panel.hidden) {
      needed = EVERYTHING;
      isAutomatic = isRefused = false;
      show();
      title.focus();
    } else {
      close();
    }
    onToggle();
  });

  function show() {
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    opener.textContent = "Use a link or a name instead";
    why.replaceChildren(...(isRefused ? [h("p", { class: "note" }, ...reason(needed))] : []));
  }

  /** The service needs what `problem` names as missing to know the track behind `unknownLink`. */
  function openFor(problem, unknownLink) {
    if (panel.hidden) {
      isAutomatic = true;
      // The artist is likely to be the same one; what was said of the track is not.
      if (link !== null && link !== unknownLink) forgetTrack();
      link = unknownLink;
    }
    needed = problem.missing;
    isRefused = true;
    show();
    title.focus();
  }

  function forgetTrack() {
    title.value = "";
    for (const slider of sliders) slider.set(null);
  }

  function close() {
    panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    opener.textContent = "Not on Spotify yet? Describe your track";
    for (const field of Object.values(PLACES)) showFieldError(field, null);
  }

  return {
    openFor,
    close,

    /** Fill in a title where there is none yet. */
    suggestTitle(text) {
      title.value ||= text;
    },

    get isOpen() {
      return !panel.hidden;
    },

    /** Whether it stands there only because the service did not know a link. */
    get isAutomatic() {
      return isAutomatic;
    },

    /** The place of a field of the seed on this form, or `undefined`. */
    placeOf: (name) => PLACES[name],

    /** `{field, message}` for everything that is needed and not given. */
    get faults() {
      const faults = [];
      if (!title.value.trim()) faults.push({ field: "describe-title", message: "Give the title of your track." });
      if (!artist.value.trim()) faults.push({ field: "describe-artist", message: "Give the name of the artist." });
      const count = followers.value.trim();
      if (count ? countOf(count) === null : needed.includes("artist_popularity")) {
        faults.push({ field: "describe-followers", message: "Give the number of followers in digits, such as 812." });
      }
      if (needed.includes("features") && sliders.every((slider) => slider.value === null)) {
        faults.push({ field: "features", message: "Set at least one of these." });
      }
      return faults;
    },

    /** The seed as the service takes it. `track`: the link, or `null` for a track that is not on Spotify. */
    seed(track) {
      const features = Object.fromEntries(
        sliders.filter((slider) => slider.value !== null).map((slider) => [slider.name, slider.value]),
      );
      return {
        track,
        title: title.value.trim(),
        artists: [artist.value.trim()],
        followers: countOf(followers.value),
        features,
      };
    },

    get values() {
      return {
        open: !panel.hidden,
        title: title.value,
        artist: artist.value,
        followers: followers.value,
        needed,
        isAutomatic,
        isRefused,
        link,
        features: sliders.map((slider) => slider.value),
      };
    },

    set values(values) {
      ({ needed, isAutomatic = false, isRefused = false, link = null } = values);
      if (values.open) show();
      title.value = values.title;
      artist.value = values.artist;
      followers.value = values.followers;
      sliders.forEach((slider, place) => slider.set(values.features[place] ?? null));
    },
  };
}

function reason(needed) {
  return needed.includes("title")
    ? [h("strong", {}, "We do not know this track yet. "), "Describe it here, and the list is made from that."]
    : [h("strong", {}, "We know too little of this track. "), "Fill in what you can, and the list is made from that."];
}

/** People write 12,500 and 12 500 and 12.500. */
function countOf(text) {
  const digits = text.trim().replace(/(?<=\d)[,. '’\u00a0\u202f](?=\d{3}(?!\d))/g, "");
  return /^\d+$/.test(digits) ? Number(digits) : null;
}

function featureSlider({ name, label, words }) {
  return slider(
    name,
    label,
    { min: 0, max: 100, step: 5, start: 50 },
    (value) => value / 100,
    (value) => words[Math.min(4, Math.floor(value / 20))],
  );
}

function tempoSlider() {
  return slider(
    TEMPO.name,
    TEMPO.label,
    { ...TEMPO, step: 1 },
    (value) => value,
    (value) => `${value} BPM`,
  );
}

/** One slider that says nothing until it is moved, and can be taken back. */
function slider(name, label, { min, max, step, start }, valueOf, wordsOf) {
  const id = `feature-${name}`;
  let isSet = false;
  const input = h("input", { id, type: "range", min, max, step, value: start, oninput: () => set(true) });
  const output = h("output", { for: id });
  const clear = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick: () => {
        set(false);
        input.focus();
      },
    },
    "Clear",
    h("span", { class: "visually-hidden" }, ` ${label}`),
  );
  const row = h(
    "div",
    { class: "feature" },
    h("label", { for: id }, label),
    input,
    h("span", { class: "feature-said" }, output, clear),
  );

  function set(given) {
    isSet = given;
    if (!given) input.value = start;
    output.textContent = given ? wordsOf(Number(input.value)) : "not set";
    input.setAttribute("aria-valuetext", output.textContent);
    row.classList.toggle("unset", !given);
    clear.hidden = !given;
    if (given) showFieldError("features", null);
  }

  set(false);
  // A press on the spot where the thumb already stands is an answer too, but no change.
  input.addEventListener("click", () => set(true));
  input.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      set(true);
    }
  });

  return {
    name,
    row,
    get value() {
      return isSet ? valueOf(Number(input.value)) : null;
    },
    set(value) {
      if (value !== null) input.value = name === TEMPO.name ? value : Math.round(value * 100);
      set(value !== null);
    },
  };
}
