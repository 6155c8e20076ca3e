// What a reader pastes: whether it is meant as a link, and which links a longer text holds. The service judges each.
// Pure.

// A field of one line joins lines that were pasted, so a link may begin without a gap; behind a "=" it is part of one.
// An address without its scheme needs the gap.
const START = String.raw`(?<!=)(?:https?://|spotify:(?:track|album):|(?<![\w./:-])open\.spotify\.com/)`;
const LINK = new RegExp(String.raw`${START}(?:(?!${START})[^\s<>"'(),;])+`, "gi");

/** Whether the text is meant as a link or an id, and not as words to search for. */
export const looksLikeLink = (text) => /:\/\/|spotify[.:]|^[0-9A-Za-z]{22}$/i.test(text.trim());

// What ends a sentence ends no link.
const STOP = /[.!?:…]+$/;

/** Every link in the text in its order, each once. Beside links to Spotify, those to other places are not meant. */
export function linksIn(text) {
  const links = [...new Set((text.match(LINK) ?? []).map((link) => link.replace(STOP, "")))];
  const spotify = links.filter((link) => /spotify[.:]/i.test(link));
  return spotify.length > 0 ? spotify : links;
}

/** What a text asks for: its links, as of an embed code or a message; without any it stays as it is to be judged. */
export function linksToAsk(text) {
  const links = linksIn(text);
  return links.length > 0 ? links : [text];
}
