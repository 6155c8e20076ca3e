"""Write the page on privacy and terms, ``infra/site/privacy.html``, by ``make privacy``.

What is kept, why and for how long stands in ``kept`` and nowhere else; numbers that the template or the code decides
are taken from there. A test refuses a page that is not what this module writes, and another compares the other numbers.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.look_ups import LookUpKind
from daltonify_core.releases.profile import MAXIMUM_VERSIONS
from daltonify_core.use_cases.record_release import KEPT_FOR
from daltonify_core.use_cases.remove_audio import FORGOTTEN_AFTER
from infra.local.sam_template import SamTemplate, read_template

PAGE: Final = Path(__file__).parents[1] / "site" / "privacy.html"

FEATURES_DAYS: Final = 30
IDENTITY_HOURS: Final = 24
"""How long answers about tracks are remembered; ``use_cases/look_ups.py`` decides."""
AUDIO_RECORD_HOURS: Final = 1
"""How long the result of an analysis is kept; ``use_cases/submit_audio.py`` decides."""
AUDIO_LEFTOVER_DAYS: Final = 2
"""The bucket's rule says one day, and S3 begins to count at the midnight that follows."""
BACKUP_DAYS: Final = 35
"""How far point-in-time recovery of DynamoDB goes back; nobody can shorten it for what was written already."""
DELETION_LAG_DAYS: Final = 2
"""How late DynamoDB may remove what has expired; until then nothing of ours reads it."""


