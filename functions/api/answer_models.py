"""Bodies of answers, as the OpenAPI document promises them.

Answers are plain dictionaries of the domain, and these models only describe them: checking one costs a millisecond, and
can only turn a good answer into an error. Tests compare both. So a function that answers never imports them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Features, FeaturesSources, IdentitySources, PopularitySourceName
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES


class Answer(BaseModel):
    """What we send."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


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
    reason_parts: list[ReasonPart] = Field(
        default_factory=list,
        description="The statements of `reason` without its words, from which a program can write it in another "
        "language. Left out where the request's `reason_parts` is false",
    )
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
