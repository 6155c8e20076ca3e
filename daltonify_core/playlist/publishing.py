"""What may be published, checked and brought into one form before anything is counted or sent.

A playlist under the service's account is public speech in the operator's name, so its texts carry no links: the page is
open to strangers, and a link in a title is what spam is made of.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from daltonify_core.catalogue.links import LinkKind, is_spotify_id, parse_link
from daltonify_core.catalogue.track import MAX_NAME_LENGTH
from daltonify_core.errors import InvalidLink, InvalidPlaylist
from daltonify_core.playlist.own_slots import own_track_limit
from daltonify_core.playlist.request import MAXIMUM_SEEDS

MAXIMUM_TITLE_CHARACTERS: Final = 80
MAXIMUM_DESCRIPTION_CHARACTERS: Final = 200
MAXIMUM_URIS: Final = 110
"""The longest recommendation, 100 tracks, and the artist's own among them."""
MAXIMUM_RESERVES: Final = 15
_MAXIMUM_TOKEN_CHARACTERS: Final = 200

# Direction marks can make a text show something else than it holds. Joiners stay: emoji are made of them.
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE: Final = frozenset(("Cf", "Mn", "Me", "Zs"))
# Nothing is drawn for these either: Unicode's "default ignorable" characters outside Cf, and the empty Braille pattern.
_FILLERS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_OTHER_FULL_STOPS: Final = str.maketrans("。｡．․", "....")

_LINK_STARTS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|(?<!\w)//\w|(?<!\w)www\.\w"
    r"|spotify:(?:track|album|artist|playlist|user|show|episode|prerelease|collection|search|local)\b"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:[:/]|(?![\w.]))"
    # On both sides of the full stop, or it ends a sentence: "com" and "net" are words of other languages.
    r"|\w \. (?:com|net|org)\b",
    re.ASCII | re.IGNORECASE,
)
# A word with a full stop in it may be a site or a name ("Mr.Blue", "feat.Me", "Ma.se"). It is a site if it ends in one
# of the endings that hardly any name ends in, or if a path follows an ending that is not written like a name.
_DOTTED_WORD: Final = re.compile(
    r"(?<![^\W_])[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.(?P<ending>xn--[\w-]+|[^\W\d_]{2,24})"
    r"(?:(?P<path>(?::\d{2,5})?[/?#]\S|:\d{2,5})|(?![^\W_]))"
)
_CLEAR_ENDING: Final = re.compile(
    "com|net|org|info|biz|io|co|app|dev|gg|tv|fm|ly|xyz|site|website|online|shop|store|xn--.*"
    "|uk|eu|de|fr|nl|dk|pl|br|ru|cz|hu|jp|ee",
    re.ASCII | re.IGNORECASE,
)
_SHORTENER_ENDING: Final = re.compile("me|to|be|it|is|in|gl|la|sh|st|cc|link|page", re.ASCII | re.IGNORECASE)

_REFERENCE: Final = re.compile(r"(?: ·)? ?\bref [0-9a-f]{10}\b")
_REFERENCE_SEPARATOR: Final = " · "


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Limits of publishing; each default has its reason beside it."""

    account: str = "spotify"
    """Names the service account; keys and the circuit of one account mean nothing to another."""
    daily_creations: int = 50
    """A creation costs about four calls, and development-mode accounts were locked out after 800 calls a day."""
    daily_creations_per_client: int = 3
    """An artist has one release at a time, and tries twice."""
    playlists: int = 10_500
    """Spotify allows an account about 11,000; the rest is room for what people make by hand."""
    daily_updates: int = 100
    """An update costs about three calls too; with the creations this stays below 600 calls a day."""
    daily_updates_per_client: int = 10
    """Enough to polish one list, too few to hammer on it."""
    record_days: int = 30
    """How long the same key gives the same answer."""
    call_seconds: float = 7
    """The longest that one call may take, with connecting, renewing the token and reading several pages."""
    lease_margin_seconds: float = 20
    """How long after its deadline an attempt counts as running: a call that hangs, after one for a token that hung as
    well, may take 22 seconds, and clocks differ."""
    settle_seconds: float = 120
    """After this long a playlist that is not in the account's complete list was not made."""
    poll_seconds: int = 30
    """When to ask again for a playlist that may still turn up; each time costs calls."""
    in_progress_seconds: int = 5
    """When to try again while another attempt runs: its lease may last for 45 s, but most are over in two."""
    incomplete_list_seconds: int = 3600
    """When to ask again if the account's list could not be read to its end, which took forty calls."""
    unavailable_seconds: int = 15
    """When to try again after a failure that names no time."""
    fill_attempts: int = 3
    """How often a playlist that reads back differently is written in one request."""


