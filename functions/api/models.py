"""The body of a request for a playlist: what the API accepts. Limits come from the domain, which checks them again."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from daltonify_core.catalogue.audio_features import FEATURE_RANGES, FeaturesSource
from daltonify_core.catalogue.links import MAX_TEXT_CHARACTERS, SPOTIFY_ID
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, RELEASE_DATE
from daltonify_core.playlist.band import MAXIMUM_POPULARITY, BandLifts
from daltonify_core.playlist.request import (
    DEFAULT_SIZE,
    MAXIMUM_ADDRESS_CHARACTERS,
    MAXIMUM_EXCLUSIONS,
    MAXIMUM_FOLLOWERS,
    MAXIMUM_PINNED,
    MAXIMUM_SEEDS,
    MAXIMUM_VARIATION,
    SIZE_LIMITS,
    YEAR_LIMITS,
)
from daltonify_core.ports.look_ups import IdentitySource

LINK_TAG: Final = "as a link"
OBJECT_TAG: Final = "as an object"
UNION_TAGS: Final = frozenset({LINK_TAG, OBJECT_TAG})
"""Parts of pydantic's locations that are no fields of a request."""

_EXAMPLE_ID: Final = "4HJ7mSMtHAdU55lLjGE4zW"
_EXAMPLE_LINK: Final = f"https://open.spotify.com/track/{_EXAMPLE_ID}"


class Body(BaseModel):
    """What a caller sends: no unknown fields, and no text where a number belongs."""

    # Whatever checks a body is made once, for the outermost model, and not anew for each part of it.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # Powertools writes a route's arguments into a line of its own log: what people type has no place there. It does
        # so for each request, even where that log is switched off.
        return ()


def _feature(name: str, words: str) -> Any:
    low, high = FEATURE_RANGES[name]
    return Field(default=None, ge=low, le=high, description=words)


class Features(Body):
    """Audio features; whatever is known of them helps."""

    danceability: float | None = _feature("danceability", "How well it can be danced to")
    energy: float | None = _feature("energy", "How intense it is")
    loudness: float | None = _feature("loudness", "Loudness of the whole track in dB")
    speechiness: float | None = _feature("speechiness", "How much of it is spoken")
    acousticness: float | None = _feature("acousticness", "How acoustic it is")
    instrumentalness: float | None = _feature("instrumentalness", "How likely nobody sings")
    liveness: float | None = _feature("liveness", "How likely an audience is heard")
    valence: float | None = _feature("valence", "How cheerful it sounds")
    tempo: float | None = _feature("tempo", "Beats per minute")
    key: int | None = _feature("key", "Pitch class, 0 = C")
    mode: int | None = _feature("mode", "1 for major, 0 for minor")
    time_signature: int | None = _feature("time_signature", "Beats per bar")


type Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
type TrackLink = Annotated[
    str,
    Field(
        max_length=MAX_TEXT_CHARACTERS,
        description="A Spotify link to a track in any form, a `spotify:track:` URI or the bare id",
        examples=[_EXAMPLE_LINK],
    ),
]


type PopularitySourceName = Literal["catalogue", "track_max", "given", "followers"]
_TRACK_ID: Final = f"^{SPOTIFY_ID.pattern}$"
type TrackId = Annotated[str, Field(pattern=_TRACK_ID, examples=[_EXAMPLE_ID])]
type Share = Annotated[int, Field(ge=0, le=MAXIMUM_POPULARITY)]


def _joined(kind: type[StrEnum]) -> str:
    one = f"({'|'.join(kind)})"
    return f"^{one}( and {one})*$"


_FEATURES_SOURCE: Final = "Who told the features: one source, or several as in `reccobeats and given`"
_IDENTITY_SOURCE: Final = "Who told title and artists: one source, or several as in `oembed and given`"
_FEATURES_SOURCES: Final = _joined(FeaturesSource)
_IDENTITY_SOURCES: Final = _joined(IdentitySource)
type FeaturesSources = Annotated[str, Field(pattern=_FEATURES_SOURCES, description=_FEATURES_SOURCE)]
type IdentitySources = Annotated[str, Field(pattern=_IDENTITY_SOURCES, description=_IDENTITY_SOURCE)]
_RELEASE_DATE: Final = f"^{RELEASE_DATE.pattern}$"
_WEB_ADDRESS: Final = "^https?://"
KEY_PATTERN: Final = "^[!-~]+$"
"""Idempotency keys."""

ALLOWED: Final[Mapping[str, str]] = {
    _TRACK_ID: "must be a Spotify id of 22 letters and digits",
    _FEATURES_SOURCES: f"must be one of {', '.join(FeaturesSource)}, or several joined by 'and'",
    _IDENTITY_SOURCES: f"must be one of {', '.join(IdentitySource)}, or several joined by 'and'",
    _RELEASE_DATE: "must be a date as YYYY, YYYY-MM or YYYY-MM-DD",
    _WEB_ADDRESS: "must be the web address of a picture (https://…)",
    KEY_PATTERN: "must be letters, digits and signs of ASCII, without blanks",
}
"""What a text must be, by the pattern that it failed."""


