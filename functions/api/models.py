"""Bodies of requests and answers: what the API accepts, and what its OpenAPI document promises.

Limits come from the domain, which checks them again. Answers are plain dictionaries of the domain, and these models
only describe them: checking one costs a millisecond, and can only turn a good answer into an error. Tests compare both.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, FeaturesSource
from daltonify_core.catalogue.links import MAX_TEXT_CHARACTERS, SPOTIFY_ID
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, RELEASE_DATE
from daltonify_core.playlist.band import MAXIMUM_POPULARITY, BandLifts
from daltonify_core.playlist.publishing import (
    MAXIMUM_DESCRIPTION_CHARACTERS,
    MAXIMUM_RESERVES,
    MAXIMUM_TITLE_CHARACTERS,
    MAXIMUM_URIS,
)
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
from daltonify_core.ports import IdentitySource

LINK_TAG: Final = "as a link"
OBJECT_TAG: Final = "as an object"
UNION_TAGS: Final = frozenset({LINK_TAG, OBJECT_TAG})
"""Parts of pydantic's locations that are no fields of a request."""

_EXAMPLE_ID: Final = "4HJ7mSMtHAdU55lLjGE4zW"
_EXAMPLE_LINK: Final = f"https://open.spotify.com/track/{_EXAMPLE_ID}"


class Body(BaseModel):
    """What a caller sends: no unknown fields, and no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """What we send."""

    model_config = ConfigDict(extra="forbid", strict=True)


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


class UnreleasedBody(Body):
    """An own track that is not on Spotify yet; `position` is its place in the whole list, counted from 1."""

    position: int = Field(examples=[3])
    title: str
    artists: list[str]


class PlaylistBody(Body):
    """A playlist to publish under the service's account, or to change there."""

    # The domain counts after it brought a value into normal form, so its limits are only told here, not checked.

    title: str = Field(
        description="Without links; counted after white space was reduced",
        json_schema_extra={"maxLength": MAXIMUM_TITLE_CHARACTERS},
    )
    description: str | None = Field(
        default=None, description="Without links", json_schema_extra={"maxLength": MAXIMUM_DESCRIPTION_CHARACTERS}
    )
    uris: list[str] = Field(
        description="Tracks of the current or previous index, or of `seeds`, as URIs, links or ids",
        json_schema_extra={"minItems": 1, "maxItems": MAXIMUM_URIS},
    )
    seeds: list[str] | None = Field(
        default=None, description="Own tracks that no index knows", json_schema_extra={"maxItems": MAXIMUM_SEEDS}
    )
    reserves: list[str] | None = Field(
        default=None,
        description="Stand in for tracks that turn out dead",
        json_schema_extra={"maxItems": MAXIMUM_RESERVES},
    )
    unreleased: list[UnreleasedBody] | None = Field(
        default=None,
        description="Own tracks that are not on Spotify yet: they are left out, and `to_add` says where they belong",
        json_schema_extra={"maxItems": MAXIMUM_SEEDS},
    )
    public: bool | None = Field(default=True, description="Whether the account's profile lists it")
    playlist_id: str | None = Field(default=None, description="To change a playlist instead of making one")
    edit_token: str | None = Field(default=None, description="What publishing answered for that playlist")


class IndexInfo(Answer):
    """Which index answered. `source` names where its tracks come from; `synthetic` ones are invented."""

    version: str
    tracks: int
    built_at: str
    snapshot: str | None
    source: str


class SeedAnswer(Answer):
    """A seed with everything that was known of it; it may be sent back as a seed, and then nobody is asked again."""

    track_id: str | None
    title: str
    artists: list[str]
    artist_ids: list[str] = Field(description="As many as `artists` or none")
    identity_source: IdentitySources
    album: str | None
    artwork_url: str | None
    release_date: str | None
    duration_ms: int | None
    explicit: bool | None
    popularity: int | None = Field(description="The track's own")
    genres: list[str]
    artist_popularity: int
    popularity_source: PopularitySourceName
    features: Features
    features_source: FeaturesSources
    features_rough: bool = Field(description="Whether they were only measured here, and so tell no more than roughly")


class GenreShare(Answer):
    """How strongly the nearest tracks point to a genre, from 0 to 1."""

    name: str
    share: float


