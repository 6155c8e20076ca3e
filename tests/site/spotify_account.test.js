// Logging in without a secret, and what Spotify's refusals mean.

import assert from "node:assert/strict";
import test from "node:test";

import { isReturn } from "../../infra/site/login_return.js";
import { challengeOf, newVerifier, redirectUri, refusal } from "../../infra/site/spotify_account.js";

test("the challenge of the example in RFC 7636, appendix B", async () => {
  assert.equal(
    await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});

test("a verifier has the length and the letters of the standard, and is another one each time", () => {
  const verifiers = new Set(Array.from({ length: 50 }, newVerifier));
  assert.equal(verifiers.size, 50);
  for (const verifier of verifiers) assert.match(verifier, /^[A-Za-z0-9_-]{43,128}$/);
});

test("the address to come back to is the page's folder, without what follows", () => {
  assert.equal(redirectUri("https://a.test/index.html?code=1#x"), "https://a.test/");
  assert.equal(redirectUri("http://127.0.0.1:8000/"), "http://127.0.0.1:8000/");
  assert.equal(redirectUri("https://a.test/sub/?x=/y/z"), "https://a.test/sub/");
});

test("only an answer with a state is taken for one of Spotify's", () => {
  assert.ok(isReturn("?code=a&state=b"));
  assert.ok(isReturn("?error=access_denied&state=b"));
  assert.equal(isReturn("?code=a"), false);
  assert.equal(isReturn("?track=x"), false);
});

const of = (status, text, headers = {}) => {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Spotify answers some refusals in plain text.
  }
  return refusal(status, new Headers(headers), text, body);
};

for (const [status, text, code] of [
  [401, '{"error":{"status":401,"message":"The access token expired"}}', "login_expired"],
  [403, '{"error":{"status":403,"message":"Insufficient client scope"}}', "login_narrow"],
  [403, "User not registered in the Developer Dashboard", "spotify_not_listed"],
  [403, "Active premium subscription required for the owner of the app.", "spotify_lapsed"],
  [403, '{"error":{"status":403,"message":"Forbidden"}}', "spotify_not_listed"],
  [404, "", "spotify_gone"],
  [429, '{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}', "spotify_quota"],
  [429, "Too many requests", "spotify_slow_down"],
  [502, "<html>", "spotify_uncertain"],
  [400, '{"error":"odd"}', "spotify_refused"],
]) {
  test(`${status} with ${text.slice(0, 40)} means ${code}, in words`, () => {
    const problem = of(status, text);
    assert.equal(problem.code, code);
    assert.ok(problem.message.length > 20);
  });
}

test("the time that Spotify names is kept, and is unknown where the browser hides it", () => {
  const problem = of(429, "Too many requests", { "retry-after": "3600" });
  assert.ok(Math.abs(problem.retryAt - Date.now() - 3_600_000) < 60_000);
  assert.equal(of(429, "Too many requests").retryAt, null);
});
