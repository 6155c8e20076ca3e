"""Composes the API of real parts, each made when it is first needed: most requests need no table and no Spotify."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from shared.observability import NAMESPACE, SERVICE, logger, metrics
from shared.settings import VERSION, ApiSettings

from daltonify_core.errors import DaltonifyError
from daltonify_core.ports.look_ups import IdentitySource
from daltonify_core.use_cases.recommend import Recommender

if TYPE_CHECKING:
    from daltonify_core.ports.audio import AudioClips, AudioJobStore, JobQueue
    from daltonify_core.ports.look_ups import LinkExpander
    from daltonify_core.ports.publishing import PlaylistService, PublicationStore
    from daltonify_core.ports.releases import ArtistStore, ReleaseStore, SignatureVerifier
    from daltonify_core.ports.surroundings import Clock, SecretStore
    from daltonify_core.use_cases.complete_seeds import SeedCompleter
    from daltonify_core.use_cases.record_release import RecordRelease


class IndexSource(Protocol):
    """The index that answers, kept up to date by itself."""

    def recommender(self) -> Recommender:
        """Raises ``IndexUnavailable`` when there is nothing good to serve."""

    def sources_of(self, track_ids: Collection[str]) -> dict[str, str]:
        """Where the catalogue rows of these tracks come from; unknown ids are absent."""


@dataclass(frozen=True, slots=True)
class AudioParts:
    """What uploads of audio need. ``new_id`` makes the id of a job: never guessed, never met twice."""

    jobs: AudioJobStore
    clips: AudioClips
    queue: JobQueue
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class ReleaseParts:
    """What hooks and the status of releases need."""

    releases: ReleaseStore
    artists: ArtistStore
    record: RecordRelease
    signatures: SignatureVerifier


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that routes need from outside. Each part is made, or found made, by calling it."""

    settings: ApiSettings
    clock: Clock
    index: Callable[[], IndexSource]
    publications: Callable[[], PublicationStore]
    playlists: Callable[[], PlaylistService]
    secrets: Callable[[], SecretStore]
    link_expander: Callable[[], LinkExpander]
    audio: Callable[[], AudioParts]
    seed_completer: Callable[[], SeedCompleter]
    releases: Callable[[], ReleaseParts]


