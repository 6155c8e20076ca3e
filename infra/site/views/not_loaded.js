// Stands where a part of the page stands that could not be loaded: a page that was left open over a deployment asks for
// files that are no longer there, or that do not fit.

import { h } from "../dom.js";
import { words } from "../en.js";

export function notLoaded() {
  const said = words.page.notLoaded;
  return h(
    "div",
    { class: "trouble not-loaded", role: "alert" },
    h("p", {}, navigator.onLine ? said.renewed : said.offline),
    h("button", { type: "button", onclick: () => location.reload() }, said.reload),
  );
}
