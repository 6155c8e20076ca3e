// What a reader pastes: whether it is meant as a link, and which links a longer text holds. The service judges each.
// Pure.

// A field of one line joins lines that were pasted, so a link may begin without a gap; behind a "=" it is part of one.
const START = String.raw`(?<!=)(?:https?://|spotify:(?:track|album):)`;
const LINK = new RegExp(String.raw`${START}(?:(?!${START})[^\s<>"'(),;])+`, "gi");

/** Whether the text is meant as a link or an id, and not as words to search for. */
export const looksLikeLink = (text) => /:\/\/|spotify[.:]|^[0-9A-Za-z]{22}$/i.test(text.trim());

/** Every link in the text in its order, each once. */
export const linksIn = (text) => [...new Set(text.match(LINK) ?? [])];