SPOTIFY_TERMS: Final = "https://www.spotify.com/legal/end-user-agreement/"
SPOTIFY_PRIVACY: Final = "https://www.spotify.com/legal/privacy-policy/"
RECCOBEATS_TERMS: Final = "https://reccobeats.com/docs/documentation/terms-of-service"


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data: what it is, what for, and how long it stays. ``kinds`` are those of its items in the table."""

    heading: str
    what: str
    why: str
    until: str
    kinds: tuple[str, ...] = ()


def kept(template: SamTemplate) -> list[Kept]:
    """Everything that the service keeps of what visitors do."""
    publications = PublishSettings().record_days
    return [
        Kept(
            "What you ask for",
            "Links, titles, names and numbers that you type are used to answer and are not stored in any database, nor "
            "in a log but for the one exception under Logs.",
            "To make the list.",
            "Until the answer is sent.",
        ),
        Kept(
            "Playlists that you publish",
            "Which playlist was made, how far that came, which tracks Spotify turned down or replaced, and hashes of "
            "the key under which you sent the request and of its content. Of the token with which you may change the "
            "playlist later only a hash. The playlist itself lies at Spotify, in the account that this service "
            "publishes under, with title, description and tracks.",
            "So that a request that is sent again makes no second playlist, and that nobody else changes yours.",
            f"{publications} days; the hash of the token as long as the service exists, since the playlist exists as "
            "long. To have a playlist deleted earlier, write to the contact above.",
            ("publication", "edit token"),
        ),
        Kept(
            "How often an address asks for something costly",
            "Not your network address but a hash of it (SHA-256), beside a count: of playlists that were published or "
            "changed, of tracks that were looked up elsewhere, of short links that were followed, of audio files and "
            "of wrong access codes. Of an IPv6 address the network counts alone. Whoever may read the table could find "
            "the address by trying all of them.",
            "So that one visitor cannot use up what is there for all.",
            "Counts end at midnight (UTC), those of wrong access codes and the lock after them within an hour.",
            ("counter", "circuit"),
        ),
        Kept(
            "What other services say of a track",
            "How a track sounds, what it is called and by whom it is, and which tracks an album holds, by its id at "
            "Spotify; not who asked. For what is not known here, ReccoBeats and Spotify are asked, by our server: they "
            "see the id of the track or album and nothing of you.",
            "So that nobody is asked the same thing again and again.",
            f"Sound for {FEATURES_DAYS} days, names for {IDENTITY_HOURS} hours.",
            tuple(LookUpKind),
        ),
        Kept(
            "The tracks that lists are made of",
            "Titles, names of artists, genres, popularity and sound of tracks, from data that others have published "
            "and whoever runs this service has chosen; nothing of it comes from visitors.",
            "To compare your track with them.",
            f"Until the operator replaces it; what was replaced or deleted for {_replaced_days(template)} days more. "
            "To have something of yours taken out, write to the contact above.",
        ),
        Kept(
            "Audio files that you send",
            "Up to 30 seconds of a recording, cut on your own machine. Our server sends the clip to ReccoBeats to have "
            "it listened to, or measures it by itself; what ReccoBeats does with it, its own terms say. Nobody else "
            "gets it, and we train nothing on it.",
            "To measure how a track sounds that nobody has data on.",
            f"The clip is deleted as soon as it was analysed, mostly within a minute. What a fault leaves behind is "
            f"looked for every hour and deleted when it is {_hours(FORGOTTEN_AFTER)} hours old; where that fails as "
            f"well, within {AUDIO_LEFTOVER_DAYS} days. The measured numbers are kept for {AUDIO_RECORD_HOURS} hour, to "
            "be fetched. Of work that failed again and again a number remains that stands for it, without sound or "
            f"name, for {_dead_letter_days(template, 'AudioDeadLetters')} days.",
            ("audio job",),
        ),
        Kept(
            "Artists who have a playlist at every release",
            "Whoever runs this service registers them, at their wish: name and number at Spotify, what the playlist "
            "shall be like, and a contact if they gave one. For each address at which their releases are announced: "
            "what it is for, when it was made and changed, and of its token only a hash; secrets for signatures are "
            f"not stored at all. The playlist that lives on with its last {MAXIMUM_VERSIONS} versions, which change "
            "of it is under way, and which releases were seen at Spotify and when it is looked there again.",
            "So that a new track comes into the playlist without anybody at a keyboard, only the artist's own "
            "senders can announce one, and a change can be undone.",
            "As long as the artist is registered. The operator deletes all of it at once; the playlist at Spotify "
            "and the records of releases stay, as said here. Write to the contact above.",
            ("artists", "artist", "hook", "hook#", "playlist", "version#", "hold", "poll"),
        ),
        Kept(
            "Releases that are announced",
            "For registered artists alone: which release it is, by link, code or title, its date and its track at "
            "Spotify, when and by which address it was announced, how far it has come and why, what is to be "
            "published, and the playlist that holds it. The rest of an announcement is not stored, and of the "
            "number that its sender gave it only a hash. Whoever has the random number of a release can see how far "
            "it has come, and nobody else.",
            "So that the artist can see what became of it, and that nothing is done twice, however often it is "
            "announced.",
            f"{KEPT_FOR.days} days; that a track has had its release, by the numbers of track and artist, as long as "
            "the service exists. Messages between our own programs, which say which release to look at and no more, "
            f"at most {_message_days(template)} day, and those on which a program broke down again and again for "
            f"{_dead_letter_days(template, 'ReleaseDeadLetters')} days.",
            ("release", "release key", "releases of", "own track"),
        ),
        Kept(
            "Logs",
            "Of each request: time, route, status, duration, size, a random number, and which services were asked. "
            "Neither addresses nor what you typed nor headers. Of a release: its artist's number at Spotify and how "
            "far it came. Of a fault: what failed, and where in the program; only in the report of one that nobody "
            "foresaw a piece of what you sent could stand.",
            "To find out what went wrong.",
            f"{_log_days(template)} days.",
        ),
    ]


def page(template: SamTemplate) -> str:
    """The page as text; equal sources give equal text."""
    sections = "".join(_section(one) for one in kept(template))
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Privacy and terms - Daltonify</title>
    <meta name="description" content="What Daltonify stores, why and for how long, and on what terms it may be used." />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="styles/base.css" />
  </head>
  <body>
    <a class="skip" href="#main">Skip to the main part</a>

    <header>
      <p class="brand"><a href="./">Daltonify</a></p>
    </header>

    <main id="main" class="text" tabindex="-1">
      <h1>Privacy and terms</h1>

      <h2>Who runs this service</h2>
      <p>
        Contact:
        <span id="contact">nobody but you, because this copy runs on somebody&#8217;s own machine and keeps what it
          stores there.</span>
      </p>
      <p>
        Daltonify is free software that anybody may run. This page says what the software stores. Whoever runs it
        answers for it, for the country in which they do, and for whatever else the law asks of them.
      </p>

      <h2>What is stored</h2>
{sections}
      <p>
        Of playlists, releases, counts, answers of other services and measured numbers, what has expired disappears
        within about {DELETION_LAG_DAYS} days.
        {_backups(template)}
      </p>

      <h2>In your browser</h2>
      <p>
        No cookies, nothing that follows you, and no script from anywhere else. The page remembers your last list with
        what you asked for and changed in it, what this service said of itself, and the playlists that you made with the
        tokens that may change them, until you clear the data of this site (local storage), and its own files, so that
        it opens without a network too. Earlier lists to go back to, a publication that is under way, an analysis of
        your file with that file&#8217;s name and length, and what belongs to a login at Spotify until you are back from
        there, are remembered until you close the tab (session storage). None of it is sent anywhere but to this
        service, and only when you ask for a list or publish one. A link that you share holds the list behind a #, which
        browsers send to nobody. The link to a release holds its number there; the page gives that to this service
        alone, and keeps nothing of it.
      </p>
      <p>
        An audio file that you have measured on the page does not leave your computer.
      </p>
      <p>
        Pictures of albums, where they are shown, come from Spotify&#8217;s servers, and so does Spotify&#8217;s player,
        which is loaded only when you ask for it; Spotify then sees the address of your browser, and its player may
        remember something there. A link to Spotify leads to Spotify, whose own
        <a href="{SPOTIFY_TERMS}" rel="noreferrer">terms</a> and
        <a href="{SPOTIFY_PRIVACY}" rel="noreferrer">privacy policy</a> hold there.
      </p>

      <h2>Your account at Spotify</h2>
      <p>
        You need none, unless you choose to publish under it: then your browser speaks with Spotify itself, and this
        service learns nothing of it. What Spotify gives the page for that stays in the memory of the page and is gone
        when you close or reload it. At spotify.com/account/apps you can withdraw it for good. Other playlists are made
        under the operator&#8217;s own account, whose consent ends after six months at the latest.
      </p>

      <h2>Who else is involved</h2>
      <p>
        The service runs on Amazon Web Services, which handle your network address to answer you and keep what is
        described here for the operator. Playlists are made through Spotify&#8217;s interface, and titles and pictures
        that come from Spotify are shown with a link to it. ReccoBeats is asked about tracks and listens to audio files,
        under its <a href="{RECCOBEATS_TERMS}" rel="noreferrer">terms of service</a>. Nothing is sold, nothing is given
        to advertisers, and what is counted (requests, faults, durations) names nobody.
      </p>

      <h2>Your rights</h2>
      <p>
        Most of what is stored names nobody, so it can be found only with the link to a playlist or its token. With
        either, the operator can tell you what is stored and delete it. What is stored of registered artists is found by
        their name.
      </p>

      <h2>Terms</h2>
      <ul>
        <li>Use it for your own music, and send only recordings that you may send.</li>
        <li>
          Lists are suggestions, computed from published numbers. Daltonify is not affiliated with Spotify or with any
          artist, and a place in a list is not an endorsement. Places cannot be bought.
        </li>
        <li>Do not use it to deceive listeners or to inflate streams: Spotify forbids that, and so do these terms.</li>
        <li>
          What comes from Spotify or ReccoBeats is theirs: do not copy it in bulk, change it, take their services apart
          or sell any of it.
        </li>
        <li>
          The service may refuse requests, delete playlists from its account and end at any time. It comes without any
          warranty, in the operator&#8217;s name or in that of Spotify or ReccoBeats. The operator alone answers for it;
          Spotify and ReccoBeats answer for nothing here.
        </li>
      </ul>
    </main>

    <footer class="about">
      <p><a href="./">Back to the page</a></p>
    </footer>
  </body>
</html>
"""