class SeedObject(Body):
    """A seed with what nobody else knows of it. Without `track` it needs `title` and `artists`.

    A seed of an answer may be sent back as it came: then nobody is asked for it again.
    """

    track: TrackLink | None = None
    track_id: TrackId | None = Field(default=None, description="The id alone, as answers name it, instead of `track`")
    title: Name | None = None
    artists: list[Name] | None = None
    artist_ids: list[TrackId] | None = Field(default=None, description="Spotify's, as many as `artists` or none")
    identity_source: IdentitySources | None = None
    features: Features | None = Field(
        default=None,
        description="By hand they outrank all others, heard in a file they stand behind the catalogue's and "
        "ReccoBeats's; what is left out is looked up, and else absent, not zero",
    )
    features_source: FeaturesSources | None = None
    features_by_hand: list[str] | None = Field(
        default=None,
        description="Names of those that are by hand, where `features_source` names others too; left out, all are then "
        "taken to be",
    )
    features_rough: bool | None = Field(default=None, description="Follows from `features_source`")
    genres: list[str] | None = None
    artist_popularity: int | None = Field(
        default=None, ge=0, le=MAXIMUM_POPULARITY, description="Counts only where the catalogue knows none"
    )
    popularity_source: PopularitySourceName | None = None
    followers: int | None = Field(
        default=None,
        ge=0,
        le=MAXIMUM_FOLLOWERS,
        description="The artist's, the number under the name on Spotify; popularity is estimated from it",
    )
    release_date: str | None = Field(
        default=None, pattern=_RELEASE_DATE, description="It may lie ahead; the catalogue's counts first"
    )
    duration_ms: int | None = Field(default=None, ge=1, le=MAX_DURATION_MS, description="The catalogue's counts first")
    album: Name | None = None
    artwork_url: str | None = Field(
        default=None, pattern=_WEB_ADDRESS, max_length=MAXIMUM_ADDRESS_CHARACTERS, description="A picture of the track"
    )
    explicit: bool | None = None
    popularity: Share | None = Field(default=None, description="The track's own")


def _kind_of_seed(value: object) -> str | None:
    if isinstance(value, str):
        return LINK_TAG
    return OBJECT_TAG if isinstance(value, dict | SeedObject) else None


type SeedBody = Annotated[
    Annotated[TrackLink, Tag(LINK_TAG)] | Annotated[SeedObject, Tag(OBJECT_TAG)], Discriminator(_kind_of_seed)
]


class BandBody(Body):
    """How many points of popularity above the seeds an artist should be; one end alone is enough."""

    min_lift: int | None = Field(default=None, ge=1, le=MAXIMUM_POPULARITY, examples=[BandLifts().min_lift])
    max_lift: int | None = Field(default=None, ge=1, le=MAXIMUM_POPULARITY, examples=[BandLifts().max_lift])


type Year = Annotated[int, Field(ge=YEAR_LIMITS[0], le=YEAR_LIMITS[1])]


class FiltersBody(Body):
    """Wishes that remove tracks."""

    explicit: Literal["allow", "clean", "only"] | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    exclude_artists: list[Name] | None = Field(
        default=None, max_length=MAXIMUM_EXCLUSIONS, description="Names or Spotify ids"
    )
    exclude_tracks: list[TrackLink] | None = Field(default=None, max_length=MAXIMUM_EXCLUSIONS)


type Shift = Annotated[float, Field(ge=-1.0, le=1.0)]


class TargetsBody(Body):
    """How much more (up to 1) or less (down to -1) of a feature the list should have than the seeds.

    Similarity is then that to the sound asked for.
    """

    danceability: Shift | None = None
    energy: Shift | None = None
    loudness: Shift | None = None
    speechiness: Shift | None = None
    acousticness: Shift | None = None
    instrumentalness: Shift | None = None
    liveness: Shift | None = None
    valence: Shift | None = None
    tempo: Shift | None = None


class RecommendationBody(Body):
    """What to recommend. Only `seeds` is required; `null` means not given."""

    model_config = ConfigDict(defer_build=False)

    seeds: list[SeedBody] = Field(
        min_length=1,
        max_length=MAXIMUM_SEEDS,
        description=f"One may link to an album: its tracks are seeds then, up to {MAXIMUM_SEEDS} in all, and "
        "`seeds` of the answer are those tracks",
    )
    genre: str | None = Field(default=None, description="One of `GET /api/genres`; left out, it is found out")
    size: int | None = Field(
        default=DEFAULT_SIZE,
        ge=SIZE_LIMITS[0],
        le=SIZE_LIMITS[1],
        description="Recommended tracks; own tracks come extra",
    )
    band: BandBody | None = None
    widen: bool | None = Field(default=False, description="Whether a band that was asked for may widen")
    popularity_weight: float | None = Field(default=0.0, ge=0.0, le=1.0)
    order: Literal["flow", "similarity", "popularity"] | None = "flow"
    own_slots: Literal["early", "first", "spread"] | None = "early"
    filters: FiltersBody | None = None
    era: bool | None = Field(default=True, description="Whether time of release counts beside the sound")
    targets: TargetsBody | None = None
    variation: int | None = Field(
        default=0, ge=0, le=MAXIMUM_VARIATION, description="Another number gives another list of about equal quality"
    )
    pinned: list[TrackLink] | None = Field(
        default=None,
        max_length=MAXIMUM_PINNED,
        description="Tracks that stay in the list, ahead of the choice: genre, band and similarity do not bind them, "
        "rules and `filters` do, and `notes` say what could not be kept. They count in `size`; more of them than that "
        "make the list longer",
    )
    reason_parts: bool | None = Field(
        default=True,
        description="Whether rows hold `reason_parts`: their `reason` for programs, without words. The list is the "
        "same without them, and is sent sooner",
    )
