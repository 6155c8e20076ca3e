// Every word of the page about one release. Values are texts, or functions of values that return texts.

export const release = {
  skip: "Skip to the main part",
  noscript: "This page needs JavaScript to talk to the service. Please switch it on and load it again.",
  heading: "Your release",
  again: "Look again",
  keep: "Whoever has this page’s address can see this, so keep it to yourself.",
  privacy: "Privacy and terms",

  windowTitle: (heading) => `${heading} - Daltonify`,
  looking: "Looking…",
  named: (title) => `“${title}”`,
  announced: (time) => `Announced at ${time}.`,
  ended: (time) => `Settled at ${time}.`,
  nextAt: (time) => `This page looks again at ${time}, and by itself.`,
  next: "This page looks again by itself.",
  said: (heading, text) => `${heading}. ${text}`,

  way: "The way into the playlist",
  steps: {
    received: "Announced",
    resolving: "Looked up on Spotify",
    waiting: "Wait, where needed",
    publishing: "Playlist written",
    done: "In the playlist",
  },
  // Said to those who cannot see the signs.
  marks: { passed: "done", current: "now", ahead: "to come", perhaps: "only where needed", stopped: "stopped here" },

  states: {
    received: { heading: "We have it", text: "Your release is noted. It is looked up next, mostly within a minute." },
    resolving: {
      heading: "Being looked up",
      text: "We find out which track it is on Spotify and how it sounds, and choose what goes with it.",
    },
    waiting: { heading: "Waiting", text: "It goes on by itself." },
    publishing: {
      heading: "On its way into the playlist",
      text: "The list is decided and is being written on Spotify.",
    },
    done: { heading: "It is in the playlist", text: "Share the link; the playlist shows what is in it from now on." },
    failed: { heading: "This did not work", text: "The service gave it up." },
  },
  doneElsewhere: { heading: "Announced before", text: "Another announcement of the same track takes care of it." },
  lookedAt: (time) => `It is looked at again at ${time}.`,
  lookedAtSoon: "It is looked at again within minutes.",
  remedy:
    "Announce it anew with what is right, or ask whoever runs this service to replay it. The same announcement again " +
    "changes nothing.",
  playlist: "Open the playlist on Spotify",
  track: "Your track on Spotify",
  version: (number) =>
    number === 1
      ? "It came with the first version of this playlist."
      : `It came with version ${number} of this playlist, which keeps its address and its followers.`,
  notes: "Worth knowing",

  noLink: {
    heading: "This link is not complete",
    text: "The address of this page ends in # and 32 letters and digits. Open the whole link that you were given.",
  },
  unknown: {
    heading: "There is no such release",
    text: "Check the link. What became of a release can be seen here for a year after it was announced.",
  },
  stale: (time) => `What stands below was so at ${time}.`,
};
