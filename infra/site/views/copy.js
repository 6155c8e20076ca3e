// Copying always works: Spotify's desktop app takes pasted addresses, and the playlist is the artist's own.

import { byId, h } from "../dom.js";
import { counted } from "../words.js";

export function mountCopy(store) {
  const place = byId("copy");
  const status = h("p", { class: "status", role: "status" });
  const text = h("textarea", {
    id: "copy-text",
    class: "uris",
    rows: 5,
    readonly: true,
    "aria-label": "The tracks’ addresses, one per line",
    hidden: true,
  });
  const button = h("button", { type: "button", class: "primary", onclick: copy });
  const demo = h(
    "p",
    { class: "hint", hidden: true },
    "In this demonstration the tracks are invented, so Spotify would not find them.",
  );
  const steps = h(
    "p",
    { class: "hint" },
    "Then, in Spotify’s desktop app (phones cannot paste tracks): make a new playlist, click into it and press ",
    h("kbd", {}, "Ctrl"),
    "+",
    h("kbd", {}, "V"),
    " (on a Mac ",
    h("kbd", {}, "⌘"),
    "+",
    h("kbd", {}, "V"),
    "). It is yours, in your own profile.",
  );
  place.append(h("h3", {}, "Into your own profile"), button, status, steps, demo, text);

  const uris = () => (store.state.answer?.tracks ?? []).map((row) => row.uri).filter(Boolean);

  async function copy() {
    const lines = uris().join("\n");
    text.value = lines;
    try {
      await navigator.clipboard.writeText(lines);
      text.hidden = true;
      status.textContent = `${counted(uris().length, "track")} copied.`;
    } catch {
      text.hidden = false;
      text.focus();
      text.select();
      status.textContent = "Your browser did not allow copying. The addresses are selected below: copy them yourself.";
    }
  }

  store.watch(["answer"], () => {
    button.textContent = `Copy ${counted(uris().length, "track")}`;
    status.textContent = "";
    text.hidden = true;
  });
  store.watch(["config"], ({ config }) => {
    demo.hidden = !config?.demo?.catalogue;
  });
}
