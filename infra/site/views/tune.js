// How the list is to be made: genre, number of tracks, how big the artists may be, how it is to sound, years, order.

import { USUAL_WISHES, isUsual } from "../address.js";
import {
  PRESETS,
  TOP,
  USUAL,
  bandOf,
  isPossible,
  lowestPlace,
  ownPlace,
  placesOf,
  presetOf,
  tracksBetween,
} from "../band.js";
import { h, showFieldError, unseen } from "../dom.js";
import { words } from "../en.js";
import { number, percent, problemHeading } from "../words.js";
import { canPass, retryButton } from "./problem.js";
import { twoHandles } from "./range.js";

const SHIFTS = ["energy", "danceability", "acousticness", "valence", "tempo"];
// Four steps to either side; a finer one would not be heard.
const STEP = 0.25;
const SIZE_STEP = 5;
const SIZES = [5, 100];
const YEARS = [1900, 2100];
const MOST_VARIATIONS = 1_000_000;
const SHARES_SHOWN = 5;
const FIELDS = ["genre", "size", "band", "shifts", "years"];

const { tune } = words;

export function mountTune(place, store, actions) {
  const wishes = () => store.state.wishes;
  const set = (changes) => actions.setWishes(changes);
  const parts = [
    genrePart(store, set),
    bandPart(store, set),
    shiftsPart(store, set),
    sizePart(store, set),
    morePart(store, set),
  ];

  const variation = h("output", { class: "hint" });
  const first = h("button", { type: "button", class: "link", onclick: () => backTo("variation", shuffle) }, tune.first);
  const shuffle = h(
    "button",
    {
      type: "button",
      onclick: () => set({ variation: wishes().variation >= MOST_VARIATIONS ? 1 : wishes().variation + 1 }),
    },
    tune.shuffle,
  );
  const reset = h("button", { type: "button", class: "link", onclick: resetAll }, tune.reset);
  const behind = h("div", { class: "trouble tune-behind", hidden: true });

  place.append(
    h(
      "form",
      { class: "tune card", novalidate: true, onsubmit: (event) => event.preventDefault() },
      ...parts.map((part) => part.element),
      h("div", { class: "tune-foot" }, shuffle, h("p", { class: "tune-variation" }, variation, first), reset),
      behind,
    ),
  );

  /** Set one wish back; the button that did it disappears, so the focus moves on. */
  function backTo(name, next) {
    set({ [name]: USUAL_WISHES[name] });
    next.focus();
  }

  function resetAll() {
    for (const part of parts) part.forget?.();
    for (const field of FIELDS) showFieldError(field, null);
    set(structuredClone(USUAL_WISHES));
    actions.say(tune.wasReset);
    shuffle.focus();
  }

  store.watch(["wishes", "answer", "genres", "config"], (state) => {
    for (const part of parts) part.draw(state);
    variation.textContent = state.wishes.variation > 0 ? tune.variation(number(state.wishes.variation)) : "";
    first.hidden = state.wishes.variation === 0;
    reset.hidden = isUsual(state.wishes) && parts.every((part) => !part.isWrong?.());
  });

  // Told at large above the list, which may be out of sight from here.
  store.watch(["problem", "offline", "busy"], ({ problem, offline, busy, list }) => {
    behind.hidden = list === null || busy || !actions.isAhead() || !(problem || offline);
    if (behind.hidden) return;
    const why = problem ? problemHeading(problem) : words.problems.headings.offline;
    behind.replaceChildren(
      h("p", {}, h("strong", {}, why), ". ", problem ? tune.behind : tune.behindOffline),
      ...(problem && canPass(problem) ? [retryButton(problem, actions)] : []),
    );
    // What was just used does not lie under it.
    const used = document.activeElement;
    if (place.contains(used) && !behind.contains(used)) used.scrollIntoView({ block: "nearest" });
  });

  // What only the service can judge, said where it can be mended.
  store.watch(["problem"], ({ problem }) => {
    for (const field of FIELDS) if (!parts.some((part) => part.isWrong?.(field))) showFieldError(field, null);
    for (const { field, message } of problem?.fields ?? []) {
      const here = placeOfField(field);
      if (here) showFieldError(here, message);
    }
  });
}

