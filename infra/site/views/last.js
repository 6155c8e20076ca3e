// Offers what was worked on last, in another tab or on an earlier day. Nothing is opened unasked.

import { h } from "../dom.js";
import { words } from "../en.js";
import { clockTime, counted } from "../words.js";

export function mountLast(place, store, actions) {
  store.watch(["last"], ({ last }) => {
    place.hidden = !last;
    if (!last) return;
    place.replaceChildren(
      h(
        "button",
        { type: "button", class: "last-open", onclick: () => actions.openLast() },
        h("b", {}, words.page.last.open(last.title)),
        h("span", {}, words.page.last.details(counted(last.count, "track"), clockTime(new Date(last.at)))),
      ),
    );
  });
}
