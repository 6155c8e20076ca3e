// How numbers, times and troubles are put into words.

export const number = (value) => value.toLocaleString("en");

export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

export const artistsOf = (track) => track.artists.join(", ");

/** "16:42", or "16:42 on Monday, November 23" when that is not today. */
export function clockTime(date) {
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${time} on ${date.toLocaleDateString("en", { weekday: "long", day: "numeric", month: "long" })}`;
}

/** "12 seconds", "7 minutes", "3 hours": rounded up, because too early is of no use. */
export function duration(seconds) {
  if (seconds < 90) return counted(Math.max(1, Math.ceil(seconds)), "second");
  if (seconds < 5400) return counted(Math.ceil(seconds / 60), "minute");
  return counted(Math.ceil(seconds / 3600), "hour");
}

/** At most `limit` characters, counted as the service counts them, with an ellipsis when something was cut. */
export function shortened(text, limit) {
  const characters = [...text];
  return characters.length <= limit
    ? text
    : `${characters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`;
}

const HEADINGS = {
  offline: "No connection",
  timeout: "No answer yet",
  unreadable: "Something went wrong on the way",
  internal_error: "Something went wrong on our side",
  index_unavailable: "The catalogue is not ready yet",
  no_bigger_artists: "Nobody left to recommend",
  publishing_unavailable: "Spotify cannot be asked right now",
  publishing_off: "Playlists are not made here",
  publication_in_progress: "Still at work on your playlist",
  publication_unknown: "Spotify has not said yet whether it made your playlist",
  publishing_unfinished: "Not finished yet",
  cap_reached: "That is all for now",
  not_authorised: "That did not open the door",
  demo_catalogue: "These tracks are invented",
  key_reused: "This does not match what was sent before",
  invalid_playlist: "The playlist cannot be made like this",
};

// Where the service's own sentence speaks to programs.
const DETAILS = {
  publication_in_progress: "It is being written at this moment. Trying again shows how it ended.",
  publication_unknown: "Trying again looks for it and finishes it. There will not be a second one.",
  publishing_unfinished: "What is done so far is kept, and trying again goes on from there.",
};

/** A few words above the sentence. */
export const problemHeading = (problem) => HEADINGS[problem.code] ?? "That did not work";

export const problemDetail = (problem) => DETAILS[problem.code] ?? problem.message;
