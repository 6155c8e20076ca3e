// Creating the playlist on Spotify under the service's own account, and updating it later from the same browser.

import { ask } from "../api.js";
import { byId, focusField, h, showFieldError } from "../dom.js";
import {
  finishPublication,
  forgetPlaylist,
  keyFor,
  noteRefusal,
  rememberPlaylist,
  rememberedPlaylists,
  unfinishedPublication,
} from "../publication.js";
import { clockTime, counted, duration, problemHeading, shortened } from "../words.js";

// The service gives up within 29 seconds; whoever has not heard by then asks again with the same key.
const TIMEOUT_SECONDS = 35;
const FIELDS = {
  title: "playlist-title",
  description: "playlist-description",
  "x-access-code": "access-code",
  access_code: "access-code",
};
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
    rows: 2,
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

  function redraw() {
    if (!busy) submit.textContent = chosenPlaylist() ? "Update this playlist" : "Create playlist";
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
    target.value = playlists.some((playlist) => playlist.id === chosen) ? chosen : "";
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
      reserves: reserves
        .map((row) => row.uri)
        .filter(Boolean)
        .slice(0, MOST_RESERVES),
      ...(playlist && { playlist_id: playlist.id, edit_token: playlist.editToken }),
    };
  }

  // --- sending ---

  async function send() {
    if (busy || submit.getAttribute("aria-disabled") === "true") return;
    clear();
    const needsCode = store.state.config.publishing.access === "code";
    if (!title.value.trim()) return complain([{ field: "playlist-title", message: "Give the playlist a title." }]);
    if (needsCode && !code.value.trim()) {
      return complain([{ field: "access-code", message: "Give the access code, or copy the tracks instead." }]);
    }
    const body = content();
    const names = namesOf(body);
    const key = keyFor(body);
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

  function clear() {
    clearInterval(countdown);
    trouble.replaceChildren();
    progress.textContent = "";
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
    offerTargets(answer.playlist_id);
    store.update({
      published: {
        ...answer,
        title: body.title,
        description: body.description ?? "",
        updated: Boolean(body.playlist_id),
        names,
      },
    });
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
    else if (!problem.isUncertain) noteRefusal();
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
    if (faults.length > 0) return complain(faults);
    const again =
      problem.isUncertain &&
      " The playlist may have been made all the same. Trying again is safe: there will not be a second one.";
    trouble.replaceChildren(
      h(
        "div",
        { class: "trouble" },
        h("p", {}, h("strong", {}, problemHeading(problem)), ". ", problem.message, again),
        problem.retryAt &&
          h("p", {}, `Try again from ${clockTime(problem.retryAt)}. Copying the tracks works at any time.`),
        problem.code === "internal_error" &&
          problem.requestId &&
          h("p", { class: "hint" }, `If you report this, give the number ${problem.requestId}.`),
        (problem.isUncertain || problem.status >= 500 || problem.retryAt) && retryButton(problem.retryAt),
      ),
    );
  }

  function retryButton(retryAt) {
    const button = h("button", {
      type: "button",
      onclick: () => {
        if (button.getAttribute("aria-disabled") !== "true") {
          submit.focus();
          send();
        }
      },
    });
    function tick() {
      const seconds = retryAt ? (retryAt - Date.now()) / 1000 : 0;
      button.setAttribute("aria-disabled", String(seconds > 0));
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
          src: `api/qr?playlist=${encodeURIComponent(published.playlist_id)}`,
          width: 132,
          height: 132,
          alt: "QR code that opens the playlist",
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
    if (unfinished.isWaiting) {
      progress.textContent =
        "The page was left before the answer came. Send it again: there will be no second playlist.";
    }
  } else if (store.state.published) {
    title.value = store.state.published.title;
    description.value = store.state.published.description;
  }
}
