// The artist's own file: chosen or dropped, heard here or by ReccoBeats, corrected by hand, and used for the seed.

import { AudioFault, CLIP_RATE, writeWav } from "../audio/clip.js";
import { heardFrom, seedPartOf, setByHand, setCounting, setVocals, tempoOf } from "../audio/heard.js";
import { Listener, decode } from "../audio/listener.js";
import { WITH_VOCALS, WITHOUT_VOCALS, tempoOptions } from "../audio/questions.js";
import { forgetAudio, pendingAudio, sendAudio, waitForAudio } from "../audio/upload.js";
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { words } from "../en.js";
import { clockTime, number, problemHeading } from "../words.js";
import { heardSliders } from "./audio_sliders.js";
import { clock, waveform } from "./audio_waveform.js";

const ACCEPTED = "audio/*,.wav,.mp3,.flac,.ogg,.opus,.m4a,.aac,.aif,.aiff,.webm,.mp4";
const WAV_HEADER_BYTES = 44;
const BYTES_A_SAMPLE = 2;

// Until the service says its own.
const USUAL_LIMITS = { audio_seconds: [10, 30], audio_bytes: 3_000_000 };

/**
 * `seed`: the seed as the state has it, or `null`; `limits` and `demo` as `GET /api/config` tells them.
 * `onFeatures(features, source, {features_by_hand, duration_ms})` gets what the reader takes over. The returned
 * `close()` ends everything that is under way.
 */
