// Buttons that save the list as a file, in the forms that other programs take.

import { h } from "../dom.js";
import { words } from "../en.js";
import { fileName, toCsv, toJspf, toUris } from "../export.js";
import { saveFile } from "../taking.js";

/** `titleNow()` names the files; `tell(text, button)` says what was saved. */
export function fileButtons(store, titleNow, tell) {
  const rows = () => store.state.list?.rows ?? [];
  const genres = () => store.state.answer?.genre?.used ?? [];
  const forms = {
    uris: [".txt", "text/plain", () => toUris(rows())],
    csv: [".csv", "text/csv", () => toCsv(rows())],
    jspf: [".jspf", "application/jspf+json", () => toJspf(rows(), { title: titleNow(), genres: genres() })],
  };
  return h(
    "div",
    { class: "buttons" },
    Object.entries(forms).map(([name, [suffix, type, write]]) =>
      h(
        "button",
        { type: "button", onclick: ({ currentTarget }) => save(write(), type, suffix, currentTarget) },
        words.take.export[name],
      ),
    ),
  );

  function save(content, type, suffix, button) {
    const name = fileName(titleNow(), suffix);
    saveFile(content, type, name);
    tell(words.take.export.saved(name), button);
  }
}
