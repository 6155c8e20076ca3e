// The playlist in the reader's own account: this page itself calls Spotify, step by step, each with its own tick.

import { Problem } from "../api.js";
import { h, unseen } from "../dom.js";
import { words } from "../en.js";
import {
  STEPS,
  alone,
  carryOut,
  dropRecord,
  forgetOwnPlaylist,
  isBegun,
  keyOf,
  newRecord,
  ownPlaylists,
  recordOf,
  saveRecord,
  unfinishedRecord,
} from "../own_publication.js";
import { contentOf, namesOf } from "../sending.js";
import {
  SpotifyAccount,
  finishLogin,
  hasReturned,
  isLoggedIn,
  logOut,
  problem as spotifyProblem,
  purposeOfReturn,
  startLogin,
} from "../spotify_account.js";
import { aboutList } from "../suggestions.js";
import { clockTime } from "../words.js";
import { againButton } from "./again.js";
import { pictureOf } from "./naming.js";
import { leadToShare } from "./share.js";

const SCOPES = ["playlist-modify-public", "playlist-read-private"];
const COVER_SCOPE = "ugc-image-upload";
const NEEDS_LOGIN = ["login_denied", "login_foreign", "login_failed", "login_late", "login_expired", "login_narrow"];
// Trying again leads nowhere before somebody else has done something.
const HOPELESS = ["spotify_not_listed", "spotify_lapsed"];
const SIGNS = { waiting: "○", doing: "…", done: "✓", failed: "✕", skipped: "–" };