export function mountAudioFile(place, { seed, limits = USUAL_LIMITS, demo = {}, onFeatures }) {
  const wanted = Math.min(limits.audio_seconds[1], secondsIn(limits.audio_bytes));
  const track = seed?.known?.track_id ?? seed?.text ?? null;
  // Begun before there is a file, so that from then on nothing has to be fetched.
  const listener = new Listener();
  let file = null;
  let work = null;
  let heard = null;

  const status = h("p", { class: "visually-hidden", role: "status" });
  const trouble = h("div", { role: "alert" });
  const picker = pickerOf(take);
  const shown = h("div", { class: "audio-track", hidden: true });
  const ways = waysOf({ demo, onMeasure: measureHere, onSend: send });
  const progress = progressOf(cancel);
  const outcome = outcomeOf({ onChange: change, onUse: use, onAgain: again });
  place.replaceChildren(
    h(
      "section",
      { class: "stack audio", "aria-labelledby": "audio-heading" },
      h("h3", { id: "audio-heading", tabindex: -1 }, words.audio.heading),
      picker.element,
      shown,
      progress.element,
      trouble,
      ways.element,
      outcome.element,
      status,
    ),
  );
  place.hidden = false;
  const quiet = new AbortController();
  for (const name of ["dragover", "drop"]) {
    // A file that misses its place would take the page away.
    window.addEventListener(name, spare, { signal: quiet.signal });
  }
  const left = pendingAudio();
  if (left && left.track === track) resume(left);

  function spare(event) {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  }

  /** Run `act(signal)` as the one thing that is under way, and show how it ends if it fails. */
  async function run(act) {
    work?.abort();
    const mine = new AbortController();
    work = mine;
    // What is done about a trouble takes its button away.
    if (trouble.contains(document.activeElement)) focus();
    trouble.replaceChildren();
    ways.setBusy(true);
    try {
      await act(mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) complain(error);
    } finally {
      if (work === mine) {
        work = null;
        progress.hide();
        ways.setBusy(false);
      }
    }
  }

  function cancel() {
    work?.abort();
    forgetAudio();
    if (file) ways.focus();
    else picker.focus();
  }

  const focus = () => place.querySelector("#audio-heading").focus();

  // --- the file ---

  async function take(chosen) {
    file?.wave.stop();
    file = null;
    heard = null;
    shown.hidden = true;
    ways.element.hidden = true;
    outcome.hide();
    forgetAudio();
    await run(async (signal) => {
      progress.show(words.audio.reading(chosen.name));
      const sound = await decode(chosen);
      signal.throwIfAborted();
      const survey = await listener.hear(sound, wanted, signal, (share) => progress.to(share));
      // What holds no music where it is loudest holds none at all.
      await listener.cut(sound, survey.start, wanted, survey.gain);
      signal.throwIfAborted();
      const wave = waveform({ sound, survey, wanted, onMove: moved });
      file = { name: chosen.name, sound, survey, wave, key: crypto.randomUUID() };
      shown.replaceChildren(
        h("h4", {}, chosen.name, " ", h("span", { class: "hint" }, clock(sound.duration))),
        ...(survey.gain < 1 ? [h("p", { class: "note" }, words.audio.lowered(decibelsOf(survey.gain)))] : []),
        wave.element,
      );
      shown.hidden = false;
      picker.setFull(true);
      ways.reset();
      ways.element.hidden = false;
      status.textContent = words.audio.ready(chosen.name, clock(wave.start));
    });
  }

  /** What was heard before was another part of the track; what the artist said of it still holds. */
  function moved() {
    if (!file) return;
    work?.abort();
    file.key = crypto.randomUUID();
    if (heard || outcome.isShown) {
      outcome.hide();
      ways.element.hidden = false;
      status.textContent = words.audio.stale;
    }
    trouble.replaceChildren();
    forgetAudio();
  }

  const excerpt = () => listener.cut(file.sound, file.wave.start, wanted, file.survey.gain);

  // --- the two ways ---

  function measureHere() {
    return run(async (signal) => {
      progress.show(words.audio.measuring);
      status.textContent = words.audio.measuring;
      const values = await excerpt();
      const tell = (share) => !signal.aborted && progress.to(share);
      const found = await listener.measure(values, file.survey.loudness, tell);
      signal.throwIfAborted();
      show("measured", found.features, [words.audio.rough], found.attribution);
    });
  }

  function send() {
    return run(async (signal) => {
      progress.show(words.audio.sending);
      status.textContent = words.audio.sending;
      const wav = writeWav(await excerpt(), CLIP_RATE);
      signal.throwIfAborted();
      const about = { name: file.name, track, durationMs: Math.round(file.sound.duration * 1000) };
      const { job, waitSeconds } = await sendAudio(wav, file.key, about, signal);
      await waitFor(job, signal, waitSeconds);
    });
  }

  /** After a reload the file is gone, and its answer may be there. */
  function resume(job) {
    return run((signal) => {
      progress.show(words.audio.resumed(job.name));
      return waitFor(job, signal, 0);
    });
  }

  async function waitFor(job, signal, waitSeconds) {
    const say = (state) => progress.show(words.audio.states[state] ?? words.audio.unreachable);
    say("queued");
    const answer = await waitForAudio(job, { signal, onState: say, waitSeconds });
    if (answer.state === "failed") {
      forgetAudio();
      if (file) file.key = crypto.randomUUID();
      throw new AudioFault("failed", { problem: answer.problem });
    }
    show(answer.features_source, answer.features, answer.notes);
  }

  // --- what came of it ---

  function show(source, features, notes, attribution = null) {
    heard = heardFrom(source, features, heard?.hand ?? byHandOf(seed));
    ways.element.hidden = true;
    outcome.show(heard, notes, attribution, Boolean(file));
    status.textContent = words.audio.done;
  }

  function change(next) {
    heard = next;
    outcome.draw(heard);
  }

  function again() {
    outcome.hide();
    ways.element.hidden = false;
    ways.focus();
  }

  function use() {
    const { features, features_source: source, features_by_hand: byHand } = seedPartOf(heard);
    const duration = file ? Math.round(file.sound.duration * 1000) : pendingAudio()?.durationMs;
    file?.wave.stop();
    forgetAudio();
    onFeatures(features, source, { features_by_hand: byHand, duration_ms: duration ?? null });
  }

  // --- what went wrong ---

  function complain(error) {
    const isKnown = error instanceof AudioFault || error instanceof Problem;
    if (!isKnown) console.error(error);
    status.textContent = "";
    // Without a file on the page it was the loudest part of a new one, so no other part is any better.
    const [heading, text] = told(error, file === null);
    if (error instanceof Problem && error.status === 404) forgetAudio();
    const isOfSending = error instanceof Problem || error.code === "failed";
    trouble.replaceChildren(
      h(
        "div",
        { class: "trouble" },
        h("p", {}, h("strong", {}, heading), " ", text),
        isOfSending &&
          (file
            ? h("button", { type: "button", onclick: measureHere }, words.audio.measureInstead)
            : h("p", {}, words.audio.chooseAgain)),
      ),
    );
  }

  return {
    /** Bring the reader here. */
    focus,

    close() {
      work?.abort();
      quiet.abort();
      file?.wave.stop();
      listener.close();
      place.replaceChildren();
      place.hidden = true;
    },
  };
}

const decibelsOf = (gain) => number(Math.round(-20 * Math.log10(gain)));
const secondsIn = (bytes) => Math.floor((bytes - WAV_HEADER_BYTES) / (BYTES_A_SAMPLE * CLIP_RATE));

/** What the artist set by hand before outranks every file. */
function byHandOf(seed) {
  const { features = {}, features_source: source = "given", features_by_hand: byHand } = seed?.given ?? {};
  if (!source.includes("given")) return {};
  return Object.fromEntries((byHand ?? Object.keys(features)).map((name) => [name, features[name]]));
}

