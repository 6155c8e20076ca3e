// Puts the page together: the state, what the reader can do, and the views that show it.

// First: what Spotify’s login added to the address is taken out before anything reads it.
import "./login_return.js";
import { emptyState, makeActions } from "./actions.js";
import { byId } from "./dom.js";
import { keepList } from "./keeping.js";
import { linksToAsk, looksLikeLink } from "./links.js";
import { Store } from "./store.js";
import { notLoaded } from "./views/not_loaded.js";
import { textFor } from "./words.js";

// Where each view stands. Each is loaded by itself, so that one that fails leaves the others standing.
const FIRST = {
  banner: "banner",
  start: "start",
  last: "last",
  examples: "examples",
  problem: "problem",
  about: "about",
};
const WITH_SEED = { seed_card: "seeds", remedies: "remedies", tune: "tune", flow: "flow", list: "list" };
// Not needed to read the first list, so it does not wait for them.
const LATER = { take: "take", share: "share" };
const MOST_CHARACTERS = 2048;

const store = new Store(emptyState());
const actions = makeActions(store, { say, onNewList: () => kept.begin(), leadToList: () => leadTo("list-heading") });
const kept = keepList(store, actions);
actions.openLast = kept.openLast;

putWords();
await mount({ ...FIRST, ...WITH_SEED });
frame();
takeFromAddress();
// First, so that the rows need not be drawn again when it is known what they stand for.
actions.load();
kept.resume();
keepPage();
once(
  ["list"],
  ({ list }) => list !== null,
  () => mount(LATER, aMoment),
);

/** Start these views by the functions named after their places; one that cannot be loaded says so in its place. */
function mount(views, before = () => {}) {
  return Promise.all(
    Object.entries(views).map(async ([name, id]) => {
      const place = byId(id);
      const standing = [...place.childNodes];
      try {
        const module = await import(`./views/${name}.js`);
        await before();
        module[`mount${id[0].toUpperCase()}${id.slice(1)}`](place, store, actions);
      } catch (error) {
        // Once is enough where several parts are missing; what a part had begun to show is of no use.
        const isTold = document.querySelector(".not-loaded") !== null;
        place.replaceChildren(...standing, ...(isTold ? [] : [notLoaded()]));
        place.hidden = isTold && standing.length === 0;
        console.error(error);
      }
    }),
  );
}

/** Until there is nothing else to do: what nobody waits for begins then, so that a slow phone answers its reader. */
function aMoment() {
  return new Promise((resolve) => {
    if (globalThis.requestIdleCallback) requestIdleCallback(resolve, { timeout: 200 });
    else setTimeout(resolve);
  });
}

/** Call `act` when the state is first as `isReady` wants it. */
function once(names, isReady, act) {
  let isDone = false;
  store.watch(names, (state) => {
    if (isDone || !isReady(state)) return;
    isDone = true;
    act();
  });
}

/** What stands in the page's own markup is said by the same module as everything else. */
function putWords() {
  for (const element of document.querySelectorAll("[data-words]")) {
    const text = textFor(element.dataset.words);
    if (element.textContent.replace(/\s+/g, " ").trim() !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-label-words]")) {
    element.setAttribute("aria-label", textFor(element.dataset.labelWords));
  }
}

/** The frame around the views: which parts there are, and the ways from one to the other. */
function frame() {
  const fold = byId("tune-fold");
  const isWide = window.matchMedia("(min-width: 64rem)");
  const setFold = () => {
    fold.open = isWide.matches;
  };
  isWide.addEventListener("change", setFold);
  setFold();

  store.watch(["seeds", "list", "isComing"], ({ seeds, list, isComing }) => {
    document.body.dataset.stage = list || isComing ? "list" : seeds.length > 0 ? "seed" : "start";
    document.body.classList.toggle("coming", isComing);
    fold.hidden = !list;
  });
  // The stage is known from here on; until then only the address told it.
  document.documentElement.classList.remove("linked");
  for (const id of ["another", "home"]) {
    byId(id).addEventListener("click", (event) => {
      event.preventDefault();
      actions.startOver();
      byId("track").focus();
    });
  }

  // A place on this page is no entry of the tab's history, and the list stays in the address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const id = link.getAttribute("href").slice(1);
    byId(id)?.scrollIntoView({ block: "start" });
    leadTo(byId(`${id}-heading`) ? `${id}-heading` : id);
  });

  // The bar at the foot leads to what is in sight already.
  const bar = byId("foot-bar");
  new IntersectionObserver((seen) => bar.classList.toggle("away", seen.at(-1).isIntersecting)).observe(byId("take"));
}

/** Tell it to those who cannot see it, also when the same was said before. */
function say(text) {
  const status = byId("status");
  status.textContent = "";
  setTimeout(() => {
    status.textContent = text;
  }, 50);
}

/** Focus a part, and bring it up if it is not near the top of the window anyway. */
function leadTo(id) {
  const part = byId(id);
  if (!part) return;
  part.focus({ preventScroll: true });
  const { top } = part.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) part.scrollIntoView({ block: "start" });
}

/**
 * The track that the address asks for: somebody followed such a link, or sent the form before this page was ready to
 * take it. The address is cleaned, so that a reload shows what the reader did since.
 */
function takeFromAddress() {
  const asked = new URLSearchParams(location.search).get("track");
  if (asked === null) return;
  history.replaceState(history.state, "", location.pathname + location.hash);
  const text = asked.trim().slice(0, MOST_CHARACTERS);
  if (looksLikeLink(text)) return actions.ask(linksToAsk(text));
  // Words find tracks to pick from, as if they had just been typed.
  const field = byId("track");
  field.value = text;
  field.focus();
  field.dispatchEvent(new Event("input"));
}

/** Let the browser keep the page's files, so that a reload without a network shows the page and the list on it. */
async function keepPage() {
  try {
    await navigator.serviceWorker.register("offline.js");
    const { active } = await navigator.serviceWorker.ready;
    const files = performance.getEntriesByType("resource").map(({ name }) => name.replace(/[?#].*/, ""));
    const own = files.filter((name) => name.startsWith(location.origin) && !new URL(name).pathname.startsWith("/api/"));
    active.postMessage([...new Set([location.origin + location.pathname, ...own])]);
  } catch {
    // Private windows and plain HTTP have none of this; the page is as good, but needs a network to open.
  }
}
