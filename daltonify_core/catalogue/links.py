"""What listeners paste into a form becomes a Spotify id here, or a refusal that says what to paste instead.

Links arrive from share buttons, chat programs, e-mails and look-alike sites. Only the kind and the id are kept, never
the pasted address, so nothing behind this module sees a foreign host. Nothing is percent-decoded: an encoded host or id
does not come from a share button, and a second reading of the same text is where look-alikes hide.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from daltonify_core.errors import InvalidLink

SPOTIFY_ID: Final = re.compile(r"[0-9A-Za-z]{22}")  # use with fullmatch
MAX_TEXT_CHARACTERS: Final = 2048  # share links have some hundred; the bound keeps every later step cheap

_MAX_QUOTED_CHARACTERS: Final = 60
_NO_PLAYLIST: Final = (
    "This is no link to a playlist on Spotify. One looks like https://open.spotify.com/playlist/4HJ7mSMtHAdU55lLjGE4zW"
)
_RIGHT_FORM: Final = "A track link looks like https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"

_HOSTS: Final = frozenset({"open.spotify.com", "play.spotify.com"})  # play. is the old host, still found in the wild
_SHORT_HOSTS: Final = frozenset({"spotify.link", "spotify.app.link"})  # refused by name, so that the advice fits

# re.ASCII matters below: without it, re.IGNORECASE lets the Kelvin sign stand for "k" and the long s for "s".
# spotify.app.link is not here: the company behind it is another one, and what it serves is a page for browsers.
_SHORT_LINK: Final = re.compile(
    r"https://(?:spotify\.link|open\.spotify\.com/s)/[\w-]+/?(?:\?[\w.~%&=$+-]*)?", re.ASCII | re.IGNORECASE
)
# As Spotify's own buttons copy them, which needs no closer look; anything else does.
_COPIED_LINK: Final = re.compile(
    r"https://open\.spotify\.com/(track|album)/([0-9A-Za-z]{22})(?:\?[0-9A-Za-z=&_-]{0,200})?"
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_APP_LINK: Final = re.compile(r"spotify:(//)?([^?#]*).*", re.ASCII | re.IGNORECASE)
_LOCALE: Final = re.compile(r"intl-[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,4})?")  # intl-de, intl-pt-br, intl-es-419
# A link inside another one, as in "?context=spotify:album:…", is not a second link.
_LINK_START: Final = re.compile(
    r"(?<![=/:])(?:https?://|spotify:(?=[\w/]))|(?:^|[\s,;|<(])open\.spotify\.com/", re.ASCII | re.IGNORECASE
)

_PAIRS: Final = frozenset({"<>", "()", "[]", '""', "''", "``", "“”", "„“", "‘’", "‚‘", "«»"})
# Zero-width and direction marks, which chat programs put around links.
_INVISIBLE: Final = "\u200b\u200e\u200f\u2060\ufeff"

_OTHER_KINDS: Final = {
    "artist": ("an artist", "one of the artist's tracks or albums"),
    "playlist": ("a playlist", "a single track from it"),
    "user": ("a listener's profile or playlist", "a single track"),
    "collection": ("somebody's own library", "a single track from it"),
    "episode": ("a podcast episode", "a track or an album"),
    "show": ("a podcast", "a track or an album"),
    "audiobook": ("an audiobook", "a track or an album"),
    "prerelease": ("a release that is not out yet", "the track or album once it is out"),
    "local": ("a file on one device, which Spotify does not hold", "the same track from Spotify's own catalogue"),
}


class LinkKind(StrEnum):
    """What a link that we accept points to, in Spotify's own word."""

    TRACK = "track"
    ALBUM = "album"


