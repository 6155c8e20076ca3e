// What the page makes of answers, and of what comes instead of them.

import assert from "node:assert/strict";
import test from "node:test";

import { Latest, Problem, ask } from "../../infra/site/api.js";

function answering(status, body, headers = {}) {
  globalThis.fetch = async () => new Response(body, { status, headers });
}

async function problemOf(status, body, headers) {
  answering(status, body, headers);
  return ask("api/config").then(
    () => assert.fail("a problem was expected"),
    (problem) => problem,
  );
}

test("an answer of the service is its JSON", async () => {
  answering(200, '{"tracks": []}');
  assert.deepEqual(await ask("api/config"), { tracks: [] });
});

test("a problem of the service keeps its code, its words and its time", async () => {
  const body = JSON.stringify({ code: "cap_reached", detail: "In its words.", retry_at: "2026-11-23T00:00:00Z" });
  const problem = await problemOf(429, body, { "retry-after": "7" });
  assert.ok(problem instanceof Problem);
  assert.deepEqual([problem.code, problem.message], ["cap_reached", "In its words."]);
  assert.equal(problem.retryAt.toISOString(), "2026-11-23T00:00:00.000Z");
});

test("what stands in front of the service is told apart by its status", async () => {
  const throttled = await problemOf(429, '{"message": "Too Many Requests"}');
  assert.deepEqual([throttled.code, throttled.isUncertain], ["too_many_requests", false]);
  const failed = await problemOf(502, "<h1>Bad gateway</h1>");
  assert.deepEqual([failed.code, failed.isUncertain], ["internal_error", false]);
  const foreign = await problemOf(200, "<h1>Sign in to this network</h1>");
  assert.deepEqual([foreign.code, foreign.isUncertain], ["unreadable", true]);
});

test("no network at all is a problem that can be shown", async () => {
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  await assert.rejects(ask("api/config"), { code: "offline", isUncertain: true });
});

test("only the latest of several requests is answered", async () => {
  const latest = new Latest();
  const settled = [];
  let release = null;
  latest.run(() => new Promise((resolve) => (release = resolve))).then((answer) => settled.push(answer));
  const second = latest.run(async () => "second").then((answer) => settled.push(answer));
  release("first");
  await second;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(settled, ["second"]);
});

test("a request that was given up leaves no problem behind", async () => {
  const latest = new Latest();
  const settled = [];
  globalThis.fetch = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const asked = latest.run((signal) => ask("api/config", { signal }));
  asked.then(
    () => settled.push("answered"),
    () => settled.push("failed"),
  );
  latest.cancel();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(settled, []);
});
