"""Puts adapters and use cases together for the scheduled jobs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Final

from shared.aws import dynamodb, s3, secrets_manager, sqs
from shared.settings import VERSION, JobSettings

from daltonify_core.adapters.dynamodb import DynamoArtistStore, DynamoPublicationStore, DynamoReleaseStore
from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.adapters.s3_collection import S3Collection
from daltonify_core.adapters.secrets_manager import SecretsManagerStore
from daltonify_core.adapters.sqs import SqsReleaseQueue
from daltonify_core.errors import UpstreamError
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.collection_jobs import CollectedLists, collect_lists, refresh_shard
from daltonify_core.use_cases.paused_directory import PausedDirectory
from daltonify_core.use_cases.poll_releases import Polled, poll_releases
from daltonify_core.use_cases.record_release import RecordRelease
from daltonify_core.use_cases.refresh_popularity import RefreshReport, oldest_snapshot_days
from daltonify_core.use_cases.remove_audio import Removal, remove_forgotten
from daltonify_core.use_cases.renew_playlists import Renewals, ask_for_renewals
from daltonify_core.use_cases.service_health import ServiceHealth, consented_at, service_health
from daltonify_core.use_cases.sweep_releases import Sweep, sweep_releases

# A batch takes two look-ups of at most 6 seconds, four if an id has to be judged, and some requests to S3, each of at
# most 8; being killed amid one would lose no row, but the look-ups.
_LAST_BATCH_SECONDS: Final = 60


class CollectionJobs:
    """The jobs on the data bucket; ``remaining_seconds`` tells how long Lambda lets this call go on.

    Reads the whole collection when it is made. Everything may raise what the stores do.
    """

    def __init__(self, settings: JobSettings, remaining_seconds: Callable[[], float]) -> None:
        self._settings = settings
        self._remaining_seconds = remaining_seconds
        self._has_asked = False
        self._lists = S3Collection(s3(), settings.data_bucket, "collect/")
        self._shards = CollectedShards(S3Collection(s3(), settings.data_bucket, "catalogue/collected/"))
        self._service = ReccoBeatsService(settings.reccobeats_api, user_agent=f"Daltonify/{VERSION}")

    def collect(self) -> CollectedLists:
        """Go on with the operator's lists."""
        return collect_lists(self._lists, self._service, self._shards, _now, self._go_on)

    def refresh_popularity(self) -> tuple[RefreshReport, UpstreamError | None]:
        """Refresh one shard."""
        return refresh_shard(self._service, self._shards, _now, self._go_on)

    def oldest_snapshot_days(self) -> int | None:
        """How old the oldest popularity of a collected track is; ``None`` without any."""
        return oldest_snapshot_days(self._shards, _now().date())

    def _go_on(self, at_least: float = 0) -> bool:
        pause = max(at_least, self._settings.collect_pause_seconds if self._has_asked else 0)
        if self._remaining_seconds() < pause + _LAST_BATCH_SECONDS:
            return False
        time.sleep(pause)
        self._has_asked = True
        return True


def remove_audio(settings: JobSettings) -> Removal:
    """Remove forgotten clips; raises ``UpstreamUnavailable`` when they cannot be listed."""
    return remove_forgotten(S3AudioClips(s3(), settings.audio_bucket), _now())


def sweep(settings: JobSettings) -> Sweep:
    """Hand on what is due; raises ``UpstreamUnavailable``."""
    return sweep_releases(_releases(settings), _queue(settings), _now)


def poll(settings: JobSettings, remaining_seconds: Callable[[], float]) -> Polled:
    """Look for new releases of the artists whose turn it is, as long as Lambda lets this call go on.

    Raises ``UpstreamUnavailable``.
    """
    # Here, because it brings what speaks with Spotify, and a sweep every five minutes should not pay for that.
    from daltonify_core.adapters.spotify import SpotifyReleases

    directory = SpotifyReleases(
        SecretsManagerStore(secrets_manager()),
        settings.spotify_secret,
        settings.spotify_api,
        settings.spotify_accounts,
        settings.spotify_market,
        _now,
    )
    # 16 bytes are the 32 digits that is_release_id asks for.
    record = RecordRelease(_releases(settings), _queue(settings), lambda: token_hex(16), _now)
    counters = DynamoPublicationStore(dynamodb(), settings.table_name)
    deadline = _now() + timedelta(seconds=remaining_seconds())
    paused = PausedDirectory(directory, counters, _now)
    return poll_releases(_artists(settings), paused, record, counters, _now, deadline)


def ask_for_renewals_of(settings: JobSettings) -> Renewals:
    """Ask for the renewal of every playlist that wants it; raises ``UpstreamUnavailable``."""
    return ask_for_renewals(_artists(settings), _queue(settings), _now)


def health(settings: JobSettings) -> ServiceHealth:
    """How the account fares now; raises ``SecretUnavailable`` and ``UpstreamUnavailable`` when nobody can say."""
    # Here, as in poll.
    from daltonify_core.adapters.spotify import consent_ends

    given = consented_at(SecretsManagerStore(secrets_manager()), settings.spotify_secret)
    records = DynamoPublicationStore(dynamodb(), settings.table_name)
    return service_health(given, consent_ends(given) if given else None, records, records, _now)


def _releases(settings: JobSettings) -> DynamoReleaseStore:
    return DynamoReleaseStore(dynamodb(), settings.table_name)


def _artists(settings: JobSettings) -> DynamoArtistStore:
    return DynamoArtistStore(dynamodb(), settings.table_name)


def _queue(settings: JobSettings) -> SqsReleaseQueue:
    return SqsReleaseQueue(sqs(), settings.release_queue_url)


def _now() -> datetime:
    return datetime.now(UTC)