/** Where a field of the request stands here, or `undefined`. */
function placeOfField(field = "") {
  const name = field.replace(/^body\./, "");
  if (name.startsWith("band")) return "band";
  if (name.startsWith("targets")) return "shifts";
  if (name.startsWith("filters.year")) return "years";
  return ["genre", "size"].includes(name) ? name : undefined;
}

const fieldError = (id) => h("p", { id: `${id}-error`, class: "error", hidden: true });

/** A whole number as typed, `null` for nothing, `NaN` for anything else. */
function whole(input) {
  const text = input.value.trim();
  if (text === "" && !input.validity.badInput) return null;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** One of several, as buttons in a row. `choices` are `{value, label}`. */
function pills({ id, legend, choices, hint, onPick }) {
  const radios = choices.map(({ value }) => h("input", { type: "radio", name: id, id: `${id}-${value}`, value }));
  for (const radio of radios) radio.addEventListener("change", () => onPick(radio.value));
  const element = h(
    "fieldset",
    { class: "plain", id },
    h("legend", {}, legend),
    h(
      "div",
      { class: "pills" },
      ...choices.map(({ label }, place) => h("label", { class: "pill" }, radios[place], h("span", {}, label))),
    ),
    hint && h("p", { class: "hint" }, hint),
  );
  return {
    element,
    radios,
    choose(value) {
      for (const radio of radios) radio.checked = radio.value === value;
    },
  };
}

// --- genre ---

function genrePart(store, set) {
  const select = h("select", {
    id: "genre",
    "aria-describedby": "genre-why genre-error",
    onchange: () => {
      showFieldError("genre", null);
      set({ genre: select.value || null });
    },
  });
  const why = h("p", { id: "genre-why", class: "hint" });
  const shares = h("ul", { class: "shares", "aria-label": tune.sharesLabel });
  const sharesWhy = h("p", { class: "hint" }, tune.sharesWhy);
  const bars = h("details", { class: "quiet" }, h("summary", {}, tune.sharesLabel), shares, sharesWhy);
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: "genre" }, tune.genre),
    select,
    fieldError("genre"),
    why,
    bars,
  );
  let offered = null;
  let shown = null;

  function drawShares(inferred, chosen) {
    const key = JSON.stringify([inferred, chosen]);
    if (key === shown) return;
    shown = key;
    const focused = shares.contains(document.activeElement) ? document.activeElement.dataset.genre : null;
    shares.replaceChildren(
      ...inferred.slice(0, SHARES_SHOWN).map(({ name, share }) => {
        const fill = h("span", { class: "meter-fill" });
        fill.style.inlineSize = `${Math.round(share * 100)}%`;
        return h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: "share",
              "data-genre": name,
              "aria-pressed": String(chosen === name),
              onclick: () => set({ genre: chosen === name ? null : name }),
            },
            h("span", {}, name),
            h("span", { class: "meter", "aria-hidden": "true" }, fill),
            h("span", { class: "percent" }, percent(share)),
          ),
        );
      }),
    );
    if (focused !== null) [...shares.querySelectorAll("button")].find((one) => one.dataset.genre === focused)?.focus();
  }

  return {
    element,
    draw({ wishes, answer, genres }) {
      if (genres && genres !== offered) {
        offered = genres;
        select.replaceChildren(
          h("option", { value: "" }),
          ...genres.map(({ name, tracks }) => h("option", { value: name }, tune.genreOption(name, tracks))),
        );
      }
      const automatic = select.options[0] ?? select.appendChild(h("option", { value: "" }));
      const used = answer && wishes.genre === null && answer.genre.how !== "asked" ? answer.genre.used : [];
      automatic.textContent = tune.automatic(used);
      // A genre that was kept from before, or came with a link, and that this catalogue may not know.
      if (wishes.genre && ![...select.options].some((option) => option.value === wishes.genre)) {
        select.append(h("option", { value: wishes.genre }, wishes.genre));
      }
      select.value = wishes.genre ?? "";
      const how = wishes.genre ? "asked" : answer?.genre.how;
      // Between a choice and its answer the reason is not known yet; the line keeps its height.
      const isKnown = how && (how === "asked") === Boolean(wishes.genre);
      why.textContent = isKnown ? tune.genreWhy[how](answer?.genre.used ?? []) : "\u00a0";
      const inferred = answer?.genre.inferred ?? [];
      bars.hidden = inferred.length === 0;
      drawShares(inferred, wishes.genre);
    },
  };
}