@dataclass(frozen=True, slots=True)
class UnreleasedTrack:
    """An own track that is not on Spotify yet, with the place in the whole list that is kept for it, counted from 1."""

    position: int
    title: str
    artists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """A playlist to publish, in normal form; raises ``InvalidPlaylist`` with the ``field`` that is wrong.

    ``uris`` are 1 to 110 tracks in their order, given as URI, link or id. ``seeds`` are the artist's own tracks, which
    no index needs to know; ``reserves`` stand in, in their order, for tracks that turn out dead. ``unreleased`` are own
    tracks that cannot be published yet: they are left out, and the answer says how to add them. ``playlist_id`` and
    ``edit_token`` together change a playlist that was published before. White space in the texts is reduced to single
    spaces, and a reference that an earlier publication appended is taken off.
    """

    title: str
    uris: tuple[str, ...]
    description: str = ""
    seeds: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    unreleased: tuple[UnreleasedTrack, ...] = ()
    public: bool = True
    playlist_id: str | None = None
    edit_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _set(self, "title", _text(self.title, "title", MAXIMUM_TITLE_CHARACTERS))
        if all(unicodedata.category(character) in _INVISIBLE for character in _FILLERS.sub("", self.title)):
            raise InvalidPlaylist("The title is empty. Give the playlist a name.", "title")
        described = _REFERENCE.sub("", _on_one_line(self.description))
        _set(self, "description", _text(described, "description", MAXIMUM_DESCRIPTION_CHARACTERS))
        if not self.uris:
            raise InvalidPlaylist("There is no track in the list. Send at least one.", "uris")
        _set(self, "uris", _track_uris(self.uris, "uris", MAXIMUM_URIS))
        _set(self, "seeds", _track_uris(self.seeds, "seeds", MAXIMUM_SEEDS))
        _set(self, "reserves", _track_uris(self.reserves, "reserves", MAXIMUM_RESERVES, self.uris))
        self._check_unreleased()
        self._check_edit()

    def _check_unreleased(self) -> None:
        if len(self.unreleased) > MAXIMUM_SEEDS:
            raise InvalidPlaylist(f"At most {MAXIMUM_SEEDS} tracks of a list can be unreleased.", "unreleased")
        whole = len(self.uris) + len(self.unreleased)
        taken: set[int] = set()
        for place, track in enumerate(self.unreleased):
            where = f"unreleased[{place}]"
            if not 1 <= track.position <= whole:
                raise InvalidPlaylist(f"The position must be from 1 to {whole}, the whole list.", f"{where}.position")
            if track.position in taken:
                raise InvalidPlaylist("Two unreleased tracks have the same position.", f"{where}.position")
            taken.add(track.position)
            if not track.artists or not all(0 < len(name) <= MAX_NAME_LENGTH for name in (track.title, *track.artists)):
                raise InvalidPlaylist(
                    f"An unreleased track needs a title and artists of 1 to {MAX_NAME_LENGTH:,} characters.", where
                )

    def _check_edit(self) -> None:
        if self.playlist_id is None and self.edit_token is None:
            return
        if self.playlist_id is None:
            raise InvalidPlaylist("An edit token needs the playlist_id of the playlist to change.", "playlist_id")
        if not is_spotify_id(self.playlist_id):
            raise InvalidPlaylist(
                "playlist_id is not a Spotify id: it must be the 22 letters and digits that publishing answered.",
                "playlist_id",
            )
        if not self.edit_token:
            raise InvalidPlaylist("Changing a playlist needs the edit_token that publishing answered.", "edit_token")
        if len(self.edit_token) > _MAXIMUM_TOKEN_CHARACTERS:
            raise InvalidPlaylist("edit_token is too long; send the one that publishing answered.", "edit_token")

    def payload_hash(self) -> str:
        """SHA-256 over everything that decides what is published; the edit token does not."""
        content = [
            self.title,
            self.description,
            self.uris,
            self.seeds,
            self.reserves,
            [[track.position, track.title, track.artists] for track in self.unreleased],
            self.public,
            self.playlist_id,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PublishedPlaylist:
    """What publishing came to. ``created`` is false when a playlist was changed in place.

    ``tracks_added`` is what a listener can play. ``replaced`` holds pairs of the wanted and the substitute URI,
    ``left_out`` the URIs for which there was no substitute, ``to_add`` the unreleased tracks with the places at which
    they belong in what was published, ``notes`` what else is worth knowing, in sentences.
    """

    playlist_id: str
    tracks_added: int
    edit_token: str = field(repr=False)
    replaced: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    to_add: tuple[UnreleasedTrack, ...]
    notes: tuple[str, ...]
    created: bool


@dataclass(frozen=True, slots=True)
class Lineup:
    """The tracks of a playlist after those that the service turned down were replaced, slot by slot."""

    uris: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]


def line_up(uris: Sequence[str], reserves: Sequence[str], refused: Iterable[str]) -> Lineup:
    """Give each refused track's slot to the next reserve that was not refused; slots without one close up."""
    dead = frozenset(refused)
    substitutes = iter([uri for uri in reserves if uri not in dead])
    chosen = [(uri, next(substitutes, None) if uri in dead else uri) for uri in uris]
    return Lineup(
        uris=tuple(now for _, now in chosen if now is not None),
        replaced=tuple((wanted, now) for wanted, now in chosen if now is not None and now != wanted),
        left_out=tuple(wanted for wanted, now in chosen if now is None),
    )


