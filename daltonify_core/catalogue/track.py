"""Tracks and their artists as the catalogue holds them."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import InvalidTrack

RELEASE_DATE: Final = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
"""``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ``is_release_date`` looks closer."""

# Data sets hold 4 s jingles and 87 min mixes; a day is far beyond any of them and still catches wrong units.
MAX_DURATION_MS: Final = 24 * 60 * 60 * 1000
SYNTHETIC_SOURCE: Final = "synthetic"
"""``source`` of tracks that are invented and on no music service."""
MAX_NAME_LENGTH: Final = 1000
"""Characters; the longest title met in public data has 511."""
# Latin letters that are no letter with a mark to Unicode, though people type them without; "ß" is "ss" by its case.
_PLAIN_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def is_release_date(text: str) -> bool:
    """Whether the text is a date in one of the three forms that is in the calendar.

    >>> is_release_date("2024-02-29"), is_release_date("2026-02-30"), is_release_date("0000")
    (True, False, False)
    """
    if not RELEASE_DATE.fullmatch(text):
        return False
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def artist_key_of_name(name: str) -> str:
    """Identity of an artist who is known by name only: NFKC-normalised, case-folded, single-spaced."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def accentless_key_of_name(name: str) -> str:
    """The key of a name as it is typed without accents: what rules compare names by, and nobody's identity.

    Two artists may share it (Zoé and Zoe). Only Latin letters lose their marks: "й" is another letter than "и", and
    "が" than "か".

    >>> accentless_key_of_name("Lenny Tavárez")
    'lenny tavarez'
    >>> accentless_key_of_name("Røyksopp")
    'royksopp'
    """
    key = artist_key_of_name(name)
    if key.isascii():
        return key
    plain: list[str] = []
    is_latin = False
    for character in unicodedata.normalize("NFD", key):
        if unicodedata.combining(character):
            if is_latin:
                continue
        else:
            is_latin = unicodedata.name(character, "").startswith("LATIN ")
        plain.append(character)
    return unicodedata.normalize("NFC", "".join(plain)).translate(_PLAIN_LETTERS)


@dataclass(frozen=True, slots=True)
class ArtistCredit:
    """One artist in a track's credits; the first credit is the primary artist."""

    name: str
    artist_id: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME_LENGTH:
            raise InvalidTrack("artists", "An artist's name is empty or longer than 1,000 characters.")


@dataclass(frozen=True, slots=True)
class Track:
    """One track of the catalogue.

    ``release_date`` is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ``popularity`` and ``artist_popularity`` (the primary
    artist's) are integers in 0..100; ``genres`` are normalised names; ``snapshot`` says when popularity was read
    (``YYYY[-MM[-DD]]``, ``None`` counts as oldest) and ``source`` from where. Unlike a seed, a catalogue track has all
    nine continuous features. Raises ``InvalidTrack`` whose ``reason`` names the faulty field.
    """

    track_id: str
    title: str
    artists: tuple[ArtistCredit, ...]
    features: AudioFeatures
    album: str | None = None
    release_date: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    popularity: int | None = None
    artist_popularity: int | None = None
    genres: tuple[str, ...] = field(default=())
    snapshot: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if not is_spotify_id(self.track_id):
            raise InvalidTrack("track_id", f"{self.track_id[:40]!r} is not a Spotify track id (22 letters and digits).")
        if not self.title.strip() or len(self.title) > MAX_NAME_LENGTH:
            raise InvalidTrack("title", "The title is empty or longer than 1,000 characters.")
        if not self.artists:
            raise InvalidTrack("artists", "The track has no artist.")
        missing = self.features.missing()
        if missing:
            raise InvalidTrack("features_missing", f"The track lacks {', '.join(missing)}.")
        for name, told in (("release_date", self.release_date), ("snapshot", self.snapshot)):
            if told is not None and not RELEASE_DATE.fullmatch(told):
                raise InvalidTrack(name, f"{name} is {told[:40]!r}; it must be YYYY, YYYY-MM or YYYY-MM-DD.")
        if self.duration_ms is not None and not 0 < self.duration_ms <= MAX_DURATION_MS:
            raise InvalidTrack("duration_ms", f"duration_ms is {self.duration_ms}; it must be within one day.")
        for name, value in (("popularity", self.popularity), ("artist_popularity", self.artist_popularity)):
            if value is not None and not 0 <= value <= 100:
                raise InvalidTrack(name, f"{name} is {value}; it must be from 0 to 100.")

    @property
    def release_year(self) -> int | None:
        """The year of ``release_date``, if that is known."""
        return int(self.release_date[:4]) if self.release_date else None


class ListedTrack(NamedTuple):
    """What a list tells of a catalogue track; fields and units as in ``Track``, ``artists`` are the credited names.

    A tuple, because every answer makes dozens, and a track takes four times as long.
    """

    track_id: str
    title: str
    artists: tuple[str, ...]
    album: str | None
    release_date: str | None
    explicit: bool | None
    popularity: int | None
    features: AudioFeatures

    @property
    def release_year(self) -> int | None:
        """The year of ``release_date``, if that is known."""
        return int(self.release_date[:4]) if self.release_date else None
