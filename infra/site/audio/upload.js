// Sends an excerpt to be listened to, and asks what came of it until there is an answer: after a reload as well.

import { Problem, ask } from "../api.js";
import { Remembered } from "../storage.js";

const PATH = "api/audio-features";
// A slow connection needs a while for 2.6 MB.
const SENDING_SECONDS = 120;
const USUAL_WAIT_SECONDS = 3;
const [SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS] = [0.5, 30];

const kept = new Remembered("sessionStorage", "audio");

/** The excerpt that is being listened to, `{id, expiresAt, name, track}`, or `null`. */
export function pendingAudio() {
  const job = kept.get();
  return job && Date.parse(job.expiresAt) > Date.now() ? job : null;
}

export const forgetAudio = () => kept.set(null);

/** Send a WAV file; with the same `key` it is taken in once. `about` is kept with the job: `{name, track}`. */
export async function sendAudio(wav, key, about, signal) {
  const waits = retryAfter();
  const answer = await ask(PATH, {
    method: "POST",
    body: new Blob([wav], { type: "audio/wav" }),
    headers: { "idempotency-key": key },
    timeoutSeconds: SENDING_SECONDS,
    onAnswer: waits.read,
    signal,
  });
  const job = { id: answer.id, expiresAt: answer.expires_at, ...about };
  kept.set(job);
  return { job, waitSeconds: waits.seconds };
}

/**
 * The answer once it is `done` or `failed`. `onState` is told each state on the way, and `null` while the service
 * cannot be reached, which is tried again as long as the answer is kept there.
 */
export async function waitForAudio(job, { signal, onState, waitSeconds = 0 }) {
  for (let wait = waitSeconds, failures = 0; ; ) {
    await pause(wait, signal);
    const waits = retryAfter();
    try {
      const answer = await ask(`${PATH}/${job.id}`, { signal, onAnswer: waits.read });
      if (answer.state === "done" || answer.state === "failed") return answer;
      onState(answer.state);
      wait = waits.seconds;
      failures = 0;
    } catch (problem) {
      const isPassing = problem instanceof Problem && canPass(problem);
      if (!isPassing || Date.now() > Date.parse(job.expiresAt)) throw problem;
      onState(null);
      failures += 1;
      wait = Math.min(USUAL_WAIT_SECONDS * 2 ** (failures - 1), LONGEST_WAIT_SECONDS);
    }
  }
}

const canPass = ({ isUncertain, status }) => isUncertain || status === 429 || status >= 500;

function retryAfter() {
  const waits = {
    seconds: USUAL_WAIT_SECONDS,
    read({ headers }) {
      const named = Number.parseInt(headers.get("retry-after") ?? "", 10);
      if (named >= 0) waits.seconds = Math.min(Math.max(named, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS);
    },
  };
  return waits;
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
