// Talks to the service. Every request has a time limit, and whatever goes wrong becomes a `Problem` that can be shown.

import { words } from "./en.js";

/**
 * What went wrong, in words for the reader. `code` is the service's, or `offline`, `timeout`, `unreadable` for what
 * happened on the way; `fields` are `{field, message}`; `retryAt` is a `Date` where the service named a time. `missing`
 * (names by position), `seeds` and `remedies` belong to `seed_data_needed`, `offered` to `unknown_genre`.
 */
export class Problem extends Error {
  constructor({ code, message, status = 0, fields = [], retryAt = null, requestId = null, ...more }) {
    super(message);
    const { missing = {}, seeds = [], remedies = [], offered = [] } = more;
    Object.assign(this, { code, status, fields, retryAt, requestId, missing, seeds, remedies, offered });
  }

  /** Whether the request may have been carried out although no answer came. */
  get isUncertain() {
    return ["offline", "timeout", "unreadable"].includes(this.code);
  }
}

/**
 * Ask the service; resolves to the parsed JSON, rejects with a `Problem`, or with an `AbortError` when cancelled.
 * `body` is sent as JSON, a `Blob` as it is; `onAnswer` is called with the `Response` before it is read.
 */
export async function ask(path, options = {}) {
  const { method = "GET", body, headers = {}, signal, timeoutSeconds = 15, onAnswer = () => {} } = options;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const request = {
    method,
    headers: { accept: "application/json", ...headers },
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  if (body instanceof Blob) {
    request.headers["content-type"] = body.type;
    request.body = body;
  } else if (body !== undefined) {
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  let answer;
  try {
    response = await fetch(path, request);
    onAnswer(response);
    answer = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw limit.aborted
      ? new Problem({ code: "timeout", message: words.problems.details.timeout })
      : new Problem({ code: "offline", message: words.problems.details.offline });
  }
  const parsed = parse(answer);
  if (response.ok && parsed !== null) return parsed;
  throw problemOf(response, parsed);
}

/** Runs one request at a time: starting another cancels the one before, whose promise then never settles. */
export class Latest {
  #controller = null;

  cancel() {
    this.#controller?.abort();
  }

  async run(start) {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const answer = await start(controller.signal);
      return controller.signal.aborted ? new Promise(() => {}) : answer;
    } catch (error) {
      if (controller.signal.aborted) return new Promise(() => {});
      throw error;
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problemOf(response, answer) {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const named = Date.parse(answer?.retry_at ?? "");
  const retryAt = Number.isFinite(named)
    ? new Date(named)
    : Number.isFinite(retryAfter)
      ? new Date(Date.now() + retryAfter * 1000)
      : null;
  return new Problem({
    code: answer?.code ?? codeOf(response.status),
    message: answer?.detail ?? answer?.message ?? words.problems.details.unreadable,
    status: response.status,
    fields: Array.isArray(answer?.errors) ? answer.errors : [],
    retryAt,
    missing: answer?.missing,
    seeds: answer?.seeds,
    remedies: answer?.remedies,
    offered: answer?.offered,
    requestId: answer?.request_id ?? null,
  });
}

/** What it means when something in front of the service answers, which knows none of its codes. */
function codeOf(status) {
  if (status === 429) return "too_many_requests";
  return status >= 500 ? "internal_error" : "unreadable";
}