export function mountOwnAccount(place, store, actions, draft) {
  const said = words.take.own;
  const target = h("select", { id: "own-target", onchange: redraw });
  const targetField = h("div", { class: "field" }, h("label", { for: "own-target" }, said.target), target);
  const withCover = h("input", { id: "own-cover", type: "checkbox", checked: true });
  const submit = h("button", { type: "submit" });
  const form = h(
    "form",
    { id: "own-create", novalidate: true, onsubmit: begin },
    targetField,
    h("label", { class: "check" }, withCover, said.withCover),
    submit,
  );
  const steps = h("ol", { class: "progress", hidden: true });
  const progress = h("p", { class: "visually-hidden", role: "status" });
  const trouble = h("div", { role: "alert" });
  const demo = h("p", { class: "hint", hidden: true }, said.demo);
  place.append(
    h("h3", { id: "own-heading" }, said.heading),
    h("p", { class: "hint" }, said.lead),
    h(
      "details",
      { class: "more" },
      h("summary", {}, said.about),
      h("p", { class: "hint" }, said.promise),
      h("p", { class: "hint" }, said.five),
    ),
    demo,
    form,
    steps,
    progress,
    trouble,
  );
  let busy = false;
  // What is being made, or could not be finished.
  let current = null;
  // Whether Spotify is to ask who is logging in, although it may know one.
  let asksAnew = false;

  const spotify = () => store.state.config?.spotify ?? null;
  const chosenPlaylist = () => ownPlaylists().find((playlist) => playlist.id === target.value) ?? null;

  // --- the form ---

  function redraw() {
    const isUpdate = chosenPlaylist() !== null;
    if (isLoggedIn()) submit.textContent = isUpdate ? said.update : said.create;
    else submit.textContent = isUpdate ? said.logInUpdate : said.logIn;
    // Not `disabled`, which would throw the focus away.
    submit.setAttribute("aria-disabled", String(busy));
    submit.classList.toggle("working", busy);
    form.hidden = !busy && current !== null;
    target.disabled = busy;
    withCover.disabled = busy;
    draft.hold("own", busy || current !== null);
  }

  function offerTargets(chosen = target.value) {
    const playlists = ownPlaylists();
    targetField.hidden = playlists.length === 0;
    target.replaceChildren(
      h("option", { value: "" }, said.newTarget),
      ...playlists.map(({ id, title, at }) =>
        h("option", { value: id }, said.oldTarget(title, clockTime(new Date(at)))),
      ),
    );
    target.value = playlists.some(({ id }) => id === chosen) ? chosen : "";
    redraw();
  }

  function content() {
    const { list, answer } = store.state;
    return {
      title: draft.title,
      description: draft.description,
      ...contentOf(list),
      names: namesOf(list),
      about: aboutList(list.rows, answer),
    };
  }

  // --- making it ---

  async function begin(event) {
    event.preventDefault();
    if (busy || !draft.isGood()) return;
    // Before the first pause: a second click must find it taken.
    busy = true;
    clear();
    redraw();
    const chosen = target.value || null;
    const record = await recordFor(content(), chosen, 0);
    if (record.done) return offerAnother(record, chosen);
    await goOn(record);
  }

  /** The record of this content, or a new one. */
  async function recordFor(body, chosen, again) {
    const key = await keyOf({ ...body, target: chosen, again });
    const known = recordOf(key);
    const cover = withCover.checked ? draft.cover : null;
    return known ?? newRecord(key, body, { cover, target: chosen, at: Date.now() });
  }

  /** Made before: shown again, and only a clear wish makes a second one. */
  function offerAnother(record, chosen) {
    busy = false;
    publish(record);
    // What was published last is offered for a change; here the second of two clicks would change it.
    offerTargets(chosen ?? "");
    trouble.replaceChildren(
      h(
        "div",
        { class: "note", tabindex: "-1" },
        h("p", {}, said.already),
        h(
          "div",
          { class: "buttons" },
          h("a", { class: "button", href: addressOf(record.done.id), target: "_blank", rel: "noopener" }, said.open),
          !chosen && h("button", { type: "button", onclick: () => makeAnother(record) }, said.another),
        ),
      ),
    );
    trouble.firstChild.focus();
  }

  async function makeAnother(record) {
    if (busy) return;
    busy = true;
    clear();
    redraw();
    let again = 1;
    let next = await recordFor(record.content, null, again);
    while (next.done) next = await recordFor(record.content, null, ++again);
    await goOn(next);
  }

  /** With a login: carry it out. Without one: leave for Spotify, to come back to it. */
  async function goOn(record) {
    current = record;
    busy = true;
    clear();
    redraw();
    // Another tab may have come further with it.
    if (!recordOf(record.key)) saveRecord(record);
    if (!isLoggedIn()) {
      // Spotify’s page would not come, and this one would be gone.
      if (!navigator.onLine) return stay(record);
      showSteps(record, "login");
      progress.textContent = said.leaving;
      const scopes = record.cover ? [...SCOPES, COVER_SCOPE] : SCOPES;
      await startLogin(spotify(), { scopes, purpose: record.key, asksAnew });
      return;
    }
    await alone(record.key, () => carry(record), elsewhere);
  }

  function stay(record) {
    busy = false;
    if (!isBegun(record)) dropRecord(record.key);
    showSteps(record, "login", true);
    showTrouble(spotifyProblem("spotify_offline"));
  }

  function elsewhere() {
    busy = false;
    current = null;
    steps.hidden = true;
    redraw();
    showTrouble(new Problem({ code: "own_busy", message: said.busyElsewhere }));
  }

  async function carry(given) {
    // Another tab may have come further meanwhile.
    const record = recordOf(given.key) ?? given;
    let step = "create";
    try {
      if (!record.done) showSteps(record, step);
      const finished = record.done
        ? record
        : await carryOut(record, {
            account: new SpotifyAccount(spotify()),
            save: saveRecord,
            now: Date.now,
            coverOf: ({ cover }) => pictureOf(cover),
            tell(name) {
              step = name;
              showSteps(record, name);
            },
          });
      busy = false;
      current = null;
      progress.textContent = "";
      showSteps(finished, null);
      offerTargets(finished.done.id);
      publish(finished);
      if (finished.done.coverProblem) {
        trouble.replaceChildren(h("div", { class: "note" }, h("p", {}, said.coverFailed)));
      }
      leadToShare();
    } catch (problem) {
      busy = false;
      current = recordOf(given.key) ?? record;
      // Nothing was sent that could have made anything: the form is free again.
      if (!isBegun(current)) dropRecord(current.key);
      redraw();
      if (!(problem instanceof Problem)) throw problem;
      showSteps(current, step, true);
      if (problem.code === "spotify_gone" && current.target) {
        forgetOwnPlaylist(current.target);
        offerTargets("");
      }
      showTrouble(problem);
    }
  }

  const addressOf = (id) => `${store.state.config?.open_playlists_at ?? ""}${id}`;

  function publish({ content: body, done, target: updated }) {
    store.update({
      published: {
        way: "own",
        playlist_id: done.id,
        url: addressOf(done.id),
        title: body.title,
        description: body.description,
        tracks_added: done.tracks,
        replaced: done.replaced,
        left_out: done.leftOut,
        to_add: body.unreleased,
        names: body.names,
        about: body.about,
        updated: updated !== null,
      },
    });
  }

  // --- what is shown ---

  function clear() {
    trouble.replaceChildren();
    progress.textContent = "";
  }

  /** All steps before `now` are done; `null` for all of them. */
  function showSteps(record, now, isFailed = false) {
    steps.hidden = false;
    const names = STEPS.filter((name) => name !== "cover" || record.cover);
    const at = now === null ? names.length : names.indexOf(now);
    steps.replaceChildren(
      ...names.map((name, place) => {
        let state = place < at ? "done" : place > at ? "waiting" : isFailed ? "failed" : "doing";
        if (name === "cover" && record.done?.coverProblem) state = "failed";
        const label = labelOf(name, record);
        return h(
          "li",
          { "data-step": name, "data-state": state },
          h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
          h("span", {}, label, unseen(`: ${said.states[state]}`)),
        );
      }),
    );
    if (now && !isFailed) progress.textContent = `${labelOf(now, record)}: ${said.states.doing}`;
  }

  function labelOf(name, { content: body, target: updated }) {
    if (name === "fill") return said.steps.fill(body.uris.length);
    return name === "create" && updated ? said.steps.update : said.steps[name];
  }

  function showTrouble(problem) {
    clear();
    // "Start anew" where something may have been made; without it, the form below is as good as new.
    const isOpen = current !== null && isBegun(current);
    const isLogin = NEEDS_LOGIN.includes(problem.code);
    // Another account may be let in.
    if (isLogin || problem.code === "spotify_not_listed") logOut();
    asksAnew = problem.code === "spotify_not_listed";
    if (!isOpen) current = null;
    redraw();
    const record = current;
    const isLimited = ["spotify_quota", "spotify_slow_down"].includes(problem.code);
    const goes = record && !HOPELESS.includes(problem.code);
    trouble.replaceChildren(
      h(
        "div",
        { class: "trouble", tabindex: "-1" },
        h("p", {}, h("strong", {}, said.headings[problem.code] ?? words.problems.heading), ". ", problem.message),
        isLimited && !record && h("p", {}, said.nothing),
        isLimited && h("p", {}, problem.retryAt ? said.retryAt(clockTime(problem.retryAt)) : said.retryUnknown),
        goes && resumeButton(record, problem.retryAt?.getTime() ?? record.retryAt),
        record && h("p", { class: "hint" }, said.unfinished(record.content.title)),
        record?.playlistId &&
          h("a", { href: addressOf(record.playlistId), target: "_blank", rel: "noopener" }, said.open),
        record && h("button", { type: "button", class: "link", onclick: giveUp }, said.anew),
        record?.createSentAt && h("p", { class: "hint" }, said.anewHint),
      ),
    );
    trouble.firstChild.focus();
  }

  const resumeButton = (record, from) =>
    againButton({
      label: isLoggedIn() ? said.retry : said.logInAgain,
      labelIn: said.retryIn,
      from,
      act() {
        if (!busy) goOn(recordOf(record.key) ?? record);
      },
    });

  /** The reader would rather have two playlists than wait for the one. */
  function giveUp() {
    if (busy) return;
    dropRecord(current.key);
    current = null;
    clear();
    steps.hidden = true;
    draft.hold("own", false);
    draft.suggestAnew();
    offerTargets();
    submit.focus();
  }

  /** Left in the middle, by a reload or a closed tab. */
  function offerUnfinished() {
    const record = unfinishedRecord();
    if (!record) return;
    current = record;
    draft.set(record.content);
    redraw();
    trouble.replaceChildren(
      h(
        "div",
        { class: "trouble", tabindex: "-1" },
        h("p", {}, h("strong", {}, said.headings.own_unfinished), ". ", said.unfinished(record.content.title)),
        resumeButton(record, record.retryAt),
        h("button", { type: "button", class: "link", onclick: giveUp }, said.anew),
        record.createSentAt && h("p", { class: "hint" }, said.anewHint),
      ),
    );
  }

  async function comeBack() {
    const key = purposeOfReturn();
    const record = key && recordOf(key);
    busy = true;
    if (record) {
      current = record;
      draft.set(record.content);
      showSteps(record, "login");
    }
    redraw();
    place.scrollIntoView({ block: "start" });
    try {
      await finishLogin(spotify());
    } catch (problem) {
      busy = false;
      if (!(problem instanceof Problem)) throw problem;
      if (record) {
        showSteps(record, "login", true);
        // Nothing was sent for it yet, so there is nothing to go on with.
        const now = recordOf(key);
        if (now && !isBegun(now)) dropRecord(key);
      }
      showTrouble(problem);
      return;
    }
    if (record) return alone(record.key, () => carry(record), elsewhere);
    busy = false;
    redraw();
  }

  // The way back from Spotify's page may show this one as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !busy || isLoggedIn()) return;
    busy = false;
    current = null;
    steps.hidden = true;
    clear();
    redraw();
  });

  let isReady = false;
  store.watch(["config", "list"], ({ config, list }) => {
    place.hidden = !config?.spotify?.client_id;
    demo.hidden = !config?.demo?.spotify;
    if (isReady || !list || !config?.spotify?.client_id) return;
    isReady = true;
    if (hasReturned()) comeBack();
    else offerUnfinished();
  });
  store.watch(["published"], ({ published }) => {
    if (!published && !busy && !current) steps.hidden = true;
    offerTargets(published?.way === "own" ? published.playlist_id : "");
  });
}
