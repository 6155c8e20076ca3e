// Every word that the page says, in one place. Values are texts, or functions of values that return texts.

import { counted, number, percent } from "./words.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const by = (artist) => (artist ? ` by ${artist}` : "");

export const words = {
  page: {
    opening: "Opening the playlist that this link leads to …",
    skip: "Skip to the main part",
    noscript: "This page needs JavaScript to talk to the service. Please switch it on and load it again.",
    another: "New list",
    tune: "Tune the list",
    take: "Take it to Spotify",
    next: "What comes next",
    bench: "Your playlist",
    privacy: "Privacy and terms",
    looking: "Looking for tracks…",
    ready: (count) => `${counted(count, "track")} in the list.`,
    undone: "Undone.",
    redone: "Done again.",
    notLoaded: {
      renewed:
        "This part could not be loaded, most likely because the page has been renewed since you opened it. " +
        "Reload it: your list is kept.",
      offline:
        "This part could not be loaded without a connection. Reload the page when you are back: your list is kept.",
      reload: "Reload the page",
    },
    offline: "You are offline. Editing and copying go on working; the rest follows when you are back.",
    unreachable: "The service cannot be reached at the moment. Editing and copying go on working; trying again…",
    empty: {
      offline: "You are offline. This page goes on when you are back.",
      unreachable: "The service cannot be reached at the moment. Trying again…",
    },
    back: "The connection is back.",
    linkDamaged: "This link is incomplete; part of the list was made anew.",
    genreGone: (genre) => `The genre “${genre}” is not on offer here, so the genre was chosen anew.`,
    by: (artist) => `by ${artist}`,
    last: {
      open: (title) => `Go on with the list around “${title}”`,
      details: (tracks, when) => `${tracks}, last changed at ${when}`,
    },
    examples: {
      invented: "Or try one of these invented tracks:",
      real: "Or try one of these tracks:",
    },
    how: {
      paste: "Paste a link.",
      pasteMore: "We look at how your track sounds, in which genre it lives and how big you are.",
      tune: "Make it yours.",
      tuneMore: "Tracks that sound alike, by artists a step ahead of you. Tune, remove, pin, move.",
      take: "Take it to Spotify.",
      takeMore: "Into your own profile, with a cover, a QR code and texts to share it.",
    },
  },

  start: {
    heading: "Put your track in good company",
    lead:
      "Paste the Spotify link to your track. You get a playlist of tracks that sound like it, by bigger artists of " +
      "your genre, with your own track among them.",
    label: "Your track",
    hint: "A link from Spotify’s Share menu, or type a title or artist and pick your track.",
    submit: "Make my playlist",
    looking: "Looking for tracks…",
    unreleased: "Not on Spotify yet?",
    field: {
      found: "Tracks found",
      more: "Not there? Add the artist’s name.",
      nothing: (text) => `Nothing called “${text}” is in the catalogue. Paste its link, or describe your track.`,
      count: (count) => `${counted(count, "track")} found. Pick yours.`,
      countMore: (count) =>
        `${counted(count, "track")} found, and there may be more. Pick yours. Not there? Add the artist’s name.`,
      picked: (title, artists) => `${title} – ${artists}`,
      pickFirst: "Pick your track from the list that opens as you type, or paste its link.",
      empty: "Paste the Spotify link to your track, or type its name.",
    },
    clear: "Clear",
    notSet: "not set",
    notSetUsual: (said) => `not set; usual is ${said}`,
    features: {
      energy: {
        label: "Energy",
        low: "calm",
        high: "energetic",
        words: ["very calm", "calm", "medium energy", "energetic", "very energetic"],
      },
      danceability: {
        label: "Danceability",
        low: "not for dancing",
        high: "for dancing",
        words: ["not for dancing", "hardly danceable", "somewhat danceable", "danceable", "made for dancing"],
      },
      acousticness: {
        label: "Acoustic",
        low: "electronic",
        high: "acoustic",
        words: ["all electronic", "mostly electronic", "half acoustic", "mostly acoustic", "all acoustic"],
      },
      valence: {
        label: "Mood",
        low: "dark",
        high: "bright",
        words: ["very dark", "dark", "neither dark nor bright", "bright", "very bright"],
      },
      tempo: { label: "Tempo", low: "slow", high: "fast", said: (beats) => `${beats} BPM` },
      instrumentalness: {
        label: "Vocals",
        low: "sung",
        high: "instrumental",
        words: ["sung", "mostly sung", "some vocals", "hardly any vocals", "no vocals"],
      },
    },
    sources: {
      catalogue: "our catalogue",
      reccobeats: "ReccoBeats",
      audio_file: "your file, heard by ReccoBeats",
      measured: "your file, measured by Daltonify",
      given: "set by hand",
    },
    card: {
      heading: (count) => (count === 1 ? "Your track" : `Your ${number(count)} tracks`),
      add: "Add another track or an album",
      addLabel: "Another track or an album of yours",
      addHint: "Paste links, or type a name and pick. The list then goes by all of them.",
      addSubmit: "Add",
      addClose: "Close",
      already: "That one is there already.",
      tooMany: (most) => `At most ${number(most)} tracks can be taken together.`,
      remove: (title) => `Take ${title ? `“${title}”` : "this track"} out`,
      looking: "Looking up your track…",
      noName: "Your track (title not known here)",
      needs: (missing) =>
        missing.includes("features")
          ? "It is not known yet how this track sounds."
          : missing.includes("artist_popularity")
            ? "It is not known yet how big the artist is."
            : "Too little is known of this track yet.",
      help: "Help with it",
      brief: (source, popularity, released) => `Sound: ${source} · popularity ${popularity} of 100 · ${released}`,
      facts: "More about these data",
      change: "Change",
      onSpotify: "Open on Spotify",
      labels: {
        sound: "Sound",
        popularity: "Artist’s popularity",
        released: "Released",
        names: "Title and artist",
        genres: "Genre",
      },
      list: (sources) => (sources.length > 1 ? `${sources.slice(0, -1).join(", ")} and ${sources.at(-1)}` : sources[0]),
      rough: "Roughly: adjust it by ear where it seems wrong.",
      popularity: {
        catalogue: (value) => `${value} of 100, from our catalogue`,
        track_max: (value) => `${value} of 100, that of the artist’s best-known track in our catalogue`,
        given: (value) => `${value} of 100, as you said`,
        followers: (value, followers) =>
          Number.isFinite(followers)
            ? `about ${value} of 100, estimated from ${number(followers)} followers`
            : `about ${value} of 100, estimated from the followers`,
      },
      identities: {
        catalogue: "our catalogue",
        spotify: "Spotify",
        oembed: "Spotify’s public preview",
        reccobeats: "ReccoBeats",
        given: "you",
      },
      unreleased: "not on Spotify yet, so it counts as new",
      undated: "not known, so time does not count",
      unreleasedBrief: "not out yet",
      undatedBrief: "release date unknown",
    },
    remedies: {
      ways: "What helps",
      newHeading: "A track that is not on Spotify yet",
      newWhy: "Tell what it is called, how it sounds and how big you are. The list keeps a place for it.",
      unknownHeading: "We do not know this track yet",
      neededHeading: (title) => `We know too little of “${title}” yet`,
      neededWhy: (missing) =>
        missing.includes("features")
          ? "Your file, or a few sliders, tell how it sounds." +
            (missing.includes("artist_popularity") ? " The number of followers tells who counts as bigger." : "")
          : "Fill in what is missing, and the list is made from that.",
      followersOnlyHeading: (artist) => `How big is ${artist || "the artist"}?`,
      followersOnlyWhy: "How the track sounds is known. Your list holds bigger artists only, so one number is missing.",
      changeHeading: (title) => `Change what is known of “${title}”`,
      changeWhy: "What you set by hand counts before everything else.",
      changeKnownWhy: "Its figures come from our catalogue. What you set by hand counts before them.",
      later: (time) => `Or wait: more may be known from ${time}.`,
      askAgain: "Ask again",
      labels: {
        title: "Title",
        artist: "Artist",
        genre: "Genre",
        released: "Release date",
        followers: "Followers on Spotify",
      },
      hints: {
        released: "If there is one. It may lie ahead.",
        followers: "The number under your name on Spotify. 0 is fine for a first release.",
      },
      anyGenre: "Let the sound decide",
      followersHeading: "Tell us your followers",
      file: {
        heading: "Analyse my file",
        text: "Drop the recording: it is heard by ReccoBeats, or measured here, which is rougher.",
        open: "Use my file",
      },
      hand: {
        heading: "Set by hand",
        text: "A few sliders, by ear. One is enough, more is better.",
        open: "Use sliders",
      },
      handHint: (genre) =>
        `Move what you can judge; the rest is not counted and stands at what is usual${genre ? ` in ${genre}` : ""}.`,
      handHintKnown: "Move what you hear differently; the rest stands at what is known of the track.",
      heard: (source) => `Known from ${source}.`,
      setByHand: (count) => `${counted(count, "slider")} set.`,
      update: "Update the list",
      add: "Add this track",
      close: "Close",
      leaveOut: "Leave this track out",
      faults: {
        title: "Give the title of your track.",
        artist: "Give the name of the artist.",
        followers: "Give the number of followers in digits, such as 812.",
        manyFollowers: "Nobody has that many followers. Give the number under your name on Spotify.",
        released: "Give a whole date, or none.",
        features: "Choose a file, or set at least one slider.",
      },
    },
  },

  tune: {
    behind: "The list does not follow your last change yet.",
    behindOffline: "The list follows your last change when the connection is back.",
    genre: "Genre",
    automatic: (names) => (names.length > 0 ? `Chosen for you: ${names.join(" and ")}` : "Chosen for you"),
    genreOption: (name, tracks) => `${name} (${counted(tracks, "track")})`,
    genreWhy: {
      asked: () => "Chosen by you.",
      track: (names) => `Chosen by us, because your track counts as ${names.join(" and ")}.`,
      artist: (names) => `Chosen by us, because the artist’s other tracks are ${names.join(" and ")}.`,
      inferred: (names) =>
        names.length > 1
          ? `Chosen by us, because both are near and neither stands out: ${names.join(" and ")}.`
          : `Chosen by us, because what sounds nearest is mostly ${names[0]}.`,
    },
    sharesLabel: "Where the nearest tracks come from",
    sharesWhy: "Press one to take that genre, and again to leave it to us.",
    band: "How big may the artists be?",
    bandHint: "Popularity from 0, whom nobody has heard yet, to 100, the biggest stars.",
    bandHandles: { low: "Smallest artists", high: "Biggest artists" },
    bandHandleSaid: (place, lift) => `${number(place)} of 100, ${counted(lift, "point")} above you`,
    bandSaid: (low, high) =>
      low === high ? `Artists at ${number(low)}` : `Artists from ${number(low)} to ${number(high)}`,
    bandHolds: (count, genres) =>
      `: ${counted(count, "track")}${genres.length > 0 ? ` in all of ${genres.join(" and ")}` : ""}`,
    you: (place, seeds) => `${seeds > 1 ? "your biggest" : "you"}: ${number(place)}`,
    presetsLegend: "Quick choices",
    presets: { bit: "A bit bigger", usual: "Bigger", much: "Much bigger", stars: "Stars" },
    widen: "If there are too few, look further",
    widened: (low, high) =>
      `Too few of that size fit, so the list also looks further: at artists from ${number(low)} to ${number(high)}.`,
    shiftsLegend: "Compared with my track",
    shifts: {
      energy: { label: "Energy", less: "calmer", more: "more energetic" },
      danceability: { label: "Danceability", less: "less danceable", more: "more danceable" },
      acousticness: { label: "Acoustic", less: "more electronic", more: "more acoustic" },
      valence: { label: "Mood", less: "darker", more: "brighter" },
      tempo: { label: "Tempo", less: "slower", more: "faster" },
    },
    shiftSaid: (value, way) =>
      value === 0 ? "as my track" : ["a little ", "", "much ", "far "][Math.round(Math.abs(value) * 4) - 1] + way,
    shiftReset: "Reset",
    shiftUnknown: "Not known of your track, so this changes nothing.",
    size: "Number of tracks",
    sizeFault: (fewest, most) => `Choose from ${number(fewest)} to ${number(most)} tracks.`,
    fewer: "Fewer tracks",
    more: "More tracks",
    moreSettings: "Years, lyrics, order",
    released: "Released",
    yearFrom: "from",
    yearTo: "to",
    yearFault: (first, last) => `Give years from ${first} to ${last}, or none.`,
    yearsReversed: "The first year must not be later than the second.",
    era: "Prefer tracks of its time",
    eraUnknown: (count) =>
      count === 1
        ? "Your track has no release date, so time does not count."
        : `${number(count)} of your tracks have no release date; for them time does not count.`,
    explicit: "Explicit lyrics",
    explicits: { allow: "Allowed", clean: "None", only: "Only these" },
    order: "Order",
    orders: { flow: "A good flow", similarity: "Most similar first", popularity: "Biggest first" },
    own: "My own track",
    owns: { early: "Early", first: "First", spread: "Spread out" },
    shuffle: "Shuffle anew",
    variation: (count) => `Variation ${count}`,
    first: "Back to the first",
    reset: "Reset all settings",
    wasReset: "All settings are as they were at first.",
  },

  list: {
    heading: (tracks, title, others, album) =>
      `${tracks} around “${title}”` +
      (others > 0 ? ` and ${others === 1 ? "one more track" : `${number(others)} more`}` : "") +
      (others > 0 && album ? ` from the album “${album}”` : ""),
    summary: (genres, [low, high], artist, popularity) => {
      const top = Math.min(100, high);
      const range = low >= top ? `at ${number(top)}` : `from ${number(low)} to ${number(top)}`;
      const own = `where ${artist} stands at ${number(popularity)}`;
      return `From ${genres.join(" and ")}: artists ${range} on the popularity scale of 100, ${own}.`;
    },
    notes: "Good to know",
    usedUp: "All reserves are used up, so the list gets shorter. It fills up again when the connection is back.",
    skip: "Skip the list",
    viewsLabel: "Views of the list",
    views: { playlist: "Playlist", artists: "Artists" },
    undo: "Undo",
    redo: "Redo",
    undoTitle: "Undo the last change (Ctrl+Z)",
    redoTitle: "Do it again (Ctrl+Shift+Z)",
    legendLift: "artist is 20 points bigger than you",
    legendAlike: "how alike it is",
    empty: "No tracks are left. Undo the last change, allow more artists, or widen the band.",
    opens: "Titles open on Spotify in a new tab.",
    own: "Your track",
    ownArtist: "You",
    pinned: "Pinned",
    ownHere: "placed where listeners will reach it",
    ownLater: "not on Spotify yet: add it here on release day",
    lift: (points) => (points > 0 ? `+${number(points)}` : number(points)),
    liftUnit: "points",
    bigger: (points) =>
      points > 0
        ? `${counted(points, "point")} bigger. `
        : points < 0
          ? `${counted(-points, "point")} smaller. `
          : "As big. ",
    alike: (share) => `Sounds ${share} alike.`,
    alikeUnit: "alike",
    notCompared: "not compared",
    moveRow: (title, artist) => `Move ${title} by ${artist}`,
    moveHelp:
      "To move a track, drag its handle. By keyboard: Space lifts it, the arrow keys move it, Space puts it down, " +
      "Escape leaves it where it was.",
    lifted: (title, place, count) =>
      `${title} lifted from place ${number(place)} of ${number(count)}. Arrow keys move it, Space puts it down.`,
    moved: (title, place, count) => `Place ${number(place)} of ${number(count)}.`,
    dropped: (title, place, count) => `${title} is at place ${number(place)} of ${number(count)} now, and pinned.`,
    cancelled: (title) => `${title} stays where it was.`,
    remove: "Take out",
    removeRow: (title, artist) => `Take out ${title} by ${artist}`,
    removed: (title, next) => (next ? `${title} is out; ${next} took its place.` : `${title} is out.`),
    details: "Details",
    detailsOf: (title, artist) => `Details of ${title} by ${artist}`,
    edits: "Change the list",
    up: "Up",
    down: "Down",
    pin: "Pin",
    unpin: "Unpin",
    isPinned: (title) => `${title} is pinned: it stays when the list changes.`,
    isUnpinned: (title) => `${title} is no longer pinned.`,
    ban: (artist) => `Never ${artist}`,
    never: "Never",
    isBanned: (artist, count) =>
      `Nothing by ${artist} any more.${count > 0 ? ` ${counted(count, "track")} from the reserve moved in.` : ""}`,
    unban: (artist) => `Allow ${artist} again`,
    isUnbanned: (artist) => `${artist} may be in the list again.`,
    bannedHeading: "Never in this list",
    bannedHint: "Allowed again, an artist may come back when the list is made anew.",
    travelled: (done, came, gone, isReordered) => {
      const names = (titles) => (titles.length > 2 ? counted(titles.length, "track") : titles.join(" and "));
      return [
        done,
        came.length > 0 && `In the list now: ${names(came)}.`,
        gone.length > 0 && `Out: ${names(gone)}.`,
        isReordered && came.length + gone.length === 0 && "The order is another one.",
      ]
        .filter(Boolean)
        .join(" ");
    },
    explicit: "Explicit",
    ownPopularity: (popularity) => `Your popularity is ${number(popularity)} of 100.`,
    popularity: (popularity, own) => `The artist’s popularity is ${number(popularity)} of 100, yours ${number(own)}.`,
    listen: "Listen on Spotify",
    listenHint: "Loads Spotify’s player here; Spotify then sees your visit.",
    closePlayer: "Close the player",
    playerOffline: "The player needs a connection. Open it when you are back online.",
    player: (title, artist) => `Spotify’s player: ${title} by ${artist}`,
    noProfile: "How this track sounds is not known here.",
    besideWhich: "Beside",
    profileCaption: (title) => `How it sounds beside “${title}”; shares are of 100%`,
    profileFeature: "Feature",
    profileDifference: "Difference",
    profileTrack: "Track",
    profileSeed: "Yours",
    unknown: "–",
    features: {
      energy: "Energy",
      danceability: "Danceability",
      valence: "Mood",
      acousticness: "Acoustic",
      instrumentalness: "Instrumental",
      speechiness: "Spoken",
      liveness: "Live",
      tempo: "Tempo (BPM)",
      loudness: "Loudness (dB)",
      key: "Key",
    },
    shareDifference: (difference, feature) => {
      if (difference === null) return "not known";
      const points = Math.round(Math.abs(difference) * 100);
      const [more, less] = feature === "valence" ? ["brighter", "darker"] : ["more", "less"];
      return points === 0 ? "the same" : `${counted(points, "point")} ${difference > 0 ? more : less}`;
    },
    tempoDifference: ({ difference, time }) => {
      if (difference === null) return "not known";
      const counts = time === null ? "" : time === "double" ? "in double time " : "in half time ";
      const beats = Math.round(Math.abs(difference));
      return beats === 0
        ? `${counts}the same`
        : `${counts}${number(beats)} BPM ${difference > 0 ? "faster" : "slower"}`;
    },
    loudnessDifference: (difference) => {
      if (difference === null) return "not known";
      if (difference === 0) return "about as loud";
      return `${number(Math.abs(difference), { maximumFractionDigits: 1 })} dB ${difference > 0 ? "louder" : "softer"}`;
    },
    keyDifference: (steps) => {
      if (steps === null) return "not known";
      if (steps === 0) return "same key";
      return steps === 1 ? "goes well with yours" : `${counted(steps, "step")} away`;
    },
    artistsLegend: "Popularity from 0 to 100; the line is where you stand.",
    artistSize: (popularity, level) => {
      if (popularity === null) return "Popularity not known.";
      const beside =
        level === null
          ? ""
          : `, ${counted(Math.abs(popularity - level), "point")} ${popularity >= level ? "above" : "below"} you`;
      return `Popularity ${number(popularity)} of 100${beside}.`;
    },
  },

  flow: {
    heading: "How it flows",
    slider: "Walk through the list",
    legend: [
      { sign: "own", text: "your track" },
      { sign: "major", text: "major key" },
      { sign: "minor", text: "minor key" },
      { sign: "fit", text: "keys that go well together" },
      { sign: "hard", text: "hard transition" },
    ],
    energy: "Energy",
    tempo: "Tempo",
    key: "Keys",
    pitches: ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"],
    energyRange: (course) =>
      course ? `${percent(course.first.energy)} → ${percent(course.peak.energy)} → ${percent(course.last.energy)}` : "",
    tempoRange: (low) => (low === null ? "" : `${number(Math.round(low))}–${number(Math.round(2 * low))} BPM`),
    keysFit: (fit, all) => (all === 0 ? "" : `${number(fit)} of ${number(all)} steps fit`),
    how: "How to read it",
    help:
      "From left to right: the tracks in their order. Tempo counts half and double speed as one, so 80 and 160 BPM " +
      "stand equally high. Keys have the codes that DJs use: from 8A to 8A, 7A, 9A or 8B sounds smooth, and a line " +
      "joins the two dots.",
    place: (place, artist, title) => `${number(place)}. ${artist} – ${title}`,
    numbers: (energy, bpm, counts, key) => {
      const isFolded = bpm !== null && counts !== null && Math.abs(Math.log2(counts / bpm)) > 0.5;
      const folded = isFolded ? ` (counts as ${number(Math.round(counts))})` : "";
      return (
        [
          energy !== null && `Energy ${percent(energy)}`,
          bpm !== null && `${number(Math.round(bpm))} BPM${folded}`,
          key && `${key.code}, ${words.flow.pitches[key.key]} ${key.isMajor ? "major" : "minor"}`,
        ]
          .filter(Boolean)
          .join(" · ") || "Its sound is not known."
      );
    },
    course: (course) => {
      if (course === null) return "";
      const { first, peak, last } = course;
      const opens = `Energy opens at ${percent(first.energy)}`;
      if (peak.place === first.place) return `${opens}, which is its peak, and ends at ${percent(last.energy)}.`;
      if (peak.place === last.place) return `${opens} and ends at its peak, ${percent(last.energy)}.`;
      const peaks = `peaks at ${percent(peak.energy)} at place ${number(peak.place + 1)}`;
      return `${opens}, ${peaks} and ends at ${percent(last.energy)}.`;
    },
    hard: (count) =>
      count === 0 ? "No hard transitions." : count === 1 ? "1 hard transition:" : `${number(count)} hard transitions:`,
    transition: (step, from, to) => {
      const causes = {
        energy: () =>
          `energy ${to.energy > from.energy ? "rises" : "falls"} from ${percent(from.energy)} to ${percent(to.energy)}`,
        tempo: () => `tempo jumps from ${number(Math.round(from.bpm))} to ${number(Math.round(to.bpm))} BPM`,
        key: () => `key jumps from ${from.key.code} to ${to.key.code}`,
      };
      const told = step.causes.map((name) => causes[name]()).join(", ");
      return `${number(step.from + 1)} → ${number(step.to + 1)}: ${told}`;
    },
    more: (count) => `and ${number(count)} more`,
  },

  audio: {
    heading: "Your own file",
    drop: "Drop your track here",
    choose: "Choose a file",
    another: "Choose another file",
    formats: "MP3, WAV, FLAC, M4A, OGG and whatever else your browser plays. Nothing is sent unless you say so below.",
    reading: (name) => `Reading ${name}…`,
    ready: (name, from) => `${name} is read. The loudest part begins at ${from}.`,
    lowered: (decibels) =>
      `The file goes far over full scale, so it was lowered by ${decibels} dB, and its loudness is a guess. Export ` +
      "it again at its normal level.",
    window: "Start of the part that is heard",
    fromTo: (from, to) => `from ${from} to ${to}`,
    range: (from, to, all) => `${from} – ${to} of ${all}`,
    moveHint: "These 30 seconds stand for the whole track. Drag them, click elsewhere, or use the arrow keys.",
    loudest: "Back to the loudest part",
    play: "Play this part",
    stop: "Stop",
    stale: "Another part is chosen. Have it listened to again.",
    here: {
      heading: "Measure here",
      text:
        "In your browser, in a few seconds, and nothing leaves your computer. Loudness and tempo are measured; " +
        "energy, danceability and the acoustic sound are estimated roughly, and the rest is for you to say.",
      button: "Measure here",
    },
    sent: {
      heading: "Analyse with ReccoBeats",
      text: "An outside service listens and tells nine features, mood and liveness among them, within a minute.",
      consent:
        "I may send this recording. The part chosen above goes to this service, and from this service to ReccoBeats " +
        "(reccobeats.com), whose own terms say what happens to it there. This service deletes it once it has been " +
        "analysed, mostly within a minute, after a fault within 2 days; the numbers after an hour.",
      consentSimulated:
        "I may send this recording. ReccoBeats (reccobeats.com) is only simulated in this demonstration: the part " +
        "chosen above goes to the computer that runs this page, and no further. It is deleted there once it has " +
        "been analysed, mostly within a minute, after a fault within 2 days; the numbers after an hour.",
      consentMissing: "Tick this first, or measure here without sending anything.",
      privacy: "Privacy",
      button: "Send and analyse",
    },
    measuring: "Measuring on your computer…",
    sending: "Sending the excerpt…",
    resumed: (name) => `Looking for the result of ${name}…`,
    states: { queued: "Sent. Waiting for its turn…", analysing: "ReccoBeats is listening…" },
    unreachable: "The service cannot be reached at the moment. Trying again…",
    cancel: "Cancel",
    done: "Done. Check the values below.",
    outcome: "How it sounds",
    rough: "Rough values, measured on your computer. Answer the first question and check the tempo.",
    vocals: { text: "Does somebody sing or rap on it?", answers: ["Yes", "No, it is instrumental"] },
    tempo: {
      text: "Which tempo do you count?",
      none: "No clear beat was found. If you count one, give its tempo.",
      bpm: (bpm) => `about ${bpm} BPM`,
      noBeat: "It has no beat",
      exact: "Exactly",
      unit: "BPM",
      wrong: "Give a tempo from 20 to 400 BPM, such as 128 or 97.5.",
    },
    correct: "Correct what you hear otherwise",
    features: {
      energy: { label: "Energy", steps: ["very calm", "calm", "medium", "energetic", "very energetic"] },
      danceability: {
        label: "Danceability",
        steps: ["not for dancing", "little danceable", "somewhat danceable", "danceable", "made for dancing"],
      },
      acousticness: {
        label: "Acoustic",
        steps: ["all electric", "mostly electric", "both", "mostly acoustic", "all acoustic"],
      },
      valence: { label: "Mood", steps: ["very dark", "dark", "neither dark nor bright", "bright", "very bright"] },
      instrumentalness: {
        label: "Instrumental",
        steps: ["with vocals", "mostly with vocals", "few vocals", "hardly any vocals", "no vocals"],
      },
      tempo: { label: "Tempo", unit: (value) => `${value} BPM` },
      loudness: { label: "Loudness", unit: (value) => `${value} dB` },
      speechiness: {
        label: "Speech",
        steps: ["no speech", "some speech", "spoken and sung", "mostly speech", "all speech"],
      },
      liveness: {
        label: "Live",
        steps: ["studio", "rather studio", "perhaps live", "probably live", "live"],
      },
    },
    unknown: "not known",
    marks: { hand: "by hand", heard: "heard", measured: "measured", rough: "rough", unknown: "" },
    back: "Undo",
    more: "Loudness, speech, live",
    use: "Use these",
    again: "Listen to it another way",
    measureInstead: "Measure here instead",
    chooseAgain: "Choose the file again to measure it here or to send it once more.",
    until: (time) => ` It goes on at ${time}.`,
    faults: {
      empty: ["The file is empty.", "Export the track again."],
      not_audio: [
        "There is no sound in this file.",
        ({ kind }) =>
          kind === "midi"
            ? "MIDI holds notes, not sound. Export the track as WAV or MP3."
            : "It is text. Choose the track itself, such as track.wav or track.mp3.",
      ],
      too_large: [
        "The file is too large.",
        ({ megabytes }) => `At most ${number(megabytes)} MB of its kind fit. Export the track alone, or a part of it.`,
      ],
      unreadable: [
        "Your browser cannot read this file.",
        "It may be damaged, protected, or of a kind that this browser does not play. Export it as WAV or MP3.",
      ],
      damaged: ["This file is damaged.", "There is no sound in it that can be read. Export the track again."],
      too_short: [
        "That is too short.",
        ({ seconds }) =>
          `It lasts ${number(seconds, { maximumFractionDigits: 1 })} seconds; at least 10 are needed, 30 are better.`,
      ],
      silent: [
        "There is nothing to be heard.",
        ({ isWhole }) =>
          `${isWhole ? "The file" : "This part"} is silent, or so quiet that nothing can be measured. ` +
          (isWhole ? "Export it again and listen to it first." : "Choose another part, or export it again."),
      ],
      constant: [
        "There is nothing to be heard.",
        "The file holds one constant value and no sound: its export failed. Export it again and listen to it first.",
      ],
      mostly_silent: [
        "It is silent for most of its length.",
        ({ isWhole }) =>
          isWhole ? "Choose a file in which the track is playing." : "Choose a part where the track is playing.",
      ],
      noise: [
        "It is nothing but noise.",
        "A file sounds so when it was converted wrongly or overdriven. Export it again and listen to it first.",
      ],
      failed: ["There is no result.", ({ problem }) => problem],
      unexpected: [
        "That did not work.",
        "Something in this page failed while it was listening. Load the page again, or set the features by hand.",
      ],
    },
  },

  take: {
    heading: "Take it to Spotify",
    lead: "Copying always works, and the playlist is yours from the first minute. Or let it be made for you.",
    copy: {
      heading: "Into your own profile",
      lead: "The best home for it: followers of the playlist are yours, and you can change it at any time.",
      steps: [
        { title: "Copy", text: "The tracks go to your clipboard." },
        {
          title: "New playlist",
          text: "Make one in Spotify’s desktop app and click into it. Phones cannot paste tracks.",
        },
        { title: "Paste", text: "Press Ctrl+V, or ⌘V on a Mac. All tracks arrive in this order." },
      ],
      button: (count) => `Copy ${counted(count, "track")}`,
      copied: (count) => `${counted(count, "track")} copied. Now paste them into a new playlist.`,
      refused: "Your browser did not allow copying. The addresses are selected below: press Ctrl+C, or ⌘C on a Mac.",
      addresses: "The tracks’ addresses, one per line",
      unreleased: (title, place) =>
        `“${title}” is not on Spotify yet, so it cannot be copied. On release day, add it at place ${number(place)}.`,
      onPhone:
        "On a phone? Spotify’s app there cannot paste tracks. Send this page to your computer: its address holds " +
        "the whole list.",
      sendAddress: "Send this list to my computer",
      addressCopied: "The address of this list is copied. Open it on your computer.",
      demo: "In this demonstration the tracks are invented, so the real Spotify would not find them.",
      link: "Made it? Paste its link for your share kit",
      linkHint: "In Spotify: Share, then Copy link to playlist.",
      linkButton: "Make my share kit",
      linkWrong: "This is not a link to a Spotify playlist. It looks like https://open.spotify.com/playlist/…",
    },
    export: {
      heading: "Or save the list as a file",
      uris: "Addresses (.txt)",
      csv: "Table (.csv)",
      jspf: "Playlist file (.jspf)",
      saved: (name) => `Saved as ${name}.`,
      creator: "Daltonify",
      genre: (genres) => `Genre: ${genres.join(" and ")}.`,
      toDo: (place) => `Not on Spotify yet: add it at place ${place} on release day.`,
    },
    naming: {
      heading: "Name and cover",
      lead: "For every way of taking it along. Nothing here is sent until you say so.",
      title: "Title",
      description: "Description (optional)",
      titles: "Suggested titles",
      descriptions: "Suggest another description",
      count: (length, limit) => `${number(length)} of ${number(limit)} characters`,
      tooLong: (limit) => `At most ${number(limit)} characters fit. Shorten it.`,
      missing: "Give the playlist a title.",
      others: (names) =>
        `The title names ${names.join(" and ")}, who ${names.length > 1 ? "have" : "has"} no part in your playlist. ` +
        "Better leave names of others out: listeners could take it for theirs.",
      copyTitle: "Copy title",
      copyDescription: "Copy description",
      copied: "Copied.",
      refused: "Your browser did not allow copying. Select the text and copy it yourself.",
    },
    genres: (names) => names.join(" and "),
    moods: {
      plain: "",
      fierce: "fierce",
      bright: "bright",
      lively: "lively",
      blue: "melancholic",
      quiet: "quiet",
      calm: "calm",
      warm: "warm",
      wistful: "wistful",
      easy: "easy-going",
    },
    titles: ({ seed, artist, genre, mood }) => [
      seed && `Sounds like ${seed}`,
      genre && capital(`${mood} ${genre}`.trim()),
      seed && `${seed} and company`,
      seed && artist && `In good company: ${seed} by ${artist}`,
      seed && genre && `${capital(genre)} around ${seed}`,
      seed && `If you like ${seed}`,
    ],
    descriptions: ({ seed, artist, genre, mood, others, place }) => [
      `${others > 0 ? capital(counted(others, "track")) : "Tracks"} that sound like “${seed}”${by(artist)}.` +
        (place ? ` The song itself is at number ${number(place)}.` : ""),
      `${capital(`${mood} ${genre}`.trim()) || "Tracks"} around “${seed}”${by(artist)}. ` +
        "The other artists have no part in this list.",
      `My song “${seed}” among tracks that sound close to it, in an order that flows. ` +
        "The other artists have no part in this list.",
    ],
    cover: {
      lead: "Drawn from your list: the energy of each track from the first to the last, your own in its own colour.",
      variant: "Drawing",
      colours: "Colours",
      variants: { steps: "Steps", hills: "Hills", rings: "Rings", dots: "Dots" },
      palettes: { night: "Night", paper: "Paper", mood: "Mood of the list" },
      withTitle: "Write the title on it",
      save: "Save the cover (JPEG)",
      file: "cover",
      failed: "Your browser cannot save the drawing as a JPEG.",
      alt: ({ variant, count, title, place }) =>
        `${
          {
            steps: `${number(count)} bars`,
            hills: "Three ridges of hills",
            rings: `${number(count)} rays around a centre`,
            dots: `${number(count)} dots`,
          }[variant]
        } that show the energy of the playlist’s tracks from first to last` +
        (place ? `; number ${number(place)} is in another colour` : "") +
        (title ? `. Above it the title: ${title}.` : "."),
      altLabel: "Text for people who cannot see the cover",
      altCopy: "Copy this text",
    },
    own: {
      heading: "In your own account, made for you",
      lead: "You log in at Spotify, and this page puts the playlist into your account. It is as much yours as a copy.",
      about: "What happens with your login, and for whom it works",
      promise:
        "Your login goes from Spotify to this page only: it never reaches our server, is not stored, and is " +
        "forgotten with the page.",
      five:
        "Spotify lets an app like this one work for five listeners whom its operator has named. If you are not among " +
        "them, Spotify will say no after the login; copying works for everybody.",
      demo: "In this demonstration the account is simulated, and nothing reaches the real Spotify.",
      target: "Playlist",
      newTarget: "Make a new playlist",
      oldTarget: (title, time) => `Replace what “${title}” holds, made ${time}`,
      withCover: "Set the cover too",
      logIn: "Log in with Spotify and create it",
      logInUpdate: "Log in with Spotify and update it",
      create: "Create it in my account",
      update: "Update it in my account",
      logInAgain: "Log in again and go on",
      retry: "Try again",
      retryIn: (time) => `Try again in ${time}`,
      retryAt: (time) => `Spotify lets you try again from ${time}. Copying the tracks works at any time.`,
      retryUnknown: "Spotify did not tell this page until when; mostly it is some hours. Copying works at any time.",
      anew: "Start anew",
      anewHint: "Starting anew may make a second playlist, if this one was made after all.",
      open: "Open it on Spotify",
      another: "Make another one all the same",
      already: "You have made this playlist already, with exactly these tracks.",
      busyElsewhere: "Another tab is at work on this playlist. Look there, or try again in a moment.",
      unfinished: (title) =>
        `“${title}” is not finished yet. What is done so far is kept, and going on completes it; there will not be a ` +
        "second one.",
      nothing: "Nothing was made yet.",
      steps: {
        login: "Log in to Spotify",
        create: "Create the playlist",
        update: "Name the playlist",
        fill: (count) => `Put in ${counted(count, "track")}`,
        check: "See that they can be played",
        cover: "Set the cover",
      },
      states: { waiting: "to come", doing: "under way", done: "done", failed: "did not work", skipped: "left out" },
      leaving: "Going to Spotify…",
      coverFailed: "The cover could not be set. Save it above and set it in Spotify by hand.",
      headings: {
        login_denied: "You did not allow it",
        login_foreign: "This login does not fit",
        login_failed: "The login did not work",
        login_late: "The login took too long",
        login_expired: "Your login has run out",
        login_narrow: "A permission is missing",
        spotify_offline: "No connection",
        spotify_uncertain: "Spotify’s answer was lost",
        spotify_not_listed: "Spotify does not let this app into your account",
        spotify_lapsed: "This app is switched off at Spotify",
        spotify_gone: "The playlist is not there",
        spotify_quota: "The app’s quota at Spotify is used up",
        spotify_slow_down: "Spotify asks for a pause",
        spotify_refused: "Spotify refused",
        own_unknown: "Spotify has not said yet whether it made your playlist",
        own_unfinished: "Not finished yet",
      },
      problems: {
        login_denied: "Nothing was made and nothing was read. Your list stands; copying it needs no permission.",
        login_foreign:
          "It was not begun in this tab, or the browser kept nothing of it. Nothing was made. Log in again from here.",
        login_failed: "Spotify did not complete it. Nothing was made; log in again, or copy the tracks.",
        login_late: "Nothing was made. Log in again; it takes a minute.",
        login_expired: "It lasts for an hour. Log in again, and it goes on where it stopped; your list is kept.",
        login_narrow: "Spotify says that the login does not cover this step. Log in again and allow all that is asked.",
        spotify_offline: "Your device is offline. Go on when you are back.",
        spotify_uncertain:
          "It may have been carried out all the same. Trying again looks first, and goes on from there.",
        spotify_not_listed:
          "It works for five listeners only whom its operator has named, by their name and mail address at Spotify. " +
          "Ask the operator to name you. Logging in again does not help; copying the tracks works at once.",
        spotify_lapsed: "Its operator has to renew a subscription there. Copying the tracks works at once.",
        spotify_gone: "It was removed, or Spotify does not find it yet. Try again in a moment, or start anew.",
        spotify_quota: "All who use this app share it.",
        spotify_slow_down: "Too many requests at once.",
        spotify_refused: "It did not take what was sent. Try again, or copy the tracks.",
        own_unknown: "Trying again looks for it and finishes it. There will not be a second one.",
        own_unfinished: "Spotify does not hold the tracks as they were sent yet. Trying again goes on from there.",
      },
    },
    service: {
      heading: "As a playlist of this service",
      lead:
        "Made at once under the service’s account. You get its link, but its followers gather at the service’s " +
        "account, not at yours.",
      demo: "In this demonstration it is made on the simulated Spotify.",
      off: "This installation makes no playlists of its own.",
      target: "Playlist",
      newTarget: "Make a new playlist",
      oldTarget: (title, time) => `Update “${title}”, made ${time}`,
      code: "Access code",
      codeHint: "Whoever runs this service hands it out.",
      codeMissing: "Give the access code, or copy the tracks instead.",
      create: "Create playlist",
      already: "This playlist is made, with exactly these tracks.",
      allTheSame: "Send it all the same",
      update: "Update this playlist",
      creating: "Creating your playlist… this can take half a minute.",
      updating: "Updating your playlist…",
      retry: "Try again",
      retryIn: (time) => `Try again in ${time}`,
      retryAt: (time) => `Try again from ${time}. Copying the tracks works at any time.`,
      anew: "Start anew",
      safeCreation:
        "The playlist may have been made all the same. Trying again is safe: there will not be a second one.",
      safeUpdate: "The playlist may have been changed all the same. Trying again is safe.",
      heldCreation:
        "Until this is settled, trying again sends what was sent before. You can also start anew; if this playlist " +
        "was made after all, there will be two.",
      heldUpdate:
        "Until this is settled, trying again sends what was sent before. You can also start anew; this change may be " +
        "made all the same.",
      left: "The page was left before it was known how this ended.",
      closed: "Spotify cannot be asked right now.",
      closedUntil: (time) => `It should work again from ${time}. Copying the tracks works at any time.`,
      closedUnknown: "It is not known yet when it will work again. Copying the tracks works at any time.",
      look: "Look again",
    },
  },

  share: {
    made: "Your playlist is ready",
    updated: "Your playlist is up to date",
    copied: "Your share kit",
    holds: (count) => `It holds ${counted(count, "track")}.`,
    unchecked: "How many tracks it holds could not be checked.",
    where: {
      own: "It stands in your own account.",
      service: "It stands in the service’s account; from this browser you can update it later.",
      copied: "The playlist is yours; this page has not looked into it.",
    },
    replaced: (from, to) => `${from} cannot be played there; ${to} took its place.`,
    leftOut: (name) => `${name} cannot be played there and was left out.`,
    toAdd: (title, place) => `“${title}” is not on Spotify yet. On release day, add it at place ${number(place)}.`,
    named: (title, artists) => `“${title}” by ${artists}`,
    link: "Link",
    copyLink: "Copy link",
    send: "Share…",
    qrHeading: "QR code",
    qrAlt: (title) => `QR code that opens the playlist “${title}”`,
    qrFile: "QR code",
    qrSvg: "Save as SVG",
    qrPng: "Save as PNG",
    qrHint: "SVG is sharp at any size. Try the code with your phone before you print it.",
    qrMissing: "The QR code could not be loaded. It comes when you are online again.",
    embed: "Embed code for your site",
    copyEmbed: "Copy the code",
    embedDemo: "In this demonstration it shows the simulated playlist, on this machine only.",
    textsHeading: "Ready texts",
    textsLead: "Change them as you like. They say what the playlist is, and promise nothing.",
    files: "The list as a file",
    copyText: "Copy this text",
    mailTo: "Open in your mail program",
    copiedText: "Copied.",
    refused: "Your browser did not allow copying. The text is selected: press Ctrl+C, or ⌘C on a Mac.",
    promise:
      "A playlist is an invitation, not a promise: nobody can tell how many will listen. Never buy plays or " +
      "followers; Spotify takes tracks down for them.",
    texts: ({ seed, artist, genre, others, title, link }) => [
      {
        id: "post",
        label: "For a post",
        text:
          `I made a playlist around my song “${seed}”: ${others > 0 ? counted(others, "track") : "tracks"}` +
          `${genre ? ` of ${genre}` : ""} that sound close to it. Tell me what is missing.\n${link}`,
      },
      { id: "story", label: "For a story", text: `Songs that sound like “${seed}”: my new playlist\n${link}` },
      {
        id: "mail",
        label: "For a mail",
        subject: `A playlist around “${seed}”`,
        text:
          `Hello,\n\nI have put together “${title}”, a playlist around my song “${seed}”` +
          `${others > 0 ? `, with ${counted(others, "track")} by artists whom I find close to it in sound` : ""}. ` +
          "They have no part in it; I just like how the songs go together.\n\n" +
          `${link}\n\nIf you like it, saving the playlist helps you find it again. And if you know a song that ` +
          `belongs there, write to me.\n\n${artist}`,
      },
    ],
  },

  about: {
    demo: {
      heading: "Demo",
      facts: {
        catalogue: "The tracks and artists are invented.",
        spotify: "Playlists go to a simulated Spotify.",
        reccobeats: "Audio files go to a simulated ReccoBeats.",
      },
    },
    invented: "Invented track data",
    origin: (source) => `Track data from ${source}`,
    asOf: (date) => `, as of ${date}`,
    source: (origin, asOf, tracks, built) => `${origin}${asOf}: ${tracks}, last refreshed on ${built}.`,
    method:
      "A list follows from numbers about sound, genre and popularity. They are often good and sometimes wrong; " +
      "listen before you share.",
    disclaimer:
      "Daltonify is not affiliated with Spotify or with any artist, and a place in a list is not an endorsement. " +
      "No bots, no paid places: listeners decide.",
    noPromise: "A playlist can help people find you. Nobody can promise streams, and neither do we.",
  },

  problems: {
    retry: "Try again",
    retryIn: (time) => `Try again in ${time}`,
    asUsual: "Go on with the usual settings",
    byItself: "The service cannot be reached. Check your internet connection; this page tries again by itself.",
    from: (time) => `Try again from ${time}.`,
    heading: "That did not work",
    headings: {
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
      unknown_playlist: "This playlist is gone",
      consent_needed: "Spotify wants to be asked again",
      invalid_link: "This link does not lead to a track",
      invalid_query: "That cannot be asked like this",
      unknown_genre: "There is no such genre here",
      seed_data_needed: "Too little is known of your track",
      audio_refused: "This file cannot be used",
      upstream_unavailable: "Another service does not answer",
      upstream_uncertain: "Another service does not answer",
      upstream_rate_limited: "Another service needs a pause",
      upstream_refused: "Another service said no",
      upstream_error: "Another service failed",
      secret_unavailable: "This installation is not complete",
      index_corrupt: "The catalogue is being mended",
      too_many_requests: "One moment",
    },
    // Where the service's own sentence speaks to programs.
    details: {
      offline: "The service cannot be reached. Check your internet connection and try again.",
      timeout: "The service did not answer in time. Try again in a moment.",
      unreadable: "The service gave an answer that this page cannot read. Try again in a moment.",
      too_many_requests: "Very many ask at this moment. Try again in a few seconds.",
      publication_in_progress: "It is being written at this moment. Trying again shows how it ended.",
      publication_unknown: "Trying again looks for it and finishes it. There will not be a second one.",
      publishing_unfinished: "What is done so far is kept, and trying again goes on from there.",
    },
    // What to do about it, where the service's sentence does not say so.
    advice: {
      no_bigger_artists: "Let the artists be bigger, allow other years, or choose another genre.",
    },
    report: (id) => `If you report this, give the number ${id}.`,
  },

  // How things are counted; the form is chosen by the rules of the language.
  units: {
    track: { one: "track", other: "tracks" },
    artist: { one: "artist", other: "artists" },
    point: { one: "point", other: "points" },
    slider: { one: "slider", other: "sliders" },
    step: { one: "step", other: "steps" },
    second: { one: "second", other: "seconds" },
    minute: { one: "minute", other: "minutes" },
    hour: { one: "hour", other: "hours" },
  },

  timeOnDay: (time, day) => `${time} on ${day}`,
};