// --- number of tracks ---

function sizePart(store, set) {
  let isWrong = false;
  const limits = () => store.state.config?.limits?.size ?? SIZES;
  const input = h("input", {
    id: "size",
    type: "number",
    inputmode: "numeric",
    min: SIZES[0],
    max: SIZES[1],
    "aria-describedby": "size-error",
    oninput: read,
    onchange: () => read({ isDone: true }),
  });
  const step = (by, sign, label) =>
    h("button", { type: "button", class: "step", onclick: () => stepBy(by) }, sign, unseen(label));

  function read({ isDone = false } = {}) {
    const [fewest, most] = limits();
    const size = whole(input);
    isWrong = !(size >= fewest && size <= most);
    // Half a number is no mistake yet while it is being typed.
    if (!isWrong || isDone) showFieldError("size", isWrong ? tune.sizeFault(fewest, most) : null);
    if (!isWrong) set({ size });
  }

  function stepBy(by) {
    const [fewest, most] = limits();
    const size = Math.min(most, Math.max(fewest, Math.round((store.state.wishes.size + by) / SIZE_STEP) * SIZE_STEP));
    isWrong = false;
    showFieldError("size", null);
    input.value = size;
    set({ size });
  }

  return {
    element: h(
      "div",
      { class: "field tune-size" },
      h("label", { for: "size" }, tune.size),
      h("div", { class: "stepper" }, step(-SIZE_STEP, "−", tune.fewer), input, step(SIZE_STEP, "+", tune.more)),
      fieldError("size"),
    ),
    isWrong: (field = "size") => field === "size" && isWrong,
    forget() {
      isWrong = false;
      input.value = USUAL_WISHES.size;
    },
    draw({ wishes }) {
      if (!isWrong && Number(input.value) !== wishes.size) input.value = wishes.size;
    },
  };
}

// --- how big the artists may be ---

