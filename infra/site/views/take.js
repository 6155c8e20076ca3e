// "Take it to Spotify": copying first, then a name and a cover, then the two ways in which it is made for the artist.

import { h } from "../dom.js";
import { words } from "../en.js";
import { mountCopy } from "./copy.js";
import { mountNaming } from "./naming.js";
import { mountOwnAccount } from "./own_account.js";
import { mountPublish } from "./publish.js";

export function mountTake(place, store, actions) {
  const copy = h("section", { id: "copy", class: "taking", "aria-labelledby": "copy-heading" });
  const naming = h("section", { id: "naming", class: "taking", "aria-labelledby": "naming-heading" });
  const own = h("section", { id: "own", class: "taking", "aria-labelledby": "own-heading", hidden: true });
  const publish = h("section", { id: "publish", class: "taking", "aria-labelledby": "publish-heading" });
  place.classList.add("card");
  place.setAttribute("aria-labelledby", "take-heading");
  place.append(
    h(
      "header",
      {},
      h("h2", { id: "take-heading", tabindex: "-1" }, words.take.heading),
      h("p", { class: "hint" }, words.take.lead),
    ),
    copy,
    naming,
    h("div", { class: "accounts" }, own, publish),
  );
  const draft = mountNaming(naming, store);
  mountCopy(copy, store, actions, draft);
  mountOwnAccount(own, store, actions, draft);
  mountPublish(publish, store, actions, draft);
  store.watch(["list"], ({ list }) => {
    place.hidden = !list;
  });
}
