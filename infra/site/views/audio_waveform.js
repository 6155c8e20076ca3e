// A track as a waveform, with a window over the part that is heard: moved by hand or by keys, played, stopped.

import { barsOf, placeOf } from "../audio/excerpt.js";
import { h, svg } from "../dom.js";
import { words } from "../en.js";

const BARS = { wide: 180, narrow: 90 };
const NARROW = "(max-width: 40rem)";
const HEIGHT = 100;
const LEAST_HEIGHT = 2;
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

export const clock = (seconds) =>
  `${Math.floor(Math.round(seconds) / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;

/**
 * `sound` is an `AudioBuffer`, `survey` what was heard of it, `wanted` the length of the window in seconds. `onMove` is
 * called when the window moved.
 */
export function waveform({ sound, survey, wanted, onMove }) {
  const seconds = sound.duration;
  const length = Math.min(wanted, seconds);
  const isMovable = seconds > wanted;
  let start = placeOf(survey.start, seconds, wanted);
  let grip = null;
  let playing = null;

  const bars = barsOf(survey.peaks, matchMedia(NARROW).matches ? BARS.narrow : BARS.wide);
  const outline = bars.map((height, bar) => barPath(bar, Math.max(height * HEIGHT, LEAST_HEIGHT))).join("");
  const lit = svg("rect", { y: 0, height: HEIGHT });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${bars.length} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    svg("clipPath", { id: "audio-window" }, lit),
    svg("path", { class: "wave-rest", d: outline }),
    svg("path", { class: "wave-heard", d: outline, "clip-path": "url(#audio-window)" }),
  );
  const frame = h("div", {
    class: "wave-window",
    ...(isMovable && {
      role: "slider",
      tabindex: 0,
      "aria-label": words.audio.window,
      "aria-valuemin": 0,
      "aria-valuemax": Math.floor(seconds - length),
      onkeydown: pressed,
    }),
  });
  const head = h("div", { class: "wave-head", hidden: true });
  const scene = h("div", { class: isMovable ? "wave movable" : "wave", dir: "ltr" }, drawing, frame, head);
  if (isMovable) {
    scene.addEventListener("pointerdown", grasped);
    scene.addEventListener("pointermove", dragged);
    for (const end of ["pointerup", "pointercancel"]) scene.addEventListener(end, () => (grip = null));
  }

  const range = h("output", { class: "wave-range" });
  const play = h("button", { type: "button", class: "wave-play", onclick: () => (playing ? stop() : begin()) });
  const loudest = h(
    "button",
    { type: "button", class: "quiet", onclick: goBack },
    words.audio.loudest,
  );

  function move(to) {
    const next = placeOf(to, seconds, wanted);
    if (next === start) return;
    stop();
    start = next;
    draw();
    onMove();
  }

  function goBack() {
    // The button goes, having nothing left to do.
    frame.focus({ preventScroll: true });
    move(survey.start);
  }

  function pressed(event) {
    const to = { Home: 0, End: seconds }[event.key] ?? (event.key in STEPS ? start + STEPS[event.key] : null);
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(to);
  }

  /** A press beside the window brings it there; one inside takes hold of it. */
  function grasped(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    scene.setPointerCapture(event.pointerId);
    frame.focus({ preventScroll: true });
    const at = secondAt(event);
    grip = at >= start && at <= start + length ? at - start : length / 2;
    move(at - grip);
  }

  function dragged(event) {
    if (grip !== null) move(secondAt(event) - grip);
  }

  function secondAt(event) {
    const { left, width } = scene.getBoundingClientRect();
    return ((event.clientX - left) / width) * seconds;
  }

  function begin() {
    const context = new AudioContext();
    const source = new AudioBufferSourceNode(context, { buffer: sound });
    source.connect(context.destination);
    source.addEventListener("ended", () => playing?.source === source && stop());
    source.start(0, start, length);
    playing = { context, source };
    follow();
    draw();
  }

  function stop() {
    if (!playing) return;
    const { context, source } = playing;
    playing = null;
    source.stop();
    context.close();
    draw();
  }

  function follow() {
    if (!playing) return;
    head.style.insetInlineStart = `${((start + Math.min(playing.context.currentTime, length)) / seconds) * 100}%`;
    requestAnimationFrame(follow);
  }

  function draw() {
    frame.style.insetInlineStart = `${(start / seconds) * 100}%`;
    frame.style.inlineSize = `${(length / seconds) * 100}%`;
    lit.setAttribute("x", (start / seconds) * bars.length);
    lit.setAttribute("width", (length / seconds) * bars.length);
    if (isMovable) {
      frame.setAttribute("aria-valuenow", Math.round(start));
      frame.setAttribute("aria-valuetext", words.audio.fromTo(clock(start), clock(start + length)));
    }
    range.textContent = words.audio.range(clock(start), clock(start + length), clock(seconds));
    head.hidden = !playing;
    play.textContent = playing ? words.audio.stop : words.audio.play;
    loudest.hidden = start === placeOf(survey.start, seconds, wanted);
  }

  draw();
  return {
    element: h(
      "div",
      { class: "wave-field" },
      scene,
      h("div", { class: "cluster spread" }, range, h("div", { class: "cluster" }, loudest, play)),
      isMovable && h("p", { class: "hint" }, words.audio.moveHint),
    ),
    stop,
    get start() {
      return start;
    },
  };
}

function barPath(bar, height) {
  return `M${bar + 0.15} ${(HEIGHT - height) / 2}h.7v${height}h-.7z`;
}
