// Tracks that were picked from what a search found: their names are known before the service has looked at them.

const picked = new Map();

export const remember = (track) => picked.set(track.uri, track);

/** The track that was picked as this text, or `null`. */
export const pickedAs = (text) => picked.get(text) ?? null;
