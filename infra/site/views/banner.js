// What is true of the whole page: that this is a demonstration, and that there is no connection.

import { h } from "../dom.js";
import { words } from "../en.js";

export function mountBanner(place, store) {
  const demo = h("p", { class: "banner", hidden: true });
  const connection = h("p", { class: "banner", hidden: true, role: "status" });

  store.watch(["config"], ({ config }) => {
    const facts = Object.entries(words.about.demo.facts)
      .filter(([name]) => config?.demo?.[name])
      .map(([, text]) => text);
    demo.hidden = facts.length === 0;
    demo.replaceChildren(h("strong", {}, words.about.demo.heading), " ", facts.join(" "));
    arrange();
  });
  store.watch(["offline", "list"], ({ offline, list }) => {
    const said = list ? words.page : words.page.empty;
    const text = offline ? (navigator.onLine ? said.unreachable : said.offline) : "";
    if (connection.hidden === !offline && connection.textContent === text) return;
    connection.hidden = !offline;
    connection.textContent = text;
    arrange();
  });

  function arrange() {
    place.replaceChildren(...[demo, connection].filter((line) => !line.hidden));
  }
}