class GenreAnswer(Answer):
    """In which genres bigger artists were looked for, and why there."""

    used: list[str]
    how: Literal["asked", "track", "artist", "inferred"]
    inferred: list[GenreShare]


class BandAnswer(Answer):
    """Artist popularity from and to, both included. `candidates` obey every rule but one track per artist."""

    asked: Annotated[list[int], Field(min_length=2, max_length=2)]
    used: Annotated[list[int], Field(min_length=2, max_length=2)]
    widened: bool
    candidates: int
    tracks_at: Annotated[list[int], Field(min_length=101, max_length=101)] = Field(
        description="For each popularity from 0 to 100 how many tracks of the used genres have a primary artist there, "
        "whatever filters and rules say of them"
    )


class ReasonPart(Answer):
    """One statement of a reason about the track beside the seed; what does not apply is left out."""

    feature: Literal[(*CONTINUOUS_FEATURES, "release_year", "artist_popularity")]  # type: ignore[valid-type]
    kind: Literal["same", "similar", "a_bit_more", "a_bit_less", "more", "less", "lift"]
    points: int | None = Field(default=None, description="Artist popularity above the seed level; only with `lift`")
    direction: Literal["more", "less", "equal"] | None = Field(
        default=None, description="Whether the track's value is above or below the seed's"
    )
    amount: float | None = Field(
        default=None, description="By how much, in the feature's own unit: BPM, dB, years, else a share of 1"
    )
    level: Literal["low", "high"] | None = Field(default=None, description="Set where both lie low or high")
    decade: int | None = Field(default=None, description="First year of the decade in which both were released")
    asked: bool | None = Field(default=None, description="Whether the request's `targets` asked for this")
    time: Literal["double", "half"] | None = Field(
        default=None,
        description="Set where the track's tempo is counted so; `amount` compares it counted like the seed's",
    )


class RowAnswer(Answer):
    """One row of the list. An own track that is not on Spotify has no `track_id`, `uri` and `url`."""

    position: int
    own: bool
    track_id: str | None
    uri: str | None
    url: str | None
    title: str
    artists: list[str]
    album: str | None
    release_year: int | None
    explicit: bool | None
    popularity: int | None
    artist_popularity: int
    lift: int
    similarity: float
    reason: str
    reason_parts: list[ReasonPart]
    features: Features


class RecommendationAnswer(Answer):
    """A recommended playlist; `reserves` continue it and may take the place of removed rows."""

    index: IndexInfo
    search: Literal["exact", "annoy"]
    seeds: list[SeedAnswer]
    genre: GenreAnswer
    band: BandAnswer
    tracks: list[RowAnswer]
    reserves: list[RowAnswer]
    notes: list[str]


class OfferedGenre(Answer):
    """A genre with its number of tracks, and what is usual there: where sliders may start."""

    name: str
    tracks: int
    typical: Features = Field(description="The median of each continuous feature")


class GenresAnswer(Answer):
    """Genres on offer."""

    genres: list[OfferedGenre]


class TrackAnswer(Answer):
    """A track of the catalogue."""

    track_id: str
    uri: str
    url: str
    title: str
    artists: list[str]
    album: str | None
    release_year: int | None
    artist_popularity: int | None
    genres: list[str]


class TracksAnswer(Answer):
    """Tracks that were found; unknown ids are left out."""

    tracks: list[TrackAnswer]


class Replacement(Answer):
    """A dead track and what took its place."""

    from_: str = Field(alias="from")
    to: str


class TrackToAdd(Answer):
    """An unreleased track, with its place in the published playlist, counted from 1."""

    position: int
    title: str
    artists: list[str]


class PlaylistAnswer(Answer):
    """A published playlist. Keep `edit_token`: it alone can change the playlist later."""

    playlist_id: str
    url: str
    uri: str
    embed_url: str | None
    tracks_added: int
    edit_token: str
    replaced: list[Replacement]
    left_out: list[str]
    to_add: list[TrackToAdd]
    notes: list[str]


class DemoInfo(Answer):
    """What is not real here: an invented catalogue, a simulated Spotify, a simulated ReccoBeats.

    Audio files are sent to ReccoBeats, unless it is simulated.
    """

    catalogue: bool
    spotify: bool
    reccobeats: bool


