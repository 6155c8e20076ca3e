// The drawing above the list: how energy, tempo and key run from track to track, and where a step is hard.

import { h } from "../dom.js";
import { words } from "../en.js";
import { crossing, keyFits, shapeOf } from "../flow.js";
import { keyOf } from "../playlist.js";
import { artistsOf } from "../words.js";
import { svg } from "./svg.js";

// Measures in pixels at the usual size of text; they grow with it.
const SIDE = 10;
const TOP = 16;
const LABEL = 30;
const LABEL_LINE = 16;
// So far above its lane stands a label, clear of the highest point.
const LABEL_LIFT = 11;
const ENERGY = 76;
const TEMPO = 52;
const KEY = 20;
const CODE = 14;
// Where a place is at least so wide, its Camelot code fits below it.
const CODE_WIDTH = 24;
// Below it a label takes two lines.
const STACKED = 240;
// More would bury the rest; those that are left over can be counted.
const MOST_TOLD = 3;

const small = (...children) =>
  svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true", focusable: "false" }, ...children);
// What the signs of the drawing mean; those of the list of words stand beside them.
const SIGNS = {
  own: () => small(svg("path", { class: "mark-seed", d: "M0-7L7 0 0 7-7 0z" })),
  major: () => small(svg("circle", { class: "flow-major", r: 5 })),
  minor: () => small(svg("circle", { class: "flow-minor", r: 5 })),
  fit: () => small(svg("line", { class: "flow-fit", x1: -8, x2: 8 })),
  hard: () => small(svg("g", { class: "flow-jump" }, svg("path", { d: "M0-6L7 6H-7z" }))),
};

