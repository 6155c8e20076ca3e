"""Puts adapters and use cases together for the scheduled jobs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.aws import s3, secrets_manager
from shared.settings import VERSION, JobSettings

from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.adapters.s3_collection import S3Collection
from daltonify_core.adapters.secrets_manager import SecretsManagerStore
from daltonify_core.errors import SecretUnavailable, UpstreamError
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.collection_jobs import CollectedLists, collect_lists, refresh_shard
from daltonify_core.use_cases.refresh_popularity import RefreshReport, oldest_snapshot_days
from daltonify_core.use_cases.remove_audio import Removal, remove_forgotten

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


def consent_days_left(settings: JobSettings) -> float | None:
    """Days until the service account's consent ends, negative once it has; ``None`` where nobody gave one.

    Raises ``SecretUnavailable`` when nobody can say.
    """
    # Here, because it brings what speaks with Spotify, and no other job should pay for that.
    from daltonify_core.adapters.spotify import consent_ends

    name = settings.spotify_secret
    try:
        values = SecretsManagerStore(secrets_manager()).read(name)
    except SecretUnavailable as error:
        if error.is_absent:
            return None
        raise
    if not values.get("refresh_token"):
        return None
    try:
        ends = consent_ends(datetime.fromisoformat(values.get("consented_at", "")).astimezone(UTC))
    except ValueError as error:
        raise SecretUnavailable(
            f"The secret {name} does not say in consented_at when its consent was given. Run daltonify login."
        ) from error
    return (ends - _now()) / timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)
