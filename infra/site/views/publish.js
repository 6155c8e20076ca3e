// Creating the playlist on Spotify under the service's own account, and updating it later from the same browser.

import { Problem, ask } from "../api.js";
import { byId, focusField, h, showFieldError } from "../dom.js";
import {
  finishPublication,
  forgetPlaylist,
  keyFor,
  noteProblem,
  openPublication,
  rememberPlaylist,
  rememberedPlaylists,
  unfinishedPublication,
} from "../publication.js";
import { clockTime, counted, duration, problemDetail, problemHeading, shortened } from "../words.js";

// The service gives up within 29 seconds; whoever has not heard by then asks again with the same key.
const TIMEOUT_SECONDS = 35;
const SAFE_CREATION = " The playlist may have been made all the same. Trying again is safe: there will not be a second one.";
const SAFE_UPDATE = " The playlist may have been changed all the same. Trying again is safe.";
const HELD_CREATION =
  "Until this is settled, trying again sends what was sent before. You can also start anew; if this playlist was made " +
  "after all, there will be two.";
const HELD_UPDATE =
  "Until this is settled, trying again sends what was sent before. You can also start anew; this change may be made " +
  "all the same.";
const FIELDS = {
  title: "playlist-title",
  description: "playlist-description",
  "x-access-code": "access-code",
  access_code: "access-code",
};
// Nobody watches a button for longer; it appears when its time has come.
const LONGEST_COUNTDOWN_SECONDS = 15 * 60;
const MOST_SEEDS = 20;
const MOST_RESERVES = 15;