/** A heading and a sentence for what went wrong; `isWhole`: with the whole file, and not with one part of it. */
function told(error, isWhole) {
  if (error instanceof Problem) {
    const until = error.retryAt && error.status === 429 ? words.audio.until(clockTime(error.retryAt)) : "";
    return [`${problemHeading(error)}.`, `${error.message}${until}`];
  }
  const [heading, text] = words.audio.faults[error.code] ?? words.audio.faults.unexpected;
  return [heading, typeof text === "function" ? text({ ...error.facts, isWhole }) : text];
}

/** Where a file is dropped or chosen; small once there is one. */
function pickerOf(onFile) {
  const input = h("input", {
    id: "audio-file",
    type: "file",
    accept: ACCEPTED,
    class: "visually-hidden",
    "aria-describedby": "audio-file-hint",
    onchange: () => {
      const [chosen] = input.files;
      // The same file may be chosen again.
      input.value = "";
      if (chosen) onFile(chosen);
    },
  });
  const label = h("label", { for: "audio-file", class: "button" }, words.audio.choose);
  const element = h(
    "div",
    {
      class: "audio-drop",
      ondragover: (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        element.classList.add("over");
      },
      ondragleave: () => element.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        element.classList.remove("over");
        const [chosen] = event.dataTransfer.files;
        if (chosen) onFile(chosen);
      },
    },
    h("p", { class: "audio-drop-lead" }, words.audio.drop),
    h("span", { class: "audio-choose" }, input, label),
    h("p", { id: "audio-file-hint", class: "hint" }, words.audio.formats),
  );
  return {
    element,
    focus: () => input.focus(),
    setFull(isFull) {
      element.classList.toggle("full", isFull);
      label.textContent = isFull ? words.audio.another : words.audio.choose;
    },
  };
}

/** The choice of two: here, or by ReccoBeats with the artist's consent. */
function waysOf({ demo, onMeasure, onSend }) {
  const measure = () => isFree() && onMeasure();
  const here = h("button", { type: "button", class: "primary", onclick: measure }, words.audio.here.button);
  const consent = h("input", { id: "audio-consent", type: "checkbox", "aria-describedby": "audio-consent-error" });
  const said = demo.reccobeats ? words.audio.sent.consentSimulated : words.audio.sent.consent;
  const missing = h("p", { id: "audio-consent-error", class: "error", hidden: true }, words.audio.sent.consentMissing);
  const away = h("button", { type: "button", onclick: sendIfAllowed }, words.audio.sent.button);
  const element = h(
    "div",
    { class: "audio-ways", hidden: true },
    h(
      "section",
      { class: "inset stack", "aria-labelledby": "audio-here" },
      h("h4", { id: "audio-here" }, words.audio.here.heading),
      h("p", {}, words.audio.here.text),
      h("div", { class: "audio-way-foot" }, here),
    ),
    h(
      "section",
      { class: "inset stack", "aria-labelledby": "audio-sent" },
      h("h4", { id: "audio-sent" }, words.audio.sent.heading),
      h("p", {}, words.audio.sent.text),
      h(
        "label",
        { class: "check audio-consent", for: "audio-consent" },
        consent,
        h("span", {}, said, " ", h("a", { href: "privacy.html" }, words.audio.sent.privacy)),
      ),
      missing,
      h("div", { class: "audio-way-foot" }, away),
    ),
  );
  consent.addEventListener("change", () => complainOfConsent(false));

  const isFree = () => here.getAttribute("aria-disabled") !== "true";

  function complainOfConsent(isMissing) {
    missing.hidden = !isMissing;
    if (isMissing) consent.setAttribute("aria-invalid", "true");
    else consent.removeAttribute("aria-invalid");
  }

  function sendIfAllowed() {
    if (!isFree()) return;
    complainOfConsent(!consent.checked);
    if (consent.checked) onSend();
    else consent.focus();
  }

  return {
    element,
    focus: () => here.focus(),
    /** Consent is given for one file. */
    reset() {
      consent.checked = false;
      complainOfConsent(false);
    },
    setBusy(isBusy) {
      for (const button of [here, away]) button.setAttribute("aria-disabled", String(isBusy));
    },
  };
}

function progressOf(onCancel) {
  const bar = h("progress", { max: 1, "aria-labelledby": "audio-progress" });
  const text = h("p", { id: "audio-progress" });
  const element = h(
    "div",
    { class: "audio-progress", hidden: true },
    text,
    bar,
    h("button", { type: "button", class: "quiet", onclick: onCancel }, words.audio.cancel),
  );
  return {
    element,
    show(said) {
      if (text.textContent !== said) bar.removeAttribute("value");
      text.textContent = said;
      element.hidden = false;
    },
    to: (share) => (bar.value = share),
    hide: () => (element.hidden = true),
  };
}