function bandPart(store, set) {
  const own = () => ownPlace(store.state.answer) ?? 0;
  const range = twoHandles({
    id: "band",
    top: TOP,
    labels: tune.bandHandles,
    said: (place) => tune.bandHandleSaid(place, place - own()),
    describedBy: "band-said band-error",
    onMove(places) {
      describe(places);
      ask(bandOf(places, own()));
    },
  });
  const presets = pills({
    id: "preset",
    legend: tune.presetsLegend,
    choices: PRESETS.map(({ name }) => ({ value: name, label: tune.presets[name] })),
    onPick(name) {
      const { min_lift, max_lift } = PRESETS.find((preset) => preset.name === name);
      ask(name === "usual" ? null : { min_lift, max_lift });
    },
  });
  const from = h("strong");
  const held = h("span");
  const said = h("p", { id: "band-said", class: "band-said" }, from, held);
  const widen = h("input", {
    id: "widen",
    type: "checkbox",
    onchange: () => ask(store.state.wishes.band, widen.checked),
  });
  const widened = h("p", { class: "hint band-widened" });
  presets.element.querySelector("legend").classList.add("visually-hidden");

  /** No band at all may always widen, so the usual one has to be named where it may not. */
  function ask(band, mayWiden = store.state.wishes.widen) {
    showFieldError("band", null);
    const isUsual = presetOf(band, own()) === "usual";
    set({ band: isUsual ? (mayWiden ? null : { ...USUAL }) : band, widen: mayWiden });
  }

  function describe({ low, high }) {
    const count = tracksBetween(store.state.answer?.band.tracks_at, low, high);
    from.textContent = tune.bandSaid(low, high);
    held.textContent = count === null ? "" : tune.bandHolds(count, store.state.answer.genre.used);
  }

  return {
    element: h(
      "fieldset",
      { id: "band", class: "plain" },
      h("legend", {}, tune.band),
      presets.element,
      // Beside the choice that it speaks of.
      widened,
      range.element,
      said,
      fieldError("band"),
      h("label", { class: "check" }, widen, tune.widen),
      h("p", { class: "hint" }, tune.bandHint),
    ),
    draw({ wishes, answer }) {
      const place = ownPlace(answer);
      const places = placesOf(wishes.band, place ?? 0);
      const used = answer?.band.widened ? { low: answer.band.used[0], high: answer.band.used[1] } : null;
      range.set({
        ...places,
        floor: lowestPlace(place),
        own: place,
        markText: place === null ? "" : tune.you(place, answer.seeds.length),
        counts: answer?.band.tracks_at ?? null,
        used,
      });
      describe(places);
      presets.choose(presetOf(wishes.band, place ?? 0));
      PRESETS.forEach((preset, at) => {
        presets.radios[at].disabled = preset.name !== "usual" && !isPossible(preset, place ?? 0);
      });
      widened.textContent = used ? tune.widened(used.low, used.high) : "";
      widen.checked = wishes.widen;
    },
  };
}

// --- more or less of something ---

function shiftsPart(store, set) {
  const rows = SHIFTS.map((name) => shiftRow(name));

  function shiftRow(name) {
    const { label, less, more } = tune.shifts[name];
    const id = `shift-${name}`;
    const output = h("output", { id: `${id}-said`, for: id });
    const input = h("input", {
      id,
      type: "range",
      min: -1,
      max: 1,
      step: STEP,
      value: 0,
      "aria-describedby": `${id}-note`,
      oninput: () => shift(Number(input.value)),
    });
    const clear = h(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => {
          shift(0);
          input.focus();
        },
      },
      tune.shiftReset,
      unseen(label),
    );
    const note = h("p", { id: `${id}-note`, class: "hint", hidden: true });

    function shift(value) {
      const { [name]: _, ...others } = store.state.wishes.targets;
      show(value);
      set({ targets: value === 0 ? others : { ...others, [name]: value } });
    }

    function show(value) {
      if (Number(input.value) !== value) input.value = value;
      output.textContent = tune.shiftSaid(value, value < 0 ? less : more);
      input.setAttribute("aria-valuetext", output.textContent);
      element.classList.toggle("is-set", value !== 0);
      clear.hidden = value === 0;
    }

    const element = h(
      "div",
      { class: "shift" },
      h("p", { class: "shift-head" }, h("label", { for: id }, label), output, clear),
      h(
        "div",
        { class: "shift-line" },
        h("span", { "aria-hidden": "true" }, less),
        input,
        h("span", { "aria-hidden": "true" }, more),
      ),
      note,
    );
    return {
      element,
      draw({ wishes, answer }) {
        show(wishes.targets[name] ?? 0);
        const isUnknown = Boolean(answer) && answer.seeds.every((seed) => !Number.isFinite(seed.features[name]));
        note.hidden = !isUnknown;
        note.textContent = isUnknown ? tune.shiftUnknown : "";
      },
    };
  }

  return {
    element: h(
      "fieldset",
      { id: "shifts", class: "plain" },
      h("legend", {}, tune.shiftsLegend),
      ...rows.map((row) => row.element),
      fieldError("shifts"),
    ),
    draw(state) {
      for (const row of rows) row.draw(state);
    },
  };
}

