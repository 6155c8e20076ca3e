// The reader's own Spotify account: logging in without a secret (PKCE, RFC 7636), and the calls that make a playlist.
//
// The verifier and the state wait in sessionStorage while the reader is at Spotify; the token is kept in this module's
// memory only and is gone with the page. Neither ever reaches the service.

import { Problem } from "./api.js";
import { words } from "./en.js";
import { login, takeReturned, whatReturned } from "./login_return.js";

const TIMEOUT_SECONDS = 20;
const MOST_PER_PAGE = 50;
// As many as the service reads.
const MOST_LIST_PAGES = 40;
// A login that takes longer was left for something else.
const LONGEST_LOGIN_SECONDS = 15 * 60;

let token = null;

// --- logging in ---

/** 43 to 128 characters that nobody can guess. */
export function newVerifier() {
  return base64url(crypto.getRandomValues(new Uint8Array(48)));
}

/** What is sent ahead of the verifier: its SHA-256 in the form of RFC 7636. */
export async function challengeOf(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** Where Spotify sends the reader back to. It is registered letter by letter, so it is the folder of the page. */
export const redirectUri = (address) => new URL("./", address).href.split(/[?#]/, 1)[0];

/**
 * Leave for Spotify's consent. `purpose` is what `purposeOfReturn` tells afterwards. `asksAnew`: also where the reader
 * has allowed it before, so that another account can be chosen.
 */
export async function startLogin(spotify, { scopes, purpose, asksAnew = false }) {
  const verifier = newVerifier();
  const state = newVerifier();
  const address = redirectUri(location.href);
  login.set({
    verifier,
    state,
    address,
    purpose,
    hash: location.hash,
    entry: history.state,
    at: Date.now(),
  });
  const asked = new URLSearchParams({
    client_id: spotify.client_id,
    response_type: "code",
    redirect_uri: address,
    scope: scopes.join(" "),
    state,
    code_challenge_method: "S256",
    code_challenge: await challengeOf(verifier),
    ...(asksAnew && { show_dialog: "true" }),
  });
  location.assign(`${withoutSlash(spotify.accounts)}/authorize?${asked}`);
}

/** Whether the reader has just come back from Spotify. */
export const hasReturned = () => whatReturned() !== null;

/** What the reader was about to do before the login that has just come back, or `null`. */
export function purposeOfReturn() {
  const started = login.get();
  return started && whatReturned()?.state === started.state ? started.purpose : null;
}

/** Turn the return into a token. Rejects with a `Problem`; nothing was done at Spotify then. */
export async function finishLogin(spotify) {
  const given = takeReturned();
  const started = login.get();
  // Once only: a code that comes a second time is somebody else's or an old one.
  login.set(null);
  if (!started || !given?.state || given.state !== started.state) throw problem("login_foreign");
  if (given.error) throw problem(given.error === "access_denied" ? "login_denied" : "login_failed");
  if (Date.now() - started.at > LONGEST_LOGIN_SECONDS * 1000) throw problem("login_late");
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code: given.code,
    redirect_uri: started.address,
    client_id: spotify.client_id,
    code_verifier: started.verifier,
  });
  const { status, body } = await send(`${withoutSlash(spotify.accounts)}/api/token`, { method: "POST", body: form });
  if (status !== 200 || typeof body?.access_token !== "string") throw problem("login_failed", { status });
  token = body.access_token;
}

export const isLoggedIn = () => token !== null;

export function logOut() {
  token = null;
}

// --- calls ---

/** Spotify's Web API as far as a playlist needs it. `spotify` is what the service's configuration says of it. */
export class SpotifyAccount {
  #api;

  constructor(spotify) {
    this.#api = `${withoutSlash(spotify.api)}/`;
  }

  async createPlaylist({ name, description }) {
    const body = await this.#ask("POST", "me/playlists", { name, description, public: true });
    // A success that names no playlist may have made one.
    if (typeof body?.id !== "string") throw problem("spotify_uncertain");
    return body.id;
  }

  async changeDetails(id, { name, description }) {
    await this.#ask("PUT", `playlists/${id}`, { name, description, public: true }, { mayBeEmpty: true });
  }

  /** Put these tracks in the place of all others. */
  async replaceItems(id, uris) {
    await this.#ask("PUT", `playlists/${id}/items`, { uris });
  }

  async appendItems(id, uris) {
    await this.#ask("POST", `playlists/${id}/items`, { uris });
  }

  /** Every row of the playlist: `{uri, isPlayable}`, `uri` null where Spotify shows nothing. */
  async readItems(id) {
    const rows = [];
    for (let offset = 0; ; offset += MOST_PER_PAGE) {
      // The account's own country counts, whatever is named; without a name Spotify does not say what can be played.
      const query = new URLSearchParams({ limit: MOST_PER_PAGE, offset, market: "US", additional_types: "track" });
      const page = await this.#ask("GET", `playlists/${id}/items?${query}`);
      const items = listIn(page);
      rows.push(...items.map((row) => row?.item ?? row?.track ?? null));
      if (items.length === 0 || !page.next) break;
    }
    return rows.map((item) => ({ uri: item?.uri ?? null, isPlayable: item !== null && item.is_playable !== false }));
  }

  /** The ids of the playlists whose description holds `reference`, newest first, and whether all were read. */
  async findPlaylists(reference) {
    const ids = new Set();
    for (let page = 0; page < MOST_LIST_PAGES; page += 1) {
      const wasFound = ids.size > 0;
      const answer = await this.#ask("GET", `me/playlists?limit=${MOST_PER_PAGE}&offset=${page * MOST_PER_PAGE}`);
      const rows = listIn(answer);
      for (const row of rows) if (row?.description?.includes(reference)) ids.add(row.id);
      if (rows.length === 0 || !answer.next) return { ids: [...ids], isComplete: true };
      // Twins are made one after the other, so they are neighbours; reading on would cost quota.
      if (wasFound) break;
    }
    return { ids: [...ids], isComplete: false };
  }

  /** `jpeg` is base64 text without line breaks. */
  async setCover(id, jpeg) {
    await this.#ask("PUT", `playlists/${id}/images`, jpeg, { mayBeEmpty: true });
  }

  async #ask(method, path, content, { mayBeEmpty = false } = {}) {
    if (!token) throw problem("login_expired");
    const headers = { authorization: `Bearer ${token}` };
    const options = { method, headers };
    if (typeof content === "string") {
      headers["content-type"] = "image/jpeg";
      options.body = content;
    } else if (content !== undefined) {
      headers["content-type"] = "application/json";
      options.body = JSON.stringify(content);
    }
    const { status, headers: answered, text, body } = await send(`${this.#api}${path}`, options);
    if (status >= 200 && status < 300) {
      // An empty or foreign success comes from something in between, such as a network's sign-in page.
      if (body === null && !mayBeEmpty) throw problem("spotify_uncertain");
      return body;
    }
    throw refusal(status, answered, text, body);
  }
}