def compose(settings: ApiSettings) -> Services:
    """The real services of this installation. Imports stand where they are needed: a cold start pays for each one."""

    def clock() -> datetime:
        return datetime.now(UTC)

    @cache
    def index() -> IndexSource:
        from shared.aws import s3

        from daltonify_core.adapters.annoy_index import AnnoyFormat
        from daltonify_core.adapters.s3 import S3IndexStore
        from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
        from daltonify_core.use_cases.read_index import IndexReader

        return IndexReader(
            S3IndexStore(s3(), settings.data_bucket),
            AnnoyFormat(),
            SqliteTracksFormat(),
            Path(settings.scratch_folder),
            clock,
            settings.index_check_seconds,
            on_fault=_report_index_fault,
        )

    @cache
    def publications() -> PublicationStore:
        from shared.aws import dynamodb

        from daltonify_core.adapters.dynamodb import DynamoPublicationStore

        return DynamoPublicationStore(dynamodb(), settings.table_name)

    @cache
    def secrets() -> SecretStore:
        from shared.aws import secrets_manager

        from daltonify_core.adapters.secrets_manager import SecretsManagerStore

        return SecretsManagerStore(secrets_manager())

    @cache
    def playlists() -> PlaylistService:
        from daltonify_core.adapters.spotify import SpotifyPlaylistService

        return SpotifyPlaylistService(
            secrets(),
            settings.spotify_secret,
            settings.spotify_api,
            settings.spotify_accounts,
            settings.spotify_market,
            settings.is_real_spotify,
            clock,
            # Together no more than what PublishSettings allows one call, so that none is cut off by our own end.
            connect_seconds=2,
            read_seconds=5,
        )

    @cache
    def link_expander() -> LinkExpander:
        from daltonify_core.adapters.short_links import HttpsLinkExpander, NoLinkExpander

        return HttpsLinkExpander() if settings.is_real_spotify else NoLinkExpander()

    @cache
    def audio() -> AudioParts:
        from secrets import token_urlsafe

        from shared.aws import dynamodb, s3, sqs

        from daltonify_core.adapters.dynamodb import DynamoAudioJobStore
        from daltonify_core.adapters.s3_clips import S3AudioClips
        from daltonify_core.adapters.sqs import SqsJobQueue

        return AudioParts(
            DynamoAudioJobStore(dynamodb(), settings.table_name),
            S3AudioClips(s3(), settings.audio_bucket),
            SqsJobQueue(sqs(), settings.audio_queue_url),
            # 32 bytes are the 43 characters that is_job_id asks for.
            lambda: token_urlsafe(32),
        )

    @cache
    def seed_completer() -> SeedCompleter:
        from shared.aws import dynamodb

        from daltonify_core.adapters.dynamodb import DynamoLookUpCache
        from daltonify_core.adapters.reccobeats import ReccoBeatsService
        from daltonify_core.adapters.spotify import OEmbedTracks, SpotifyTracks
        from daltonify_core.use_cases.complete_seeds import SeedCompleter

        spotify = SpotifyTracks(
            secrets(),
            settings.spotify_secret,
            settings.spotify_api,
            settings.spotify_accounts,
            settings.spotify_market,
            clock,
            # Token, track and what is repeated share these seconds; LookUpSettings allows one call no more than 8.
            connect_seconds=1,
            read_seconds=3,
        )
        return SeedCompleter(
            ReccoBeatsService(
                settings.reccobeats_api, connect_seconds=2, read_seconds=4, user_agent=f"Daltonify/{VERSION}"
            ),
            {
                IdentitySource.SPOTIFY: spotify,
                IdentitySource.OEMBED: OEmbedTracks(settings.spotify_oembed, connect_seconds=2, read_seconds=3),
            },
            DynamoLookUpCache(dynamodb(), settings.table_name),
            publications(),
            clock,
            watch=report_look_up,
            albums=spotify,
        )

    @cache
    def releases() -> ReleaseParts:
        from secrets import token_hex

        from shared.aws import dynamodb, sqs

        from daltonify_core.adapters.dynamodb import DynamoArtistStore, DynamoReleaseStore
        from daltonify_core.adapters.sqs import SqsReleaseQueue
        from daltonify_core.adapters.standard_webhooks import StandardWebhooks
        from daltonify_core.use_cases.record_release import RecordRelease

        store = DynamoReleaseStore(dynamodb(), settings.table_name)
        queue = SqsReleaseQueue(sqs(), settings.release_queue_url)
        return ReleaseParts(
            store,
            DynamoArtistStore(dynamodb(), settings.table_name),
            # 16 bytes are the 32 digits that is_release_id asks for.
            RecordRelease(store, queue, lambda: token_hex(16), clock),
            StandardWebhooks(),
        )

    return Services(
        settings, clock, index, publications, playlists, secrets, link_expander, audio, seed_completer, releases
    )


def _report_index_fault(fault: DaltonifyError) -> None:
    """The older index keeps answering, so nobody but the operator would notice."""
    logger.error("The current index cannot be used", extra={"code": fault.code, "detail": fault.message})
    metrics.add_metric("IndexFault", MetricUnit.Count, 1)


def report_look_up(service: str, seconds: float, error: DaltonifyError | None) -> None:
    """One call outside as metrics; the services are few, so each is a dimension of its own."""
    values = [("LookUpMilliseconds", MetricUnit.Milliseconds, 1000 * seconds)]
    if error is not None:
        logger.warning("A look-up failed", extra={"upstream": service, "code": error.code, "detail": error.message})
        values.append(("LookUpFailures", MetricUnit.Count, 1))
    for name, unit, value in values:
        with single_metric(name, unit, value, namespace=NAMESPACE) as metric:
            metric.add_dimension("service", SERVICE)
            metric.add_dimension("upstream", service)