// --- everything that most readers leave as it is ---

function morePart(store, set) {
  const filters = (changes) => set({ filters: { ...store.state.wishes.filters, ...changes } });
  let isWrong = false;
  const years = { from: year("from"), to: year("to") };
  const era = h("input", { id: "era", type: "checkbox", onchange: () => set({ era: era.checked }) });
  const eraNote = h("p", { class: "hint" });
  const choices = (names, texts) => names.map((value) => ({ value, label: texts[value] }));
  const explicit = pills({
    id: "explicit",
    legend: tune.explicit,
    choices: choices(["allow", "clean", "only"], tune.explicits),
    onPick: (value) => filters({ explicit: value }),
  });
  const order = pills({
    id: "order",
    legend: tune.order,
    choices: choices(["flow", "similarity", "popularity"], tune.orders),
    onPick: (value) => set({ order: value }),
  });
  const own = pills({
    id: "own-slots",
    legend: tune.own,
    choices: choices(["early", "first", "spread"], tune.owns),
    onPick: (value) => set({ own_slots: value }),
  });
  const details = h(
    "details",
    { class: "tune-more" },
    h("summary", {}, tune.moreSettings),
    h(
      "div",
      { class: "tune-parts" },
      h(
        "fieldset",
        { class: "plain", id: "years" },
        h("legend", {}, tune.released),
        h(
          "div",
          { class: "years" },
          h("label", { for: "year-from" }, tune.yearFrom),
          years.from,
          h("label", { for: "year-to" }, tune.yearTo),
          years.to,
        ),
        fieldError("years"),
        h("label", { class: "check" }, era, tune.era),
        eraNote,
      ),
      explicit.element,
      order.element,
      own.element,
    ),
  );

  function year(end) {
    return h("input", {
      id: `year-${end}`,
      type: "number",
      inputmode: "numeric",
      min: YEARS[0],
      max: YEARS[1],
      "aria-describedby": "years-error",
      oninput: () => read(),
      onchange: () => read({ isDone: true }),
    });
  }

  function read({ isDone = false } = {}) {
    const [from, to] = [whole(years.from), whole(years.to)];
    const isYear = (value) => value === null || (value >= YEARS[0] && value <= YEARS[1]);
    const isReversed = from !== null && to !== null && from > to;
    isWrong = !isYear(from) || !isYear(to) || isReversed;
    if (!isWrong || isDone) {
      const fault = isYear(from) && isYear(to) ? tune.yearsReversed : tune.yearFault(...YEARS);
      showFieldError("years", isWrong ? fault : null);
    }
    const { year_from, year_to } = store.state.wishes.filters;
    if (!isWrong && (from !== year_from || to !== year_to)) filters({ year_from: from, year_to: to });
  }

  function drawYear(input, value) {
    if (!isWrong && whole(input) !== value) input.value = value ?? "";
  }

  let isOpened = false;
  return {
    element: details,
    isWrong: (field = "years") => field === "years" && isWrong,
    forget() {
      isWrong = false;
      years.from.value = years.to.value = "";
    },
    draw({ wishes, answer }) {
      drawYear(years.from, wishes.filters.year_from);
      drawYear(years.to, wishes.filters.year_to);
      era.checked = wishes.era;
      const undated = (answer?.seeds ?? []).filter((seed) => seed.release_date === null && seed.track_id !== null);
      eraNote.textContent = wishes.era && undated.length > 0 ? tune.eraUnknown(undated.length) : "";
      explicit.choose(wishes.filters.explicit);
      order.choose(wishes.order);
      own.choose(wishes.own_slots);
      const names = ["era", "filters", "order", "own_slots"];
      const isSet = names.some((name) => JSON.stringify(wishes[name]) !== JSON.stringify(USUAL_WISHES[name]));
      // What differs from the usual should be seen after a reload; closing it by hand stays the reader's choice.
      if (isSet && !isOpened) details.open = isOpened = true;
    },
  };
}
