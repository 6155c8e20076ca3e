// Creating the playlist on Spotify under the service's own account, and updating it later from the same browser.

import { Problem, ask } from "../api.js";
import { focusField, h, showFieldError } from "../dom.js";
import { words } from "../en.js";
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
import { contentKey, contentOf, namesOf } from "../sending.js";
import { aboutList } from "../suggestions.js";
import { clockTime, problemDetail, problemHeading } from "../words.js";
import { againButton } from "./again.js";
import { leadToShare } from "./share.js";

// The service gives up within 29 seconds; whoever has not heard by then asks again with the same key.
const TIMEOUT_SECONDS = 35;
const FIELDS = {
  title: "playlist-title",
  description: "playlist-description",
  "x-access-code": "access-code",
  access_code: "access-code",
};

export function mountPublish(place, store, actions, draft) {
  const said = words.take.service;
  const code = h("input", {
    id: "access-code",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "access-code-hint access-code-error",
  });
  const target = h("select", { id: "target", onchange: redraw });
  const targetField = h("div", { class: "field" }, h("label", { for: "target" }, said.target), target);
  const codeField = h(
    "div",
    { class: "field" },
    h("label", { for: "access-code" }, said.code),
    code,
    h("p", { id: "access-code-hint", class: "hint" }, said.codeHint),
    h("p", { id: "access-code-error", class: "error", hidden: true }),
  );
  const submit = h("button", { type: "submit" });
  const progress = h("p", { class: "status", role: "status" });
  const trouble = h("div", { role: "alert" });
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
    codeField,
    submit,
    progress,
    trouble,
  );
  const lead = h("p", { class: "hint" });
  const demo = h("p", { class: "hint", hidden: true }, said.demo);
  const unavailable = h("div", {});
  place.append(h("h3", { id: "publish-heading" }, said.heading), lead, demo, unavailable, form);
  let busy = false;
  // What was sent last and is made: another click sends it again only as a clear wish.
  let made = null;

  // --- what is on the form ---

  const chosenPlaylist = () => rememberedPlaylists().find((playlist) => playlist.id === target.value) ?? null;

  /** What was sent and may have been carried out, so that nothing else may be sent; not while the answer is awaited. */
  const held = () => (busy ? null : openPublication());

  function redraw() {
    const isHeld = busy || held() !== null;
    if (!busy) submit.textContent = chosenPlaylist() ? said.update : said.create;
    submit.hidden = isHeld && !busy;
    target.disabled = isHeld;
    draft.hold("service", isHeld);
  }

  function offerTargets(chosen) {
    const playlists = rememberedPlaylists();
    targetField.hidden = playlists.length === 0;
    target.replaceChildren(
      h("option", { value: "" }, said.newTarget),
      ...playlists.map((playlist) =>
        h("option", { value: playlist.id }, said.oldTarget(playlist.title, clockTime(new Date(playlist.at)))),
      ),
    );
    const wanted = held()?.body.playlist_id ?? chosen;
    target.value = playlists.some((playlist) => playlist.id === wanted) ? wanted : "";
    redraw();
  }

  function content() {
    const playlist = chosenPlaylist();
    const { title, description } = draft;
    return {
      title,
      ...(description && { description }),
      ...contentOf(store.state.list),
      ...(playlist && { playlist_id: playlist.id, edit_token: playlist.editToken }),
    };
  }

  /** What is told of the playlist once it is made; the list on the page may be another one by then. */
  function besides() {
    const { list, answer } = store.state;
    return { names: namesOf(list), about: aboutList(list.rows, answer) };
  }

  // --- sending ---

  /** `isWanted`: also where nothing has changed since. */
  async function send({ isWanted = false } = {}) {
    if (busy) return;
    clearFaults();
    const needsCode = store.state.config.publishing.access === "code";
    if (!held() && !draft.isGood()) return;
    if (needsCode && !code.value.trim()) return complain([{ field: "access-code", message: said.codeMissing }]);
    clear();
    const { body, names, about } = held() ?? { body: content(), ...besides() };
    if (made === contentKey(body) && !isWanted) return offerAgain();
    made = null;
    const key = keyFor(body, names, about);
    setBusy(true, body.playlist_id ? said.updating : said.creating);
    try {
      const answer = await ask("api/playlists", {
        method: "POST",
        body,
        headers: { "idempotency-key": key, ...(needsCode && { "x-access-code": code.value.trim() }) },
        timeoutSeconds: TIMEOUT_SECONDS,
      });
      finishPublication();
      made = contentKey(body);
      setBusy(false);
      succeed(answer, body, names, about);
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

  /** Nothing has changed since: a click too many, or there is something to mend at Spotify. */
  function offerAgain() {
    trouble.replaceChildren(
      h(
        "div",
        { class: "note", tabindex: "-1" },
        h("p", {}, said.already),
        h("button", { type: "button", onclick: () => send({ isWanted: true }) }, said.allTheSame),
      ),
    );
    trouble.firstChild.focus();
  }

  function clear() {
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

  function succeed(answer, body, names, about) {
    const before = rememberedPlaylists().find((playlist) => playlist.id === answer.playlist_id);
    rememberPlaylist({
      id: answer.playlist_id,
      title: body.title,
      editToken: answer.edit_token ?? before?.editToken,
      at: before?.at ?? new Date().toISOString(),
    });
    // Another track's list may be on the page by now, which is no update of this playlist.
    const isSameTrack = Boolean(store.state.list) && JSON.stringify(body.seeds) === JSON.stringify(content().seeds);
    // Kept in this browser apart from what is shown, with the playlists that may be updated.
    const { edit_token: _, ...shown } = answer;
    store.update({
      published: {
        ...shown,
        way: "service",
        title: body.title,
        description: body.description ?? "",
        updated: Boolean(body.playlist_id),
        names,
        about,
      },
    });
    offerTargets(isSameTrack ? answer.playlist_id : "");
    leadToShare();
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
          problem.isUncertain && ` ${body.playlist_id ? said.safeUpdate : said.safeCreation}`,
        ),
        problem.retryAt && h("p", {}, said.retryAt(clockTime(problem.retryAt))),
        problem.code === "internal_error" &&
          problem.requestId &&
          h("p", { class: "hint" }, words.problems.report(problem.requestId)),
        (open || problem.isUncertain || problem.status >= 500 || problem.retryAt) && retryButton(problem.retryAt),
        open && h("p", { class: "hint" }, body.playlist_id ? said.heldUpdate : said.heldCreation),
        open && h("button", { type: "button", class: "link", onclick: giveUp }, said.anew),
      ),
    );
  }

  /** The reader would rather have two playlists than wait for the one. */
  function giveUp() {
    finishPublication();
    clear();
    offerTargets(target.value);
    draft.suggestAnew();
    submit.focus();
  }

  function retryButton(retryAt) {
    return againButton({
      label: said.retry,
      labelIn: said.retryIn,
      from: retryAt?.getTime() ?? null,
      act() {
        send();
        if (busy) submit.focus();
      },
    });
  }

  // --- drawing ---

  store.watch(["config"], ({ config }) => {
    const { access = "off", available = false, retry_at: retryAt = null } = config?.publishing ?? {};
    const isOff = access === "off";
    form.hidden = isOff || !available;
    codeField.hidden = access !== "code";
    place.hidden = config === null;
    lead.textContent = isOff ? said.off : said.lead;
    demo.hidden = isOff || !config?.demo?.spotify;
    unavailable.replaceChildren(...(isOff || available || !config ? [] : [closed(retryAt)]));
  });
  store.watch(["published"], ({ published }) => {
    offerTargets(published?.way === "service" ? published.playlist_id : "");
  });

  function closed(retryAt) {
    const when = retryAt ? said.closedUntil(clockTime(new Date(retryAt))) : said.closedUnknown;
    return h(
      "div",
      { class: "trouble" },
      h("p", {}, h("strong", {}, said.closed), ` ${when}`),
      h("button", { type: "button", onclick: () => actions.refreshConfig() }, said.look),
    );
  }

  // A reload in the middle: put back what was being sent, so that sending it again is the same request.
  const unfinished = unfinishedPublication();
  if (unfinished) {
    draft.set({ title: unfinished.body.title, description: unfinished.body.description ?? "" });
    offerTargets(unfinished.body.playlist_id ?? "");
    if (held()) showTrouble(new Problem({ code: "timeout", message: said.left }), unfinished.body);
  }
}
