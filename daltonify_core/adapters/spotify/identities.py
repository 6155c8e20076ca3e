"""What Spotify says a track is, read from answers of which any field may be absent, of another kind or unfit to show.

Artwork is shown by browsers, so its address is passed on only where it is certain to be a picture of Spotify's.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from daltonify_core.adapters.spotify.fields import mapping
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, RELEASE_DATE
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity

_ARTWORK_PIXELS: Final = 300  # Spotify's middle size; sharp at the 64 to 150 points at which covers are shown
_MOST_ADDRESS_CHARACTERS: Final = 2000
_SPOTIFYS_IMAGES: Final = re.compile(r"https://(?:i\.scdn\.co|(?:[a-z0-9-]+\.)+spotifycdn\.com)/")
_ADDRESS_END: Final = re.compile(r"[A-Za-z0-9._~/?&=%+-]*")
_DATE_LENGTHS: Final = {"year": 4, "month": 7, "day": 10}
_NO_YEAR: Final = "0000"  # Spotify's way to say that it does not know
_ISRC: Final = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NOT_SHOWN: Final = frozenset({"Cc", "Cs"})  # control characters, and halves of a pair, which nothing can store


class Artwork:
    """Tells addresses of Spotify's pictures from others.

    A service that is spoken to without TLS is a simulator on this machine; its own pictures count as well.
    """

    def __init__(self, service_url: str) -> None:
        address = urlsplit(service_url)
        self._simulator = f"http://{address.netloc}/" if address.scheme == "http" else None

    def checked(self, url: object) -> str | None:
        """The address if a page may show it."""
        if not isinstance(url, str) or len(url) > _MOST_ADDRESS_CHARACTERS:
            return None
        start = self._start_of(url)
        return url if start is not None and _ADDRESS_END.fullmatch(url, start) else None

    def nearest(self, images: object) -> str | None:
        """Of the images of an album the one whose size is nearest to what a page shows; unknown sizes come last."""
        shown: list[tuple[float, str]] = []
        for image in images if isinstance(images, list) else ():
            url = self.checked(mapping(image).get("url"))
            if url is not None:
                width = _whole_number(mapping(image).get("width"), 1, 100_000)
                shown.append((float("inf") if width is None else abs(width - _ARTWORK_PIXELS), url))
        return min(shown, key=lambda one: one[0])[1] if shown else None

    def _start_of(self, url: str) -> int | None:
        """Where the host ends, if it is one that pictures come from."""
        if self._simulator is not None and url.startswith(self._simulator):
            return len(self._simulator)
        known = _SPOTIFYS_IMAGES.match(url)
        return known.end() if known else None


def clean_name(value: object) -> str:
    """A title or name as it may be shown and stored: on one line, NFC, cut to the catalogue's limit; ``""`` if none."""
    if not isinstance(value, str):
        return ""
    shown = "".join(" " if unicodedata.category(one) in _NOT_SHOWN else one for one in value)
    return " ".join(unicodedata.normalize("NFC", shown).split())[:MAX_NAME_LENGTH].strip()


def read_track(track_id: str, track: Mapping[str, Any], artwork: Artwork) -> TrackIdentity | None:
    """The identity that a track object of the Web API tells, ``None`` for a track without a title.

    Spotify leaves such shells behind where a release was withdrawn. The id is the one that was asked for: under its
    own, Spotify may answer with the same recording of another release.
    """
    title = clean_name(track.get("name"))
    if not title:
        return None
    album = mapping(track.get("album"))
    credits = list(_credits(track.get("artists")))
    ids = [artist_id for _, artist_id in credits if artist_id is not None]
    explicit = track.get("explicit")
    return TrackIdentity(
        track_id=track_id,
        title=title,
        artists=tuple(name for name, _ in credits),
        source=IdentitySource.SPOTIFY,
        artist_ids=tuple(ids) if len(ids) == len(credits) else (),
        album=clean_name(album.get("name")) or None,
        artwork_url=artwork.nearest(album.get("images")),
        release_date=release_date_of(album.get("release_date"), album.get("release_date_precision")),
        duration_ms=_whole_number(track.get("duration_ms"), 1, MAX_DURATION_MS),
        explicit=explicit if isinstance(explicit, bool) else None,
        isrc=_isrc(mapping(track.get("external_ids")).get("isrc")),
        popularity=_whole_number(track.get("popularity"), 0, 100),
    )


def read_track_id(track: Mapping[str, Any]) -> str | None:
    """The id under which a listed track was published, though Spotify may play it from elsewhere."""
    found = mapping(track.get("linked_from")).get("id") or track.get("id")
    return found if isinstance(found, str) and is_spotify_id(found) else None


def _credits(artists: object) -> Iterator[tuple[str, str | None]]:
    for artist in artists if isinstance(artists, list) else ():
        name, artist_id = clean_name(mapping(artist).get("name")), mapping(artist).get("id")
        if name:
            yield name, artist_id if isinstance(artist_id, str) and is_spotify_id(artist_id) else None


def release_date_of(date: object, precision: object) -> str | None:
    """As precise as Spotify says it is: some days stand for a whole year."""
    if not isinstance(date, str):
        return None
    if isinstance(precision, str):
        date = date[: _DATE_LENGTHS.get(precision)]
    return date if RELEASE_DATE.fullmatch(date) and not date.startswith(_NO_YEAR) else None


def _isrc(value: object) -> str | None:
    code = value.replace("-", "").upper() if isinstance(value, str) else ""
    return code if _ISRC.fullmatch(code) else None


def _whole_number(value: object, low: int, high: int) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and low <= value <= high else None