/** Questions, sliders, and the one button. */
function outcomeOf({ onChange, onUse, onAgain }) {
  let heard = null;
  const heading = h("h4", { id: "audio-outcome", tabindex: -1 }, words.audio.outcome);
  const notes = h("div", { class: "stack" });
  const vocals = [true, false].map((sings) =>
    h("input", { type: "radio", name: "audio-vocals", onchange: () => onChange(setVocals(heard, sings)) }),
  );
  const pills = vocals.map((input, place) =>
    h("label", { class: "pill" }, input, h("span", {}, words.audio.vocals.answers[place])),
  );
  const counted = h("div", { class: "pills" });
  const found = h("p", { id: "audio-tempo-found" });
  const typed = h("input", {
    id: "audio-bpm",
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-describedby": "audio-bpm-error",
    onchange: takeTyped,
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      // It answers this question, and sends no form.
      event.preventDefault();
      takeTyped();
    },
  });
  const wrong = h("p", { id: "audio-bpm-error", class: "error", hidden: true }, words.audio.tempo.wrong);
  const sliders = heardSliders((next) => onChange(next));
  const again = h("button", { type: "button", class: "quiet", onclick: onAgain }, words.audio.again);
  const source = h("p", { class: "hint audio-attribution", hidden: true });
  const element = h(
    "div",
    { class: "stack audio-outcome", hidden: true },
    heading,
    notes,
    h("fieldset", { class: "plain" }, h("legend", {}, words.audio.vocals.text), h("div", { class: "pills" }, pills)),
    h(
      "fieldset",
      { class: "plain" },
      h("legend", {}, words.audio.tempo.text),
      found,
      h(
        "div",
        { class: "cluster" },
        counted,
        h(
          "label",
          { class: "audio-bpm" },
          h("span", {}, words.audio.tempo.exact),
          typed,
          h("span", {}, words.audio.tempo.unit),
        ),
      ),
      wrong,
    ),
    h("h5", {}, words.audio.correct),
    sliders.element,
    h(
      "div",
      { class: "cluster" },
      h("button", { type: "button", class: "primary", onclick: onUse }, words.audio.use),
      again,
    ),
    source,
  );

  function takeTyped() {
    const bpm = tempoOf(typed.value);
    const isWrong = bpm === null && typed.value.trim() !== "";
    wrong.hidden = !isWrong;
    if (isWrong) typed.setAttribute("aria-invalid", "true");
    else {
      typed.removeAttribute("aria-invalid");
      onChange(setByHand(heard, "tempo", bpm));
    }
  }

  /** One pill for each way to count what was found; they stay the same as long as that does. */
  function offerTempos() {
    const options = tempoOptions(heard.base.tempo);
    found.textContent = options.length > 0 ? "" : words.audio.tempo.none;
    found.hidden = options.length > 0;
    counted.replaceChildren(
      ...[...options, ...(options.length > 0 ? [{ value: "none", bpm: null }] : [])].map(({ value, bpm }) =>
        h(
          "label",
          { class: "pill" },
          h("input", {
            type: "radio",
            name: "audio-tempo",
            value,
            onchange: () => onChange(setCounting(heard, value)),
          }),
          h("span", {}, bpm === null ? words.audio.tempo.noBeat : words.audio.tempo.bpm(number(Math.round(bpm)))),
        ),
      ),
    );
  }

  function draw(next) {
    heard = next;
    const { instrumentalness, tempo } = heard.hand;
    vocals[0].checked = instrumentalness === WITH_VOCALS;
    vocals[1].checked = instrumentalness === WITHOUT_VOCALS;
    for (const input of counted.querySelectorAll("input")) {
      input.checked = tempo === undefined && input.value === heard.counting;
    }
    if (document.activeElement !== typed) {
      typed.value = tempo === undefined ? "" : number(tempo, { useGrouping: false });
    }
    sliders.draw(heard);
  }

  return {
    element,
    draw,
    get isShown() {
      return !element.hidden;
    },
    hide: () => (element.hidden = true),
    show(next, said, attribution, hasFile) {
      heard = next;
      offerTempos();
      draw(next);
      notes.replaceChildren(...said.map((note) => h("p", { class: "note" }, note)));
      source.textContent = attribution ?? "";
      source.hidden = !attribution;
      again.hidden = !hasFile;
      element.hidden = false;
      heading.focus({ preventScroll: true });
      heading.scrollIntoView({ block: "nearest" });
    },
  };
}
