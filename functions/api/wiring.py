"""Composes the API of real parts, each made when it is first needed: most requests need no table and no Spotify."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from aws_lambda_powertools.metrics import MetricUnit
from shared.observability import logger, metrics
from shared.settings import ApiSettings

from daltonify_core.errors import DaltonifyError
from daltonify_core.ports import Clock, LinkExpander, PlaylistService, PublicationStore, SecretStore
from daltonify_core.use_cases.recommend import Recommender


class IndexSource(Protocol):
    """The index that answers, kept up to date by itself."""

    def recommender(self) -> Recommender:
        """Raises ``IndexUnavailable`` when there is nothing good to serve."""

    def sources_of(self, track_ids: Collection[str]) -> dict[str, str]:
        """Where the catalogue rows of these tracks come from; unknown ids are absent."""


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

    return Services(settings, clock, index, publications, playlists, secrets, link_expander)


def _report_index_fault(fault: DaltonifyError) -> None:
    """The older index keeps answering, so nobody but the operator would notice."""
    logger.error("The current index cannot be used", extra={"code": fault.code, "detail": fault.message})
    metrics.add_metric("IndexFault", MetricUnit.Count, 1)
