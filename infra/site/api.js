// Talks to the service. Every request has a time limit, and whatever goes wrong becomes a `Problem` that can be shown.

const OFFLINE = "The service cannot be reached. Check your internet connection and try again.";
const TOO_SLOW = "The service did not answer in time. Try again in a moment.";
const UNREADABLE = "The service gave an answer that this page cannot read. Try again in a moment.";

/**
 * What went wrong, in words for the reader. `code` is the service's, or `offline`, `timeout`, `unreadable` for what
 * happened on the way; `fields` are `{field, message}`; `retryAt` is a `Date` where the service named a time.
 */
export class Problem extends Error {
  constructor({ code, message, status = 0, fields = [], retryAt = null, missing = [], requestId = null }) {
    super(message);
    Object.assign(this, { code, status, fields, retryAt, missing, requestId });
  }

  /** Whether the request may have been carried out although no answer came. */
  get isUncertain() {
    return ["offline", "timeout", "unreadable"].includes(this.code);
  }
}

/** Ask the service; resolves to the parsed JSON, rejects with a `Problem`, or with an `AbortError` when cancelled. */
export async function ask(path, { method = "GET", body, headers = {}, signal, timeoutSeconds = 15 } = {}) {
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const options = {
    method,
    headers: { accept: "application/json", ...headers },
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  let answer;
  try {
    response = await fetch(path, options);
    answer = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw limit.aborted
      ? new Problem({ code: "timeout", message: TOO_SLOW })
      : new Problem({ code: "offline", message: OFFLINE });
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
    code: answer?.code ?? (response.status >= 500 ? "internal_error" : "unreadable"),
    message: answer?.detail ?? answer?.message ?? UNREADABLE,
    status: response.status,
    fields: Array.isArray(answer?.errors) ? answer.errors : [],
    retryAt,
    missing: [
      ...new Set(
        Object.values(answer?.missing ?? {})
          .flat(2)
          .filter((name) => typeof name === "string"),
      ),
    ],
    requestId: answer?.request_id ?? null,
  });
}