@dataclass(frozen=True, slots=True)
class SpotifyLink:
    """A track or an album on Spotify; ``id`` is 22 base62 characters when it comes from ``parse_link``."""

    kind: LinkKind
    id: str

    @property
    def uri(self) -> str:
        """The form that Spotify's API and apps use: ``spotify:track:…``."""
        return f"spotify:{self.kind}:{self.id}"

    @property
    def url(self) -> str:
        """The form that a browser opens, without tracking parameters: ``https://open.spotify.com/track/…``."""
        return f"https://open.spotify.com/{self.kind}/{self.id}"


def is_spotify_id(text: str) -> bool:
    """Whether the whole text has the form of an id: exactly 22 ASCII letters and digits."""
    return SPOTIFY_ID.fullmatch(text) is not None


def is_short_link(text: str) -> bool:
    """Whether the text, exactly as it stands, is an https short link on one of the two hosts that we follow.

    Those are ``spotify.link`` and ``open.spotify.com/s/``. White space or brackets around it make it False, so that a
    text which passes can be fetched unchanged. Where it leads is unknown: whoever follows it checks every hop.
    """
    return len(text) <= MAX_TEXT_CHARACTERS and _SHORT_LINK.fullmatch(text) is not None


def parse_link(text: str) -> SpotifyLink:
    """Return the track or album that the pasted text names; a bare id means a track.

    Accepts web links (with or without scheme, language prefix, ``/embed/``, query and fragment), ``spotify:`` links,
    and white space, quotes or brackets around either. An album link that highlights one track means the album.
    Raises ``InvalidLink`` for everything else, short links included; see ``is_short_link``.
    """
    if copied := _COPIED_LINK.fullmatch(text):
        return SpotifyLink(LinkKind(copied[1]), copied[2])
    pasted = _only_the_link(text)
    if is_spotify_id(pasted):
        return SpotifyLink(LinkKind.TRACK, pasted)
    if not re.search(r"[./:]", pasted):
        raise _not_an_id(pasted)
    app_link = _APP_LINK.fullmatch(pasted)
    segments = _app_segments(app_link) if app_link else _web_segments(pasted)
    match segments:
        case [("track" | "album") as kind, link_id]:
            if not is_spotify_id(link_id):
                raise _not_an_id(link_id)
            return SpotifyLink(LinkKind(kind), link_id)
        case [("track" | "album") as kind]:
            raise _refusal(f"The {kind}'s id is missing at the end of the link.")
        case [("track" | "album") as kind, _, extra, *_]:
            raise _refusal(f"The link goes on after the {kind}'s id with {_quoted(extra)}; paste it without that.")
        case [kind, *_] if kind in _OTHER_KINDS:
            what, instead = _OTHER_KINDS[kind]
            raise _refusal(f"This is a link to {what}; paste {instead} instead.")
        case _:
            raise _refusal(f"{_quoted(pasted)} leads to Spotify, but not to a track or an album.")


def parse_playlist_link(text: str) -> str:
    """The id of the playlist that the pasted text names: a web link, a ``spotify:`` link or the bare id.

    Raises ``InvalidLink``.
    """
    try:
        pasted = _only_the_link(text)
        if is_spotify_id(pasted):
            return pasted
        app_link = _APP_LINK.fullmatch(pasted)
        segments = _app_segments(app_link) if app_link else _web_segments(pasted)
    except InvalidLink as cause:
        raise InvalidLink(_NO_PLAYLIST) from cause
    match segments:
        case ["playlist", playlist_id] if is_spotify_id(playlist_id):
            return playlist_id
        case _:
            raise InvalidLink(_NO_PLAYLIST)


