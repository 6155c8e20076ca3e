// Two ways out of the page: the clipboard and a file.

import { h } from "./dom.js";

/** Put a text on the clipboard. Where that is refused, `field` is shown with its text selected: `false`. */
export async function toClipboard(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.hidden = false;
    field.focus();
    field.select();
    return false;
  }
}

/** Save a text or a picture under a name. */
export function saveFile(content, type, name) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  // The download has to have begun; nothing tells when it has.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