def log_retentions(template: SamTemplate) -> set[int]:
    """In days, of every log group of the template."""
    resources: Sequence[Any] = list(template.values["Resources"].values())
    return {int(one["Properties"]["RetentionInDays"]) for one in resources if one["Type"] == "AWS::Logs::LogGroup"}


def _backups(template: SamTemplate) -> str:
    return f"Backups hold it for {BACKUP_DAYS} days more." if _recovers(template) else "There are no backups of it."


def _replaced_days(template: SamTemplate) -> int:
    rules = template.resource("DataBucket")["LifecycleConfiguration"]["Rules"]
    return int(
        next(one for one in rules if one.get("Prefix") == "catalogue/")["NoncurrentVersionExpiration"]["NoncurrentDays"]
    )


def _dead_letter_days(template: SamTemplate, queue: str) -> int:
    return int(template.resource(queue)["MessageRetentionPeriod"]) // 86_400


def _message_days(template: SamTemplate) -> int:
    return int(template.resource("ReleaseQueue")["MessageRetentionPeriod"]) // 86_400


def _hours(duration: timedelta) -> int:
    return int(duration / timedelta(hours=1))


def _log_days(template: SamTemplate) -> int:
    return max(log_retentions(template))


def _recovers(template: SamTemplate) -> bool:
    found: bool = template.resource("Table")["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    return found


def _section(one: Kept) -> str:
    rows = (("What", one.what), ("What for", one.why), ("How long", one.until))
    pairs = "".join(f"        <dt>{name}</dt>\n        <dd>{html.escape(text)}</dd>\n" for name, text in rows)
    return f"      <h3>{html.escape(one.heading)}</h3>\n      <dl>\n{pairs}      </dl>\n"


def main() -> None:
    """Replace the committed page."""
    PAGE.write_text(page(read_template()), encoding="utf-8")


if __name__ == "__main__":
    main()