def _only_the_link(text: str) -> str:
    """Take off what surrounds a pasted link; afterwards the text is printable and safe to quote."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise _refusal(f"The text has {len(text)} characters, far more than a link; paste only the link.")
    pasted = _unwrapped(text)
    if not pasted:
        raise _refusal("The field is empty; paste a link to a track or an album on Spotify.")
    links = len(_LINK_START.findall(pasted))
    if links > 1:
        raise _refusal("There is more than one link here; paste one link at a time.")
    if pasted.split() != [pasted]:
        problem = "There is other text or white space in or around the link" if links else "This is text, not a link"
        raise _refusal(f"{problem}; paste only the link.")
    if not pasted.isprintable():
        raise _refusal("The link has invisible or control characters in it; copy it anew from Spotify.")
    if "\\" in pasted:
        raise _refusal("The link has a backslash in it, which no Spotify link has; copy it anew from Spotify.")
    return pasted


def _unwrapped(text: str) -> str:
    while True:
        inner = text.strip().strip(_INVISIBLE)
        if inner[:1] + inner[-1:] in _PAIRS:
            inner = inner[1:-1]
        if inner == text:
            return inner
        text = inner


def _app_segments(app_link: re.Match[str]) -> list[str]:
    slashes, path = app_link.groups()
    return [segment for segment in path.split("/" if slashes else ":") if segment]


def _web_segments(pasted: str) -> list[str]:
    """Split the path of an address on one of Spotify's hosts, without language prefix and ``embed``."""
    try:
        address = urlsplit(pasted if _SCHEME.match(pasted) else f"https://{pasted}")
    except ValueError as cause:  # unbalanced brackets, or characters that turn into "/" or "@" when normalised
        raise _refusal(f"{_quoted(pasted)} cannot be read as a link.") from cause
    if address.scheme not in {"https", "http"}:
        raise _refusal(f'A Spotify link starts with "https://", not with {_quoted(address.scheme + "://")}.')
    # The whole authority is compared, so a user name, a port or a trailing dot is refused along with other hosts.
    host = address.netloc
    if not host.isascii():
        stranger = _named(next(character for character in host if not character.isascii()))
        raise _refusal(f"The address has the character {stranger}, which Spotify's has not; it may be a fake.")
    if host.lower() in _SHORT_HOSTS:
        raise _short_link_refusal()
    if host.lower() not in _HOSTS:
        raise _refusal(_host_problem(host, pasted))
    segments = [segment for segment in address.path.split("/") if segment]
    if segments and _LOCALE.fullmatch(segments[0]):
        del segments[0]
    if segments and segments[0] == "embed":
        del segments[0]
    if segments and segments[0] == "s":
        raise _short_link_refusal()
    return segments


def _host_problem(host: str, pasted: str) -> str:
    if not host:
        return f"{_quoted(pasted)} names no site."
    if "@" in host:
        return (
            f'This is a link to {_quoted(host.rpartition("@")[2])} with a user name ("@"), and a Spotify link has none.'
        )
    if host.partition(":")[0].lower() in _HOSTS:
        return f"A Spotify link has no port number, but this one is for {_quoted(host)}."
    return f"This is a link to {_quoted(host)}, which is not open.spotify.com."


def _not_an_id(text: str) -> InvalidLink:
    if re.fullmatch(r"[0-9A-Za-z]*", text):
        return _refusal(f"{_quoted(text)} is not a Spotify id: it has {len(text)} characters, and ids have 22.")
    stranger = _named(next(character for character in text if not re.match(r"[0-9A-Za-z]", character)))
    return _refusal(f"{_quoted(text)} is not a Spotify id: ids have only A-Z, a-z and 0-9, and no {stranger}.")


def _named(character: str) -> str:
    """Give the code point as well, because a look-alike alone would show nothing odd."""
    return f'"{character}" (U+{ord(character):04X})'


def _short_link_refusal() -> InvalidLink:
    return _refusal("This is a short link, which does not say what it leads to; open it and copy the full link.")


def _refusal(problem: str) -> InvalidLink:
    return InvalidLink(f"{problem} {_RIGHT_FORM}")


def _quoted(text: str) -> str:
    """Quote at most 60 characters of a text that ``_only_the_link`` has found printable."""
    if len(text) > _MAX_QUOTED_CHARACTERS:
        text = f"{text[: _MAX_QUOTED_CHARACTERS - 1]}…"
    return f'"{text}"'