/** `refreshConfig()` asks the service anew whether it can publish. */
export function mountPublish(store, refreshConfig) {
  const place = byId("publish");
  const title = h("input", {
    id: "playlist-title",
    type: "text",
    autocomplete: "off",
    "aria-describedby": "playlist-title-error",
  });
  const description = h("textarea", {
    id: "playlist-description",
    rows: 3,
    "aria-describedby": "playlist-description-error",
  });
  const code = h("input", {
    id: "access-code",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "access-code-hint access-code-error",
  });
  const target = h("select", { id: "target", onchange: redraw });
  const targetField = h("div", { class: "field" }, h("label", { for: "target" }, "Playlist"), target);
  const codeField = field(
    "access-code",
    "Access code",
    code,
    h("p", { id: "access-code-hint", class: "hint" }, "Whoever runs this service hands it out."),
  );
  const submit = h("button", { type: "submit", class: "primary" });
  const progress = h("p", { class: "status", role: "status" });
  const trouble = h("div", { role: "alert" });
  const done = h("div", { class: "done" });
  const form = h(
    "form",
    {
      id: "create",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    targetField,
    field("playlist-title", "Title", title),
    field("playlist-description", "Description (optional)", description),
    codeField,
    submit,
    progress,
    trouble,
  );
  const lead = h("p", { class: "hint" });
  const unavailable = h("div", {});
  place.append(h("h3", {}, "Or as a playlist of this service"), lead, done, unavailable, form);
  let busy = false;
  let countdown = null;
  let suggested = { title: "", description: "" };

  // --- what is on the form ---

  function field(id, label, input, ...more) {
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      input,
      ...more,
      h("p", { id: `${id}-error`, class: "error", hidden: true }),
    );
  }

  const limits = () => store.state.config?.limits ?? {};
  const chosenPlaylist = () => rememberedPlaylists().find((playlist) => playlist.id === target.value) ?? null;

  /** What was sent and may have been carried out, so that nothing else may be sent; not while the answer is awaited. */
  const held = () => (busy ? null : openPublication());

  function redraw() {
    const isHeld = busy || held() !== null;
    if (!busy) submit.textContent = chosenPlaylist() ? "Update this playlist" : "Create playlist";
    submit.hidden = isHeld && !busy;
    title.readOnly = description.readOnly = isHeld;
    target.disabled = isHeld;
  }

  function offerTargets(chosen) {
    const playlists = rememberedPlaylists();
    targetField.hidden = playlists.length === 0;
    target.replaceChildren(
      h("option", { value: "" }, "Make a new playlist"),
      ...playlists.map((playlist) =>
        h("option", { value: playlist.id }, `Update “${playlist.title}”, made ${clockTime(new Date(playlist.at))}`),
      ),
    );
    const wanted = held()?.body.playlist_id ?? chosen;
    target.value = playlists.some((playlist) => playlist.id === wanted) ? wanted : "";
    redraw();
  }

  function content() {
    const { tracks, reserves } = store.state.answer;
    const playlist = chosenPlaylist();
    return {
      title: title.value.trim(),
      ...(description.value.trim() && { description: description.value.trim() }),
      uris: tracks.map((row) => row.uri).filter(Boolean),
      seeds: tracks
        .filter((row) => row.own && row.uri)
        .map((row) => row.uri)
        .slice(0, MOST_SEEDS),
      unreleased: tracks
        .map((row, place) => ({ position: place + 1, title: row.title, artists: row.artists, uri: row.uri }))
        .filter((row) => !row.uri)
        .map(({ position, title, artists }) => ({ position, title, artists })),
      reserves: reserves
        .map((row) => row.uri)
        .filter(Boolean)
        .slice(0, MOST_RESERVES),
      ...(playlist && { playlist_id: playlist.id, edit_token: playlist.editToken }),
    };
  }

  // --- sending ---

  async function send() {
    if (busy) return;
    clearFaults();
    const needsCode = store.state.config.publishing.access === "code";
    if (!title.value.trim()) return complain([{ field: "playlist-title", message: "Give the playlist a title." }]);
    if (needsCode && !code.value.trim()) {
      return complain([{ field: "access-code", message: "Give the access code, or copy the tracks instead." }]);
    }
    clear();
    const { body, names } = held() ?? described();
    const key = keyFor(body, names);
    setBusy(
      true,
      body.playlist_id ? "Updating your playlist…" : "Creating your playlist… this can take half a minute.",
    );
    try {
      const answer = await ask("api/playlists", {
        method: "POST",
        body,
        headers: { "idempotency-key": key, ...(needsCode && { "x-access-code": code.value.trim() }) },
        timeoutSeconds: TIMEOUT_SECONDS,
      });
      finishPublication();
      setBusy(false);
      succeed(answer, body, names);
    } catch (problem) {
      setBusy(false);
      fail(problem, body);
    }
  }

  function setBusy(isBusy, message = "") {
    busy = isBusy;
    // Not `disabled`, which would throw the focus away.
    submit.setAttribute("aria-disabled", String(isBusy));
    progress.textContent = message;
    progress.classList.toggle("working", isBusy);
    redraw();
  }

  function described() {
    const body = content();
    return { body, names: namesOf(body) };
  }

  function clear() {
    clearInterval(countdown);
    trouble.replaceChildren();
    progress.textContent = "";
  }

  function clearFaults() {
    for (const name of new Set(Object.values(FIELDS))) showFieldError(name, null);
  }

  function complain(faults) {
    for (const { field: name, message } of faults) showFieldError(name, message);
    focusField(faults[0].field);
  }

  // --- how it ended ---

  function succeed(answer, body, names) {
    const before = rememberedPlaylists().find((playlist) => playlist.id === answer.playlist_id);
    rememberPlaylist({
      id: answer.playlist_id,
      title: body.title,
      editToken: answer.edit_token ?? before?.editToken,
      at: before?.at ?? new Date().toISOString(),
    });
    // Another track's list may be on the page by now, which is no update of this playlist.
    const isSameTrack = JSON.stringify(body.seeds) === JSON.stringify(content().seeds);
    store.update({
      published: {
        ...answer,
        title: body.title,
        description: body.description ?? "",
        updated: Boolean(body.playlist_id),
        names,
      },
    });
    offerTargets(isSameTrack ? answer.playlist_id : "");
    done.querySelector("h4").focus();
  }

  /** Titles of all that is sent, so that what was replaced can be told by name when the list is another one. */
  function namesOf({ uris, reserves }) {
    const { answer } = store.state;
    const sent = new Set([...uris, ...reserves]);
    return Object.fromEntries(
      [...answer.tracks, ...answer.reserves]
        .filter((row) => sent.has(row.uri))
        .map((row) => [row.uri, `“${row.title}” by ${row.artists.join(", ")}`]),
    );
  }

  function fail(problem, body) {
    if (problem.code === "key_reused") finishPublication();
    else noteProblem(problem);
    redraw();
    if (problem.code === "unknown_playlist" && body.playlist_id) {
      forgetPlaylist(body.playlist_id);
      offerTargets("");
    }
    const faults = problem.fields
      .map((fault) => ({ field: FIELDS[fault.field?.toLowerCase()], message: fault.message }))
      .filter((fault) => fault.field);
    if (faults.length === 0 && problem.code === "not_authorised" && !codeField.hidden) {
      faults.push({ field: "access-code", message: problem.message });
    }
    if (faults.length === 0 || held()) showTrouble(problem, body);
    if (faults.length > 0) complain(faults);
    // The button that was pressed is gone while the outcome is open.
    else if (held()) trouble.firstChild.focus();
  }

  function showTrouble(problem, body) {
    const open = held();
    clear();
    trouble.append(
      h(
        "div",
        { class: "trouble", tabindex: "-1" },
        h(
          "p",
          {},
          h("strong", {}, problemHeading(problem)),
          ". ",
          problemDetail(problem),
          problem.isUncertain && (body.playlist_id ? SAFE_UPDATE : SAFE_CREATION),
        ),
        problem.retryAt &&
          h("p", {}, `Try again from ${clockTime(problem.retryAt)}. Copying the tracks works at any time.`),
        problem.code === "internal_error" &&
          problem.requestId &&
          h("p", { class: "hint" }, `If you report this, give the number ${problem.requestId}.`),
        (open || problem.isUncertain || problem.status >= 500 || problem.retryAt) && retryButton(problem.retryAt),
        open && h("p", { class: "hint" }, body.playlist_id ? HELD_UPDATE : HELD_CREATION),
        open && h("button", { type: "button", class: "link", onclick: giveUp }, "Start anew"),
      ),
    );
  }

  /** The reader would rather have two playlists than wait for the one. */
  function giveUp() {
    finishPublication();
    clear();
    suggest(store.state.answer.seeds[0]);
    offerTargets(target.value);
    title.focus();
  }

  function retryButton(retryAt) {
    const button = h("button", {
      type: "button",
      onclick: () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        send();
        if (busy) submit.focus();
      },
    });
    function tick() {
      const seconds = retryAt ? (retryAt - Date.now()) / 1000 : 0;
      button.setAttribute("aria-disabled", String(seconds > 0));
      button.hidden = seconds > LONGEST_COUNTDOWN_SECONDS;
      button.textContent = seconds > 0 ? `Try again in ${duration(seconds)}` : "Try again";
      if (seconds <= 0) clearInterval(countdown);
    }
    countdown = setInterval(tick, 1000);
    tick();
    return button;
  }

  // --- drawing ---

  store.watch(["published"], ({ published, config }) => {
    done.replaceChildren(...(published ? success(published, config) : []));
    if (!published) offerTargets("");
  });

  store.watch(["config", "answer"], ({ config, answer }) => {
    const { access = "off", available = false, retry_at: retryAt = null } = config?.publishing ?? {};
    const isOff = access === "off";
    form.hidden = isOff || !available;
    codeField.hidden = access !== "code";
    title.maxLength = limits().title ?? 80;
    description.maxLength = limits().description ?? 200;
    lead.textContent = isOff
      ? "This installation makes no playlists of its own. Copying the tracks works."
      : config?.demo?.spotify
        ? "Made at once on the simulated Spotify, to be looked at, shared and updated."
        : "Made at once under the service’s account, to be shared as a link or QR code.";
    unavailable.replaceChildren(...(isOff || available ? [] : [closed(retryAt)]));
    if (answer) suggest(answer.seeds[0]);
  });

  function closed(retryAt) {
    const when = retryAt
      ? `It should work again from ${clockTime(new Date(retryAt))}.`
      : "It is not known yet when it will work again.";
    return h(
      "div",
      { class: "trouble" },
      h(
        "p",
        {},
        h("strong", {}, "Spotify cannot be asked right now. "),
        `${when} Copying the tracks works at any time.`,
      ),
      h("button", { type: "button", onclick: refreshConfig }, "Look again"),
    );
  }

  /** Fill in what the playlist could be called; whatever the reader wrote instead stays. */
  function suggest(seed) {
    if (busy || held()) return;
    const next = {
      title: shortened(`Sounds like ${seed.title}`, title.maxLength),
      description: shortened(`Tracks that sound like ${seed.title} by ${seed.artists[0]}.`, description.maxLength),
    };
    if (title.value === suggested.title) title.value = next.title;
    if (description.value === suggested.description) description.value = next.description;
    suggested = next;
  }

  function success(published, config) {
    const link = `${config?.open_playlists_at ?? ""}${published.playlist_id}`;
    const code = `api/qr?playlist=${encodeURIComponent(published.playlist_id)}`;
    const name = (uri) => published.names[uri] ?? uri;
    const count = Number.isInteger(published.tracks_added)
      ? `It holds ${counted(published.tracks_added, "track")}.`
      : "How many tracks it holds could not be checked.";
    const replaced = published.replaced ?? [];
    const leftOut = published.left_out ?? [];
    return [
      h("h4", { tabindex: "-1" }, published.updated ? "Your playlist is up to date" : "Your playlist is ready"),
      h(
        "div",
        { class: "done-body" },
        h("img", {
          class: "qr",
          src: code,
          width: 132,
          height: 132,
          alt: `QR code that opens the playlist “${published.title}”`,
        }),
        h(
          "div",
          {},
          h(
            "p",
            {},
            h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, published.title),
            ". ",
            count,
          ),
          replaced.length > 0 &&
            h(
              "ul",
              { class: "notes" },
              ...replaced.map(({ from, to }) =>
                h("li", {}, `${name(from)} is not playable there; ${name(to)} took its place.`),
              ),
            ),
          leftOut.length > 0 &&
            h(
              "ul",
              { class: "notes" },
              ...leftOut.map((uri) => h("li", {}, `${name(uri)} is not playable there and was left out.`)),
            ),
          (published.notes ?? []).length > 0 &&
            h("ul", { class: "notes" }, ...published.notes.map((note) => h("li", {}, note))),
          h(
            "p",
            {},
            h("a", { href: code, download: `${published.title} QR code.svg` }, "Save the QR code"),
            " (SVG, sharp at any size).",
          ),
          h("p", { class: "hint" }, "From this browser you can update it later."),
        ),
      ),
    ];
  }

  // A reload in the middle: put back what was being sent, so that sending it again is the same request.
  const unfinished = unfinishedPublication();
  offerTargets(unfinished ? (unfinished.body.playlist_id ?? "") : (store.state.published?.playlist_id ?? ""));
  if (unfinished) {
    title.value = unfinished.body.title;
    description.value = unfinished.body.description ?? "";
    if (held()) {
      const message = "The page was left before it was known how this ended.";
      showTrouble(new Problem({ code: "timeout", message }), unfinished.body);
    }
  } else if (store.state.published) {
    title.value = store.state.published.title;
    description.value = store.state.published.description;
  }
}