def places_to_add(request: PublishRequest, left_out: Collection[str]) -> tuple[UnreleasedTrack, ...]:
    """The unreleased tracks by place, each place moved up by the tracks before it that were left out."""
    unreleased = {track.position: track for track in request.unreleased}
    published = iter(request.uris)
    places: list[UnreleasedTrack] = []
    gone = 0
    for position in range(1, len(request.uris) + len(unreleased) + 1):
        track = unreleased.get(position)
        if track is not None:
            places.append(replace(track, position=position - gone))
        elif next(published) in left_out:
            gone += 1
    return tuple(places)


def check_sources(request: PublishRequest, sources: Mapping[str, str]) -> None:
    """Refuse tracks from outside the index, beyond the few own ones that a recommended list may hold.

    ``sources`` maps the ids of known tracks to where their rows come from. Without this the service's account would
    publish anything for anybody. Raises ``InvalidPlaylist`` for the first track that does not belong.
    """
    own = set(request.seeds)
    outside = [place for place, uri in enumerate(request.uris) if track_id_of(uri) not in sources]
    for place in outside:
        if request.uris[place] not in own:
            raise InvalidPlaylist(
                "This track is in neither the current nor the previous index. Take it from a fresh recommendation, "
                "or name it in seeds if it is the artist's own.",
                f"uris[{place}]",
            )
    known = len(request.uris) - len(outside)
    if outside and not known:
        raise InvalidPlaylist(
            "The list holds own tracks only. Publish them together with recommended ones.", f"uris[{outside[0]}]"
        )
    limit = own_track_limit(known)
    if len(outside) > limit:
        raise InvalidPlaylist(
            f"A list with {known} recommended tracks may hold {limit} of the artist's own that no index knows; this "
            "one is too many.",
            f"uris[{outside[limit]}]",
        )
    for place, uri in enumerate(request.reserves):
        if track_id_of(uri) not in sources:
            raise InvalidPlaylist(
                "This reserve is in neither the current nor the previous index. Take the reserves from a fresh "
                "recommendation, or leave them out.",
                f"reserves[{place}]",
            )


def track_id_of(uri: str) -> str:
    """The id at the end of a track URI."""
    return uri.rpartition(":")[2]


def with_reference(description: str, reference: str) -> str:
    """The description as it stands on Spotify, at its end the reference by which the playlist is found."""
    return f"{description}{_REFERENCE_SEPARATOR}{reference}" if description else reference


def holds_link(text: str) -> bool:
    """Whether a listener might take part of the text for an address: a link, a site, a ``spotify:`` URI."""
    drawn = _FILLERS.sub("", unicodedata.normalize("NFKC", text)).translate(_OTHER_FULL_STOPS)
    # What a reader does not see cannot hide a link either.
    seen = "".join(character for character in drawn if unicodedata.category(character) != "Cf")
    return bool(_LINK_STARTS.search(seen)) or any(_is_site(word) for word in _DOTTED_WORD.finditer(seen))


def _is_site(word: re.Match[str]) -> bool:
    ending = word["ending"]
    if _CLEAR_ENDING.fullmatch(ending):
        return True
    written_like_a_name = not (ending.islower() or ending.isupper() or _SHORTENER_ENDING.fullmatch(ending))
    return word["path"] is not None and not written_like_a_name


def _text(value: str, name: str, most: int) -> str:
    text = unicodedata.normalize("NFC", _on_one_line(value))
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise InvalidPlaylist(f"The {name} holds half a character; type or paste it anew.", name)
    if any(unicodedata.category(character) == "Cc" or character in _DIRECTION_MARKS for character in text):
        raise InvalidPlaylist(f"The {name} holds control characters that nobody sees; type it anew.", name)
    if len(text) > most:
        raise InvalidPlaylist(f"The {name} has {len(text)} characters; at most {most} are allowed. Shorten it.", name)
    if holds_link(text):
        raise InvalidPlaylist(
            f"The {name} holds something that reads as a link. Take it out; if it is none, put a space after its full "
            "stop.",
            name,
        )
    return text


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _track_uris(given: Sequence[str], name: str, most: int, taken: Sequence[str] = ()) -> tuple[str, ...]:
    if len(given) > most:
        raise InvalidPlaylist(f"There are {len(given)} tracks here; at most {most} are allowed.", name)
    found: dict[str, str] = dict.fromkeys(taken, "uris")
    for place, text in enumerate(given):
        where = f"{name}[{place}]"
        uri = _track_uri(text, where)
        if uri in found:
            raise InvalidPlaylist(f"This track stands in {found[uri]} already. Send each one once.", where)
        found[uri] = name
    return tuple(uri for uri, list_name in found.items() if list_name == name)


def _track_uri(text: str, where: str) -> str:
    try:
        link = parse_link(text)
    except InvalidLink as error:
        raise InvalidPlaylist(error.message, where) from error
    if link.kind is not LinkKind.TRACK:
        raise InvalidPlaylist("This is an album; send the links of its tracks instead.", where)
    return link.uri


def _set(request: PublishRequest, name: str, value: object) -> None:
    # The only way to keep a normal form in a frozen dataclass.
    object.__setattr__(request, name, value)