export function mountFlow(place, store, actions) {
  const told = h("p", { class: "flow-told" });
  const hardList = h("ul", { class: "flow-hard" });
  const reading = h("p", { class: "flow-reading" });
  const legend = h(
    "ul",
    { class: "flow-legend" },
    ...words.flow.legend.map(({ sign, text }) => h("li", {}, SIGNS[sign](), text)),
  );
  const drawing = h("div", {
    class: "flow-drawing",
    role: "slider",
    tabindex: "0",
    "aria-label": words.flow.slider,
    "aria-valuemin": "1",
    "aria-orientation": "horizontal",
  });
  place.append(
    h("h3", { id: "flow-heading" }, words.flow.heading),
    drawing,
    h("div", { class: "flow-below" }, legend, reading),
    told,
    hardList,
    h("details", { class: "quiet" }, h("summary", {}, words.flow.how), h("p", { class: "hint" }, words.flow.help)),
  );
  place.setAttribute("aria-labelledby", "flow-heading");

  let rows = [];
  let shape = null;
  let width = 0;
  let scale = null;
  let cursor = null;
  let at = 0;

  store.watch(["list"], ({ list }) => {
    place.hidden = !list || list.rows.length === 0;
    if (place.hidden || list.rows === rows) return;
    rows = list.rows;
    shape = shapeOf(rows);
    at = Math.min(at, rows.length - 1);
    tell();
    redraw();
  });
  store.watch(["pointed"], () => mark(pointedPlace()));
  // Told, not asked for: to ask would make the browser lay out the page before all of it is there.
  new ResizeObserver(([{ contentRect }]) => {
    width = contentRect.width;
    redraw();
  }).observe(drawing);

  // --- walking through it ---

  drawing.addEventListener("pointermove", (event) => pointAt(placeUnder(event)));
  drawing.addEventListener("pointerdown", (event) => pointAt(placeUnder(event)));
  drawing.addEventListener("pointerleave", () => {
    if (document.activeElement !== drawing) store.update({ pointed: null });
  });
  drawing.addEventListener("click", (event) => open(placeUnder(event)));
  drawing.addEventListener("focus", () => pointAt(at));
  drawing.addEventListener("blur", () => store.update({ pointed: null }));
  drawing.addEventListener("keydown", (event) => {
    const last = rows.length - 1;
    const to = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageUp: at + 5,
      PageDown: at - 5,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(at);
    } else if (to !== undefined) {
      event.preventDefault();
      pointAt(Math.min(Math.max(to, 0), last));
    }
  });

  /** Where the row stands that is pointed at; `null` when there is none, or no longer. */
  function pointedPlace() {
    const { pointed = null } = store.state;
    const found = pointed === null ? -1 : rows.findIndex((row) => keyOf(row) === pointed);
    return found < 0 ? null : found;
  }

  function placeUnder(event) {
    const { left } = drawing.getBoundingClientRect();
    const found = Math.floor((event.clientX - left - scale.side) / scale.slot);
    return Math.min(Math.max(found, 0), rows.length - 1);
  }

  function pointAt(found) {
    at = found;
    const key = keyOf(rows[at]);
    if ((store.state.pointed ?? null) !== key) store.update({ pointed: key });
    else mark(at);
  }

  function open(found) {
    const key = keyOf(rows[found]);
    actions.choose(key);
    const row = document.querySelector(`#list .row[data-key="${CSS.escape(key)}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.querySelector(".toggle")?.focus({ preventScroll: true });
  }

  function mark(found) {
    if (found !== null) at = found;
    if (!shape) return;
    drawing.setAttribute("aria-valuenow", String(at + 1));
    drawing.setAttribute("aria-valuemax", String(rows.length));
    drawing.setAttribute("aria-valuetext", `${nameAt(at)}. ${numbersAt(at)}`);
    // Both lie in the same place, which is as high as the higher one: nothing below moves.
    legend.classList.toggle("away", found !== null);
    reading.replaceChildren(
      ...(found === null ? [] : [h("b", {}, h("bdi", {}, nameAt(found))), h("span", {}, numbersAt(found))]),
    );
    if (!cursor) return;
    cursor.setAttribute("visibility", found === null ? "hidden" : "visible");
    if (found !== null) {
      cursor.setAttribute("x", scale.x(found) - scale.slot / 2);
      cursor.setAttribute("width", scale.slot);
    }
  }

  const nameAt = (found) => words.flow.place(found + 1, artistsOf(rows[found]), rows[found].title);

  const numbersAt = (found) => {
    const { energy, bpm, tempo, key } = shape.places[found];
    return words.flow.numbers(energy, bpm, tempo?.bpm ?? null, key && { ...key, ...rows[found].features });
  };

  // --- in words ---

  function tell() {
    told.textContent = [words.flow.course(shape.energy), words.flow.hard(shape.hard.length)].filter(Boolean).join(" ");
    const [first, rest] = [shape.hard.slice(0, MOST_TOLD), shape.hard.length - MOST_TOLD];
    hardList.hidden = first.length === 0;
    hardList.replaceChildren(
      ...first.map((step) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "link", onclick: () => open(step.to) },
            words.flow.transition(step, shape.places[step.from], shape.places[step.to]),
          ),
        ),
      ),
      ...(rest > 0 ? [h("li", {}, words.flow.more(rest))] : []),
    );
  }

  // --- the drawing ---

  function redraw() {
    if (!shape || width === 0) return;
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    scale = measures(width, unit, shape.places.length);
    cursor = svg("rect", { class: "flow-cursor", y: 0, height: scale.height, visibility: "hidden" });
    drawing.replaceChildren(
      svg(
        "svg",
        {
          width,
          height: scale.height,
          viewBox: `0 0 ${width} ${scale.height}`,
          "aria-hidden": "true",
          focusable: "false",
        },
        hardBands(),
        cursor,
        ownMarks(),
        energyLane(),
        tempoLane(),
        keyLane(),
      ),
    );
    mark(pointedPlace());
  }

  const label = (y, name, detail) => {
    const line = y - LABEL_LIFT * scale.unit;
    const [nameY, x, anchor] = scale.isStacked
      ? [line - LABEL_LINE * scale.unit, scale.side, "start"]
      : [line, width - scale.side, "end"];
    return [
      svg("text", { class: "flow-name", x: scale.side, y: nameY }, name),
      detail && svg("text", { class: "flow-detail", x, y: line, "text-anchor": anchor }, detail),
    ];
  };

  function hardBands() {
    return shape.hard.map(({ from, to }) => {
      const [x, end] = [scale.x(from), scale.x(to)];
      const middle = (x + end) / 2;
      const size = 6 * scale.unit;
      return svg(
        "g",
        { class: "flow-jump" },
        svg("rect", { x, width: end - x, y: scale.top, height: scale.height - scale.top }),
        svg("path", { d: `M${middle} ${2 * scale.unit}l${size} ${1.7 * size}h${-2 * size}z` }),
      );
    });
  }

  function ownMarks() {
    return shape.places.flatMap(({ isOwn }, found) =>
      isOwn
        ? [
            svg("line", { class: "flow-own", x1: scale.x(found), x2: scale.x(found), y1: scale.top, y2: scale.height }),
            svg("path", {
              class: "mark-seed",
              transform: `translate(${scale.x(found)} ${8 * scale.unit})`,
              d: "M0-6L6 0 0 6-6 0z",
            }),
          ]
        : [],
    );
  }

  function energyLane() {
    const { energy: y, unit } = scale;
    const level = (energy) => y.bottom - energy * y.height;
    const runs = runsOf(
      shape.places.map(({ energy }, found) => (energy === null ? null : [scale.x(found), level(energy)])),
    );
    return svg(
      "g",
      { class: "flow-energy" },
      label(y.bottom - y.height, words.flow.energy, words.flow.energyRange(shape.energy)),
      svg("line", { class: "flow-ground", x1: scale.side, x2: width - scale.side, y1: y.bottom, y2: y.bottom }),
      runs.map((run) => svg("path", { class: "flow-area", d: `${path(run)}V${y.bottom}H${run[0][0]}z` })),
      runs.map((run) => svg("path", { class: "flow-line", d: path(run) })),
      shape.places.map(({ energy, isOwn }, found) =>
        energy === null ? null : dot(scale.x(found), level(energy), isOwn, unit),
      ),
    );
  }

  function tempoLane() {
    const { tempo: y, unit } = scale;
    const level = (value) => y.bottom - value * y.height;
    const lines = shape.places.slice(1).flatMap(({ tempo: next }, index) => {
      const { tempo } = shape.places[index];
      if (!tempo || !next) return [];
      const [x, end] = [scale.x(index), scale.x(index + 1)];
      const way = crossing(tempo.level, next.level);
      if (way === 0) return [`M${x} ${level(tempo.level)}L${end} ${level(next.level)}`];
      // The short way leads over the edge of the octave, so the line leaves there and comes in on the other side.
      const edge = way > 0 ? 1 : 0;
      const share = (edge - tempo.level) / (next.level + way - tempo.level);
      const middle = x + share * (end - x);
      return [
        `M${x} ${level(tempo.level)}L${middle} ${level(edge)}`,
        `M${middle} ${level(1 - edge)}L${end} ${level(next.level)}`,
      ];
    });
    return svg(
      "g",
      { class: "flow-tempo" },
      label(y.bottom - y.height, words.flow.tempo, words.flow.tempoRange(shape.lowTempo)),
      svg("line", { class: "flow-edge", x1: scale.side, x2: width - scale.side, y1: level(1), y2: level(1) }),
      svg("line", { class: "flow-edge", x1: scale.side, x2: width - scale.side, y1: level(0), y2: level(0) }),
      svg("path", { class: "flow-line", d: lines.join("") }),
      shape.places.map(({ tempo, isOwn }, found) =>
        tempo ? dot(scale.x(found), level(tempo.level), isOwn, unit) : null,
      ),
    );
  }

  function keyLane() {
    const { key: y, unit } = scale;
    const middle = y.bottom - y.height / 2;
    const links = shape.steps
      .filter(({ key }) => keyFits(key))
      .map(({ from, to }) =>
        svg("line", { class: "flow-fit", x1: scale.x(from), x2: scale.x(to), y1: middle, y2: middle }),
      );
    const beads = shape.places.map(({ key, isOwn }, found) => {
      if (!key) return null;
      const size = Math.min(4.5 * unit, scale.slot / 3);
      return isOwn
        ? dot(scale.x(found), middle, true, unit)
        : svg("circle", { class: key.isMajor ? "flow-major" : "flow-minor", cx: scale.x(found), cy: middle, r: size });
    });
    const codes = scale.hasCodes
      ? shape.places.map(({ key }, found) =>
          key
            ? svg(
                "text",
                { class: "flow-code", x: scale.x(found), y: scale.height - 2 * unit, "text-anchor": "middle" },
                key.code,
              )
            : null,
        )
      : [];
    return svg(
      "g",
      { class: "flow-key" },
      label(y.bottom - y.height, words.flow.key, words.flow.keysFit(shape.keysThatFit, shape.keySteps)),
      links,
      beads,
      codes,
    );
  }

  function dot(x, y, isOwn, unit) {
    if (isOwn)
      return svg("path", {
        class: "mark-seed",
        transform: `translate(${x} ${y}) scale(${unit})`,
        d: "M0-6L6 0 0 6-6 0z",
      });
    return svg("circle", { class: "flow-dot", cx: x, cy: y, r: Math.min(2.5 * unit, scale.slot / 3) });
  }
}

function measures(width, unit, count) {
  const side = SIDE * unit;
  const slot = (width - 2 * side) / count;
  const hasCodes = slot >= CODE_WIDTH * unit;
  const isStacked = width < STACKED * unit;
  const label = LABEL + (isStacked ? LABEL_LINE : 0);
  const energyBottom = TOP + label + ENERGY;
  const tempoBottom = energyBottom + label + TEMPO;
  const keyBottom = tempoBottom + label + KEY;
  const lane = (bottom, height) => ({ bottom: bottom * unit, height: height * unit });
  return {
    unit,
    side,
    slot,
    hasCodes,
    isStacked,
    top: TOP * unit,
    height: (keyBottom + (hasCodes ? CODE : 2)) * unit,
    x: (place) => side + (place + 0.5) * slot,
    energy: lane(energyBottom, ENERGY),
    tempo: lane(tempoBottom, TEMPO),
    key: lane(keyBottom, KEY),
  };
}

/** Points without the gaps between them. */
function runsOf(points) {
  const runs = [[]];
  for (const point of points) {
    if (point === null) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length > 0);
}

const path = (run) => `M${run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
