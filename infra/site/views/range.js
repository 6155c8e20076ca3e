// One control with two handles: two real sliders that lie over each other, a drawing behind them, a mark for one place.

import { h, svg } from "../dom.js";

const HEIGHT = 100;
// So high that a single track among thousands can still be seen.
const LEAST_HEIGHT = 3;

/**
 * Two handles on the whole numbers 0 to `top`. `labels` are `{low, high}`, `said(place)` is what a handle says of its
 * place, `onMove({low, high})` hears of every step.
 */
export function twoHandles({ id, top, labels, said, describedBy, onMove }) {
  const slots = top + 1;
  const bars = svg("g", { class: "range-bars" });
  const beyond = svg("rect", { class: "range-beyond", y: 0, height: HEIGHT });
  const drawing = svg("svg", {
    class: "range-drawing",
    viewBox: `0 0 ${slots} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
    focusable: "false",
  });
  const columns = Array.from({ length: slots }, (_, place) => svg("rect", { x: place + 0.1, width: 0.8 }));
  bars.append(...columns);
  drawing.append(beyond, bars);

  const line = svg("svg", {
    class: "range-line",
    viewBox: `0 0 ${slots} 1`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
    focusable: "false",
  });
  const chosen = svg("rect", { class: "range-chosen", y: 0, height: 1 });
  line.append(svg("rect", { class: "range-all", x: 0, y: 0, width: slots, height: 1 }), chosen);

  const mark = h("span", { class: "range-mark", hidden: true });
  const handles = { low: handle("low"), high: handle("high") };
  const ends = h("p", { class: "range-ends", "aria-hidden": "true" }, h("span", {}, "0"), h("span", {}, String(top)));
  const field = h(
    "div",
    { class: "range" },
    h("div", { class: "range-scale" }, drawing, line, mark),
    handles.low,
    handles.high,
    ends,
  );
  let floor = 0;
  let counts = null;

  function handle(which) {
    return h("input", {
      id: `${id}-${which}`,
      class: `range-handle range-${which}`,
      type: "range",
      min: 0,
      max: top,
      step: 1,
      "aria-label": labels[which],
      "aria-describedby": describedBy,
      oninput: () => move(which, Number(handles[which].value)),
    });
  }

  const places = () => ({ low: Number(handles.low.value), high: Number(handles.high.value) });

  /** As far as the other handle and the floor allow; a handle that was drawn too far goes back there at once. */
  function move(which, wanted) {
    const { low, high } = places();
    const place =
      which === "low"
        ? Math.min(Math.max(wanted, floor), Number(handles.high.value))
        : Math.max(wanted, Number(handles.low.value), floor);
    handles[which].value = place;
    const next = which === "low" ? { low: place, high } : { low, high: place };
    draw();
    onMove(next);
  }

  function draw() {
    const { low, high } = places();
    // Where both meet, the one that still has somewhere to go lies on top.
    field.classList.toggle("low-on-top", low > top / 2);
    chosen.setAttribute("x", low);
    chosen.setAttribute("width", high - low + 1);
    for (const which of ["low", "high"]) handles[which].setAttribute("aria-valuetext", said(places()[which], which));
    columns.forEach((column, place) => {
      column.setAttribute("class", place < floor ? "below" : place < low || place > high ? "outside" : "inside");
    });
  }

  function drawCounts(next) {
    if (next === counts) return;
    counts = next;
    const most = Math.max(1, ...(next ?? []));
    columns.forEach((column, place) => {
      const count = next?.[place] ?? 0;
      const height = count === 0 ? 0 : Math.max(LEAST_HEIGHT, (HEIGHT * count) / most);
      column.setAttribute("y", HEIGHT - height);
      column.setAttribute("height", height);
    });
    field.classList.toggle("has-counts", Boolean(next));
  }

  // The bare line is only scenery under the handles: a press there brings the nearer handle along.
  field.addEventListener("click", (event) => {
    if (event.target.matches("input")) return;
    const { left, width } = drawing.getBoundingClientRect();
    if (width === 0) return;
    const place = Math.min(top, Math.max(0, Math.floor(((event.clientX - left) / width) * slots)));
    const { low, high } = places();
    const isLow = place < low || (place < high && place - low <= high - place);
    const which = isLow ? "low" : "high";
    handles[which].focus();
    move(which, place);
  });

  return {
    element: field,
    handles,
    /**
     * `low`, `high`: where the handles stand; `floor`: the lowest place that may be chosen; `own`: the place to mark
     * with the text `markText`, or `null`; `counts`: a number for each place, drawn behind; `used`: `{low, high}` where
     * more was looked at than asked for.
     */
    set({ low, high, floor: lowest = 0, own = null, markText = "", counts: next = null, used = null }) {
      floor = lowest;
      handles.low.value = low;
      handles.high.value = high;
      drawCounts(next);
      mark.hidden = own === null;
      mark.textContent = markText;
      if (own !== null) {
        mark.style.insetInlineStart = `${((own + 0.5) / slots) * 100}%`;
        mark.classList.toggle("at-start", own < 12);
        mark.classList.toggle("at-end", own > top - 12);
      }
      beyond.setAttribute("x", used?.low ?? 0);
      beyond.setAttribute("width", used ? used.high - used.low + 1 : 0);
      draw();
    },
  };
}
