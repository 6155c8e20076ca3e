"""Puts adapters and the use case together for the worker."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_hex

from shared.aws import dynamodb, s3, secrets_manager
from shared.settings import VERSION, ReleaseWorkerSettings

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.dynamodb import (
    DynamoArtistStore,
    DynamoLookUpCache,
    DynamoPublicationStore,
    DynamoReleaseStore,
)
from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.s3 import S3IndexStore
from daltonify_core.adapters.secrets_manager import SecretsManagerStore
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.playlist.recommendation import Recommendation
from daltonify_core.playlist.request import RecommendationRequest
from daltonify_core.ports.look_ups import IdentitySource
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.artist_sound import sound_of_artist
from daltonify_core.use_cases.change_playlist import ChangePlaylist
from daltonify_core.use_cases.complete_seeds import SeedCompleter
from daltonify_core.use_cases.look_up_budget import BudgetedDirectory, LookUpBudget
from daltonify_core.use_cases.paused_directory import PausedDirectory
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner
from daltonify_core.use_cases.publish_playlist import PublishPlaylist
from daltonify_core.use_cases.read_index import IndexReader
from daltonify_core.use_cases.work_on_release import WorkOnRelease


@dataclass(frozen=True, slots=True)
class Worker:
    """What one message needs, and what renewals and returns to older versions need."""

    work: WorkOnRelease
    change: ChangePlaylist
    index_version: Callable[[], str]
    clock: Clock


@cache
def compose(settings: ReleaseWorkerSettings) -> Worker:
    """The real parts of this installation, made once per warm environment."""
    # Here, because what speaks with Spotify is slow to import, and no function starts with it.
    from daltonify_core.adapters.spotify import OEmbedTracks, SpotifyPlaylistService, SpotifyReleases, SpotifyTracks

    def clock() -> datetime:
        return datetime.now(UTC)

    secrets = SecretsManagerStore(secrets_manager())
    publications = DynamoPublicationStore(dynamodb(), settings.table_name)
    releases = DynamoReleaseStore(dynamodb(), settings.table_name)
    artists = DynamoArtistStore(dynamodb(), settings.table_name)
    index = IndexReader(
        S3IndexStore(s3(), settings.data_bucket),
        AnnoyFormat(),
        SqliteTracksFormat(),
        # A reader's folder is its alone, and on one machine the API has one beside it.
        Path(settings.scratch_folder) / "releases",
        clock,
    )
    at_spotify = (settings.spotify_api, settings.spotify_accounts, settings.spotify_market)
    completer = SeedCompleter(
        ReccoBeatsService(settings.reccobeats_api, user_agent=f"Daltonify/{VERSION}"),
        {
            IdentitySource.SPOTIFY: SpotifyTracks(secrets, settings.spotify_secret, *at_spotify, clock),
            IdentitySource.OEMBED: OEmbedTracks(settings.spotify_oembed),
        },
        DynamoLookUpCache(dynamodb(), settings.table_name),
        publications,
        clock,
    )

    budget = LookUpBudget(publications, clock)

    def recommend(request: RecommendationRequest, deadline: datetime) -> Recommendation:
        recommender = index.recommender()
        findings = budget.findings(lambda count: completer.complete(request.seeds, recommender.index, deadline, count))
        return recommender.recommend(request, findings)

    def sound_of(artist_id: str) -> AudioFeatures:
        return sound_of_artist(index.recommender().index, artist_id)

    service = SpotifyPlaylistService(
        secrets,
        settings.spotify_secret,
        *at_spotify,
        settings.is_real_spotify,
        clock,
        connect_seconds=2,
        read_seconds=5,
    )

    def publisher(sources_of: Callable[[Collection[str]], dict[str, str]]) -> PublishPlaylist:
        key = secrets.read(settings.publishing_secret)["edit_token_key"].encode()
        return PublishPlaylist(publications, service, sources_of, key, clock)

    planner = PlaylistPlanner(recommend, sound_of)
    spotify = SpotifyReleases(secrets, settings.spotify_secret, *at_spotify, clock)
    # Counted is what Spotify is really asked, so the pause comes first.
    directory = PausedDirectory(BudgetedDirectory(spotify, budget), publications, clock)
    work = WorkOnRelease(releases, artists, directory, planner, publisher(index.sources_of), clock)
    # What an older version held was in an index once, and is published by us already.
    published = publisher(lambda ids: dict.fromkeys(ids, "published"))
    change = ChangePlaylist(artists, releases, planner, published, lambda: token_hex(16), clock)
    return Worker(work, change, lambda: index.recommender().index.version, clock)
