// The page's side of listening: decodes a file, and has the worker hear, cut and measure it.

import { AudioFault, CLIP_RATE, checkLength, kindOf } from "./clip.js";

// Decoded sound takes about ten times the memory of a compressed file, and twice that of a plain one.
const MOST_BYTES = { plain: 200_000_000, compressed: 40_000_000 };
const PLAIN = ["wav", "aiff", "flac", "big_wav", "caf"];
const FIRST_BYTES = 4096;
const PIECE_SECONDS = 10;

/** The sound of a file as an `AudioBuffer` at 44,100 samples a second; an `AudioFault` for what cannot be read. */
export async function decode(file) {
  if (file.size === 0) throw new AudioFault("empty");
  const kind = kindOf(new Uint8Array(await file.slice(0, FIRST_BYTES).arrayBuffer()));
  const most = PLAIN.includes(kind) ? MOST_BYTES.plain : MOST_BYTES.compressed;
  if (kind === "text" || kind === "midi") throw new AudioFault("not_audio", { kind });
  if (file.size > most) throw new AudioFault("too_large", { megabytes: most / 1e6 });
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, CLIP_RATE).decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new AudioFault("unreadable", { kind });
  }
  checkLength(sound.duration);
  return sound;
}

export class Listener {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #open = new Map();
  #last = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data: { id, share, result, fault } }) => {
      const { resolve, reject, progress } = this.#open.get(id);
      if (share !== undefined) return progress(share);
      this.#open.delete(id);
      if (fault) reject(new AudioFault(fault.code, fault.facts));
      else resolve(result);
    });
    this.#worker.addEventListener("error", () => this.#fail());
    this.#worker.addEventListener("messageerror", () => this.#fail());
  }

  /** Loudness, waveform and loudest stretch of a whole track, as `Survey` tells them; `signal` ends it. */
  async hear(sound, wanted, signal, progress) {
    const channels = sound.numberOfChannels;
    await this.#ask("begin", { rate: sound.sampleRate, channels });
    const size = PIECE_SECONDS * sound.sampleRate;
    for (let start = 0; start < sound.length; start += size) {
      // One piece at a time, so that no second copy of the whole track is in memory.
      await this.#ask("take", { channels: piecesOf(sound, start, Math.min(size, sound.length - start)) });
      // The worker hears one track at a time, so nothing of this one may follow when another has begun.
      signal.throwIfAborted();
      progress(Math.min((start + size) / sound.length, 1));
    }
    return this.#ask("finish", { wanted });
  }

  /** 16-bit samples of the excerpt that begins at a second; throws an `AudioFault` where it holds no music. */
  cut(sound, start, wanted, gain) {
    const first = Math.round(start * sound.sampleRate);
    const length = Math.min(Math.floor(wanted * sound.sampleRate), sound.length - first);
    return this.#ask("cut", { channels: piecesOf(sound, first, length), gain });
  }

  /** `{features, trust, attribution}` of an excerpt. */
  measure(values, loudness, progress) {
    return this.#ask("measure", { values, loudness }, progress);
  }

  close() {
    this.#worker.terminate();
    this.#fail("closed");
  }

  #ask(task, given, progress = () => {}) {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject, progress });
      this.#worker.postMessage({ id, task, ...given }, given.channels?.map?.((samples) => samples.buffer) ?? []);
    });
  }

  #fail(code = "unexpected") {
    for (const { reject } of this.#open.values()) reject(new AudioFault(code));
    this.#open.clear();
  }
}

function piecesOf(sound, start, length) {
  return Array.from({ length: sound.numberOfChannels }, (_, channel) => {
    const samples = new Float32Array(length);
    sound.copyFromChannel(samples, channel, start);
    return samples;
  });
}
