// What is true of the whole page: that this is a demonstration, and that there is no connection.

import { byId, h } from "../dom.js";
import { words } from "../en.js";

export function mountBanner(place, store) {
  // Beside the page's name, where it moves nothing when it comes.
  const demo = byId("demo");
  store.watch(["config"], ({ config }) => {
    const facts = Object.entries(words.about.demo.facts)
      .filter(([name]) => config?.demo?.[name])
      .map(([, text]) => text);
    demo.hidden = facts.length === 0;
    demo.replaceChildren(h("summary", {}, words.about.demo.heading), h("p", {}, facts.join(" ")));
  });
  // It lies over the page, so it goes when the reader goes on with something else.
  document.addEventListener("click", ({ target }) => {
    if (!demo.contains(target)) demo.open = false;
  });
  demo.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    demo.open = false;
    demo.firstChild.focus();
  });

  const connection = h("p", { class: "banner", role: "status" });
  store.watch(["offline", "list"], ({ offline, list }) => {
    const said = list ? words.page : words.page.empty;
    const text = offline ? (navigator.onLine ? said.unreachable : said.offline) : "";
    if (connection.isConnected === offline && connection.textContent === text) return;
    connection.textContent = text;
    if (offline) place.replaceChildren(connection);
    else connection.remove();
  });
}