class PublishingInfo(Answer):
    """Whether playlists can be published under the service's account."""

    access: Literal["off", "code", "open"]
    available: bool
    retry_at: str | None


class Limits(Answer):
    """Limits of requests; `size`, `query` and `audio_seconds` from and to, `audio_rate` the one that is taken."""

    size: Annotated[list[int], Field(min_length=2, max_length=2)]
    seeds: int
    exclusions: int
    pinned: int
    query: Annotated[list[int], Field(min_length=2, max_length=2)]
    ids: int
    title: int
    description: int
    uris: int
    reserves: int
    body_bytes: int
    audio_bytes: int
    audio_seconds: Annotated[list[int], Field(min_length=2, max_length=2)]
    audio_rate: int


class SpotifyInfo(Answer):
    """Where a page finds Spotify. With `client_id` it may publish under a visitor's own account (PKCE).

    `api` and `accounts` take the paths of Spotify's documentation after them, `embeds` a kind and an id, as in
    `track/4HJ7mSMtHAdU55lLjGE4zW`.
    """

    client_id: str | None
    api: str
    accounts: str
    embeds: str | None


class AttributionInfo(Answer):
    """Where the page holds Spotify's logo; null where its operator has placed none."""

    logo: str | None


class ConfigAnswer(Answer):
    """What a page needs to know; `index` is null while there is none."""

    version: str
    index: IndexInfo | None
    demo: DemoInfo
    publishing: PublishingInfo
    limits: Limits
    open_playlists_at: str
    spotify: SpotifyInfo
    attribution: AttributionInfo


class HealthAnswer(Answer):
    """Whether recommendations can be given."""

    ok: bool
    version: str
    index_built_at: str | None


class NamedFault(Answer):
    """What is wrong with one field, as in `seeds[2].track`."""

    field: str
    message: str


class LookUpTriedAnswer(Answer):
    """One attempt to learn of a track outside, and what came of it."""

    service: Literal["reccobeats", "spotify", "oembed"]
    wanted: list[Literal["title", "artists", "features"]]
    outcome: Literal["found", "not_known", "no_answer", "paused", "not_asked"] = Field(
        description="`paused`: not asked, because it failed or asked for a pause before. `not_asked`: for reasons of "
        "ours, such as a used-up limit"
    )
    detail: str
    retry_at: str | None = None


class KnownSeed(Answer):
    """What is known of a seed, and where that was looked up which is not in the catalogue.

    With what it lacks, and without `position` and `tried`, it may be sent back as a seed; then nobody is asked again.
    """

    position: int
    track_id: str | None
    title: str | None
    artists: list[str]
    artist_ids: list[str]
    identity_source: IdentitySources | None
    album: str | None
    artwork_url: str | None
    release_date: str | None
    duration_ms: int | None
    explicit: bool | None
    popularity: int | None
    genres: list[str]
    artist_popularity: int | None
    popularity_source: PopularitySourceName | None
    features: Features
    features_source: FeaturesSources | None
    features_rough: bool
    tried: list[LookUpTriedAnswer]


class Remedy(Answer):
    """What the caller can do about these seeds.

    `describe` them by these fields; give the artist's `followers`; send an `audio_file` to `POST /api/audio-features`;
    `measure` the audio on the spot; or ask `later`: from `retry_at` on a service may tell some of what is missing.
    """

    kind: Literal["describe", "followers", "audio_file", "measure", "later"]
    seeds: list[int]
    fields: list[Literal["title", "artists", "features"]] = Field(default_factory=list)
    retry_at: str | None = None


class ProblemAnswer(Answer):
    """A problem after RFC 9457. `code` is stable; `detail` says what is wrong and what to do."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[NamedFault] = Field(default_factory=list)
    retry_at: str | None = None
    offered: list[str] = Field(default_factory=list, description="`unknown_genre`: what there is, nearest names first")
    seeds: list[KnownSeed] = Field(default_factory=list, description="`seed_data_needed`: all seeds of the request")
    missing: dict[str, list[Literal["title", "artists", "features", "artist_popularity"]]] = Field(
        default_factory=dict, description="`seed_data_needed`: what seeds lack, by position"
    )
    remedies: list[Remedy] = Field(default_factory=list, description="`seed_data_needed`: what can be done about it")