async function send(address, options) {
  const limit = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  if (!navigator.onLine) throw problem("spotify_offline");
  try {
    const response = await fetch(address, { ...options, signal: limit, cache: "no-store", credentials: "omit" });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  } catch {
    throw problem("spotify_uncertain");
  }
}

/** What an answer other than success means for the reader. */
export function refusal(status, headers, text, body) {
  const said = typeof body?.error === "object" ? `${body.error?.message ?? ""}` : text;
  if (status === 401 || (status === 403 && /scope/i.test(said))) {
    if (status === 401) logOut();
    return problem(status === 401 ? "login_expired" : "login_narrow", { status });
  }
  if (status === 403) return problem(/premium/i.test(said) ? "spotify_lapsed" : "spotify_not_listed", { status });
  if (status === 404) return problem("spotify_gone", { status });
  if (status === 429) {
    const seconds = Number.parseInt(headers.get("retry-after") ?? "", 10);
    const retryAt = Number.isFinite(seconds) ? new Date(Date.now() + seconds * 1000) : null;
    const isQuota = body?.error?.reason === "QUOTA_EXCEEDED";
    return problem(isQuota ? "spotify_quota" : "spotify_slow_down", { status, retryAt });
  }
  if (status >= 500) return problem("spotify_uncertain", { status });
  return problem("spotify_refused", { status });
}

/** What `code` means, as it is told. */
export function problem(code, more = {}) {
  return new Problem({ code, message: words.take.own.problems[code], ...more });
}

const listIn = (page) => (Array.isArray(page?.items) ? page.items : []);

const withoutSlash = (address) => address.replace(/\/+$/, "");

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
