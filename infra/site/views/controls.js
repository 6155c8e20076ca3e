// Genre, number of tracks and how much bigger the artists may be.

import { byId, h } from "../dom.js";
import { counted } from "../words.js";

// The second is the service's own default; it alone is asked for as "no band", which may widen in every direction.
const PRESETS = [
  { id: "a-bit", label: "A bit bigger", min: 1, max: 25 },
  { id: "usual", label: "Bigger", min: 10, max: 60 },
  { id: "much", label: "Much bigger", min: 30, max: 80 },
  { id: "stars", label: "Stars", min: 50, max: 100 },
];
const OWN_RANGE = "own";

/** `onChange()`: something was set; `store` tells the limits. */
export function mountControls(store, onChange) {
  const genre = byId("genre");
  const size = byId("size");
  const min = byId("min-lift");
  const max = byId("max-lift");
  const widen = byId("widen");
  // A genre to choose as soon as the list of genres is there.
  let awaited = "";
  const genreName = () => genre.value || awaited;

  byId("presets").append(...[...PRESETS, { id: OWN_RANGE, label: "My own range" }].map(pill));
  const radios = [...document.querySelectorAll("input[name=preset]")];

  function pill(preset) {
    const radio = h("input", { type: "radio", name: "preset", value: preset.id, id: `preset-${preset.id}` });
    radio.checked = preset.id === "usual";
    radio.addEventListener("change", () => {
      if (preset.id !== OWN_RANGE) {
        min.value = preset.min;
        max.value = preset.max;
      }
      onChange();
    });
    return h("label", { class: "pill" }, radio, h("span", {}, preset.label));
  }

  function markPreset() {
    const same = PRESETS.find((preset) => String(preset.min) === min.value && String(preset.max) === max.value);
    for (const radio of radios) radio.checked = radio.value === (same?.id ?? OWN_RANGE);
  }

  for (const input of [min, max]) {
    input.addEventListener("input", markPreset);
    input.addEventListener("change", onChange);
  }
  for (const input of [genre, size, widen]) input.addEventListener("change", onChange);

  return {
    /** Fill the list of genres, keeping what is chosen. */
    offerGenres(genres) {
      const chosen = genreName();
      awaited = "";
      genre.replaceChildren(
        h("option", { value: "" }, "Automatic"),
        ...genres.map(({ name, tracks }) => h("option", { value: name }, `${name} (${counted(tracks, "track")})`)),
      );
      genre.value = genres.some(({ name }) => name === chosen) ? chosen : "";
    },

    /** What was set, as the service takes it, provided that there are no `faults`. */
    get wishes() {
      const band = { min_lift: whole(min), max_lift: whole(max) };
      const isUsual = byId("preset-usual").checked && widen.checked;
      return {
        genre: genreName() || null,
        size: whole(size),
        ...(isUsual ? {} : { band, widen: widen.checked }),
      };
    },

    /** Everything to put back after a reload. */
    get values() {
      return { genre: genreName(), size: size.value, min: min.value, max: max.value, widen: widen.checked };
    },

    set values(values) {
      genre.value = awaited = values.genre;
      size.value = values.size;
      min.value = values.min;
      max.value = values.max;
      widen.checked = values.widen;
      markPreset();
    },

    /** `{field, message}` for every number that cannot be asked for, in the words of this page. */
    get faults() {
      const [fewest, most] = store.state.config?.limits?.size ?? [5, 100];
      const [tracks, low, high] = [size, min, max].map(whole);
      const faults = [];
      if (!(tracks >= fewest && tracks <= most))
        faults.push({ field: "size", message: `Choose from ${fewest} to ${most} tracks.` });
      if (!(low >= 1 && high <= 100 && low <= high)) {
        const message =
          low > high
            ? "The first number must not be larger than the second."
            : "Give two numbers from 1 to 100, such as 10 and 60.";
        faults.push({ field: "band", message });
      }
      return faults;
    },
  };
}

function whole(input) {
  return /^-?\d+$/.test(input.value.trim()) ? Number(input.value) : NaN;
}
