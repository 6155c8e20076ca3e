// The way back from Spotify's login. Imported before anything reads the address: what Spotify added to it is taken out,
// so that the code is in no bookmark and no shared link, and what stood there when the reader left is put back.

import { Remembered } from "./storage.js";

/** What waits in this tab while the reader is at Spotify: `{verifier, state, address, purpose, hash, entry, at}`. */
export const login = new Remembered("sessionStorage", "login");

const NAMES = ["code", "error", "state"];
let returned = null;

/** Whether the address is one that Spotify sends readers back to. */
export const isReturn = (search) => {
  const given = new URLSearchParams(search);
  return given.has("state") && (given.has("code") || given.has("error"));
};

/** What Spotify sent back, `{code, error, state}`, or `null`. */
export const whatReturned = () => returned;

/** The same, once. */
export function takeReturned() {
  const taken = returned;
  returned = null;
  return taken;
}

if (globalThis.location && isReturn(location.search)) {
  const given = new URLSearchParams(location.search);
  returned = Object.fromEntries(NAMES.map((name) => [name, given.get(name)]));
  for (const name of NAMES) given.delete(name);
  const before = login.get();
  const rest = given.size > 0 ? `?${given}` : "";
  history.replaceState(
    before?.entry ?? history.state,
    "",
    `${location.pathname}${rest}${location.hash || (before?.hash ?? "")}`,
  );
}
