"""Puts adapters and use cases together for one machine; nothing else in the command line knows an adapter."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.dataset_files import find_tables
from daltonify_core.adapters.folder_collection import FolderCollection
from daltonify_core.adapters.local_folder import FolderIndexStore, FolderShards
from daltonify_core.adapters.parquet_file import ParquetTable
from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.collection import shard_number
from daltonify_core.catalogue.public_data.report import ImportReport
from daltonify_core.errors import (
    CatalogueEmpty,
    IndexUnavailable,
    InvalidQuery,
    SecretUnavailable,
    UpstreamUnavailable,
)
from daltonify_core.evaluation.baselines import Reach
from daltonify_core.evaluation.degraded import degraded_methods
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import Method, all_baselines, our_methods
from daltonify_core.evaluation.playlists import PlaylistRow, playlists_of_half, read_playlist_rows
from daltonify_core.evaluation.scoreboard import EvaluationSettings, Scoreboard
from daltonify_core.evaluation.scoreboard import evaluate as score
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.bundle import load_bundle
from daltonify_core.ports.catalogue import TrackFinder
from daltonify_core.ports.index import CurrentIndex, IndexStore
from daltonify_core.ports.look_ups import FeatureService
from daltonify_core.ports.releases import ArtistStore, DeadLetters, ReleaseQueue, ReleaseStore
from daltonify_core.ports.surroundings import Progress, SecretStore
from daltonify_core.use_cases.build_index import BuildReport, build_index
from daltonify_core.use_cases.change_playlist import ChangePlaylist
from daltonify_core.use_cases.collect_tracks import CollectRun, catalogue_track_ids
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.import_catalogue import ImportSettings, import_catalogue
from daltonify_core.use_cases.keep_artists import KeepArtists
from daltonify_core.use_cases.keep_hooks import KeepHooks, release_key_of
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner
from daltonify_core.use_cases.publish_playlist import PublishPlaylist
from daltonify_core.use_cases.recommend import Recommender
from daltonify_core.use_cases.record_release import RecordRelease
from daltonify_core.use_cases.replay_releases import ReplayReleases
from daltonify_core.use_cases.roll_back_index import KeptIndex, kept_indexes, roll_back_index
from daltonify_core.use_cases.service_health import ServiceHealth, consented_at, service_health
from infra.cli.aws_session import aws_session
from infra.cli.login import SPOTIFY_ACCOUNTS, SPOTIFY_API, PrivateFiles

if TYPE_CHECKING:
    from daltonify_core.adapters.spotify import SpotifyConsent


def import_files(sources: Sequence[Path], target: Path, settings: ImportSettings, progress: Progress) -> ImportReport:
    """Import files, folders and archives into one catalogue file."""
    tables = find_tables(sources, {".parquet": ParquetTable})
    return import_catalogue(tables, partial(write_catalogue_file, target), settings, progress)


def build(catalogue: Path, index: Path, settings: BuildSettings, progress: Progress) -> BuildReport:
    """Build an index from a catalogue folder and activate it in an index folder."""
    if not catalogue.exists():
        raise CatalogueEmpty(f"There is no catalogue at {catalogue}. Bring data in with `daltonify import`.")
    return build_index(
        FolderShards(catalogue),
        FolderIndexStore(index),
        AnnoyFormat(),
        SqliteTracksFormat(),
        datetime.now(UTC),
        progress,
        settings,
    )


def evaluate(
    catalogue: Sequence[Path], playlists: Path, settings: EvaluationSettings, progress: Progress
) -> Scoreboard:
    """Score every method on an index that is built for it in a temporary folder and thrown away.

    ``catalogue`` names files, folders and archives in any form that an import takes; ``playlists`` a table.
    """
    rows = _playlist_rows(playlists)
    with tempfile.TemporaryDirectory(prefix="daltonify-evaluate-") as work:
        folder = Path(work)
        import_files(catalogue, folder / "catalogue" / "catalogue.csv", ImportSettings(), progress)
        build(folder / "catalogue", folder / "index", BuildSettings(), progress)
        with open_recommender(folder / "index") as recommender:
            index = recommender.index
            known = index.tracks.find(list({row.track_id for row in rows}))
            ground = Ground.of_index(index)
            reach = Reach(ground)
            methods: list[Method] = [*all_baselines(ground, reach), *our_methods(index, recommender.recommend, ground)]
            half = playlists_of_half(rows, settings.half, known)
            degraded = degraded_methods(index, ground, reach)
            return score(ground, half, methods, index.version, settings, progress, degraded)


def _playlist_rows(path: Path) -> list[PlaylistRow]:
    tables = list(find_tables([path], {".parquet": ParquetTable}))
    if len(tables) != 1:
        raise InvalidQuery(f"{path} holds {len(tables)} tables; give one file of playlists.")
    return read_playlist_rows(tables[0])


@contextmanager
def open_recommender(index: Path) -> Iterator[Recommender]:
    """The recommender of the current index in a folder."""
    store = FolderIndexStore(index)
    current = store.read_state().current
    if current is None:
        raise IndexUnavailable(f"There is no index in {index}. Build one with `daltonify build`.")
    # A folder's versions are opened where they lie, so the scratch folder is never written to.
    bundle = store.fetch(current.version, index)
    loaded = load_bundle(bundle, current.version, AnnoyFormat(), SqliteTracksFormat())
    try:
        yield Recommender(loaded, current.built_at)
    finally:
        loaded.close()


def collect(
    wanted: Sequence[str],
    genre: str,
    catalogue: Path,
    folder: Path,
    reccobeats_url: str,
    again: bool,
    progress: Progress,
) -> CollectRun:
    """A run that collects into ``folder`` what neither it nor the catalogue holds."""
    shards = FolderShards(catalogue)
    root = catalogue.parent if catalogue.is_file() else catalogue
    elsewhere = [name for name in shards.names() if not _is_collected(root / name, folder)]
    return CollectRun(
        feature_service(reccobeats_url),
        CollectedShards(FolderCollection(folder), progress),
        wanted,
        genre,
        lambda: datetime.now(UTC),
        # Nobody is passed over then, whatever the rest holds.
        () if again else catalogue_track_ids(shards, elsewhere, progress),
        again,
    )


def feature_service(reccobeats_url: str) -> FeatureService:
    """ReccoBeats at that address."""
    return ReccoBeatsService(reccobeats_url, user_agent=f"Daltonify/{metadata.version('daltonify')}")


def _is_collected(path: Path, folder: Path) -> bool:
    return shard_number(path.name) is not None and path.parent.resolve() == folder.resolve()


def track_finder(file: Path | None, secret: str, api_url: str, accounts_url: str, market: str) -> TrackFinder:
    """Playlists and searches under the consent in a private file, or else in a secret of that name."""
    with _packages_of_the_service():
        from daltonify_core.adapters.spotify import SpotifyTrackFinder
    store, name = (secrets_manager(), secret) if file is None else (PrivateFiles(), str(file))
    return SpotifyTrackFinder(store, name, api_url, accounts_url, market, lambda: datetime.now(UTC))


def spotify_consent(
    client_id: str, client_secret: str, redirect_uri: str, api_url: str, accounts_url: str
) -> "SpotifyConsent":
    """The way to a consent, with Spotify's library imported only now: no other command needs it."""
    with _packages_of_the_service():
        from daltonify_core.adapters.spotify import SpotifyConsent
    return SpotifyConsent(client_id, client_secret, redirect_uri, api_url, accounts_url, lambda: datetime.now(UTC))


def secrets_manager() -> SecretStore:
    """AWS Secrets Manager with the region and credentials of the environment; raises ``SecretUnavailable``."""
    with _packages_of_the_service():
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        from daltonify_core.adapters.secrets_manager import SecretsManagerStore
    try:
        with _packages_of_the_service():
            session = aws_session()
        client = session.client(
            "secretsmanager",
            config=Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2, "mode": "standard"}),
        )
    except BotoCoreError as error:
        raise SecretUnavailable(
            f"AWS is not set up in this terminal ({type(error).__name__}). Set AWS_REGION and sign in, or store into a "
            "file with --file."
        ) from error
    return SecretsManagerStore(client)


def index_store(index: Path, bucket: str | None, stack: str | None) -> IndexStore:
    """The indexes in a bucket, in that of a deployed stack, or in a folder.

    Raises ``InvalidQuery`` when there is no such stack, and ``UpstreamUnavailable`` or ``UpstreamRefused``.
    """
    if bucket is None and stack is None:
        return FolderIndexStore(index)
    with _packages_of_the_service():
        from daltonify_core.adapters.s3 import S3IndexStore
        from infra.cli.stack import stack_of
    if stack is not None:
        bucket = stack_of(_aws_client("cloudformation"), stack).output("DataBucketName")
    return S3IndexStore(_aws_client("s3"), bucket or "")


_OPEN_PLAYLISTS_AT: Final = "https://open.spotify.com/playlist/"


@dataclass(frozen=True)
class Installation:
    """A running service, by the names of its parts; commands about artists and releases work on it.

    ``names`` are the variables that its functions have, and ``source`` says where they were looked for. Every method
    raises ``InvalidQuery`` for a name that is missing, and ``UpstreamUnavailable`` where AWS is not set up.
    """

    names: Mapping[str, str]
    source: str

    def name(self, variable: str) -> str:
        """What a part is called."""
        if not self.names.get(variable):
            raise InvalidQuery(
                f"{self.source} does not say {variable}. Name a deployed stack with --stack, such as daltonify-dev, or "
                "set the variables of a local service."
            )
        return self.names[variable]

    def playlist_url(self, playlist_id: str) -> str:
        """Where people open a playlist: on Spotify, unless this service says otherwise, as a simulated one does."""
        return f"{self.names.get('OPEN_PLAYLISTS_AT') or _OPEN_PLAYLISTS_AT}{playlist_id}"

    @cached_property
    def _dynamodb(self) -> Any:
        return _aws_client("dynamodb")

    @cached_property
    def artists(self) -> ArtistStore:
        """Profiles, hooks and living playlists."""
        with _packages_of_the_service():
            from daltonify_core.adapters.dynamodb import DynamoArtistStore
        return DynamoArtistStore(self._dynamodb, self.name("TABLE_NAME"))

    @cached_property
    def releases(self) -> ReleaseStore:
        """Releases and what became of them."""
        with _packages_of_the_service():
            from daltonify_core.adapters.dynamodb import DynamoReleaseStore
        return DynamoReleaseStore(self._dynamodb, self.name("TABLE_NAME"))

    @cached_property
    def queue(self) -> ReleaseQueue:
        """What hands releases to the worker."""
        with _packages_of_the_service():
            from daltonify_core.adapters.sqs import SqsReleaseQueue
        return SqsReleaseQueue(_aws_client("sqs"), self.name("RELEASE_QUEUE_URL"))

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """What crashed workers."""
        with _packages_of_the_service():
            from daltonify_core.adapters.sqs_dead_letters import SqsDeadLetters
        return SqsDeadLetters(_aws_client("sqs"), self.name("RELEASE_DEAD_LETTERS_URL"))

    def keep_artists(self) -> KeepArtists:
        """Registers and changes artists."""
        return KeepArtists(self.artists, _now)

    def keep_hooks(self) -> KeepHooks:
        """Makes, rotates and revokes hooks; raises ``SecretUnavailable``."""
        key = release_key_of(secrets_manager().read(self.name("PUBLISHING_SECRET")))
        return KeepHooks(self.artists, key, lambda: secrets.token_hex(16), lambda: secrets.token_urlsafe(32), _now)

    def record_release(self) -> RecordRelease:
        """Takes in what the operator announces."""
        return RecordRelease(self.releases, self.queue, lambda: secrets.token_hex(16), _now)

    def replay_releases(self) -> ReplayReleases:
        """Gives releases another try."""
        return ReplayReleases(self.releases, self.queue, _now)

    def service_health(self) -> ServiceHealth:
        """How the service account fares; raises ``SecretUnavailable``."""
        with _packages_of_the_service():
            from daltonify_core.adapters.dynamodb import DynamoPublicationStore
            from daltonify_core.adapters.spotify import consent_ends
        given = consented_at(secrets_manager(), self.name("SPOTIFY_SECRET"))
        records = DynamoPublicationStore(self._dynamodb, self.name("TABLE_NAME"))
        return service_health(given, consent_ends(given) if given else None, records, records, _now)

    def change_playlist(self) -> ChangePlaylist:
        """Brings older versions of a playlist back; it cannot renew. Raises ``SecretUnavailable``."""
        with _packages_of_the_service():
            from daltonify_core.adapters.dynamodb import DynamoPublicationStore
            from daltonify_core.adapters.spotify import SpotifyPlaylistService
        store = secrets_manager()
        key = store.read(self.name("PUBLISHING_SECRET")).get("edit_token_key", "").encode()
        api_url = self.names.get("SPOTIFY_API") or SPOTIFY_API
        service = SpotifyPlaylistService(
            store,
            self.name("SPOTIFY_SECRET"),
            api_url,
            self.names.get("SPOTIFY_ACCOUNTS") or SPOTIFY_ACCOUNTS,
            self.names.get("SPOTIFY_MARKET") or "US",
            api_url == SPOTIFY_API,
            _now,
        )
        publications = DynamoPublicationStore(self._dynamodb, self.name("TABLE_NAME"))
        publisher = PublishPlaylist(
            # What an older version held was in an index once, and is published already.
            publications,
            service,
            lambda ids: dict.fromkeys(ids, "published"),
            key,
            _now,
        )
        planner = PlaylistPlanner(_no_index, _no_index)
        return ChangePlaylist(self.artists, self.releases, planner, publisher, lambda: secrets.token_hex(16), _now)


_OUTPUTS: Final = {
    "TABLE_NAME": "TableName",
    "RELEASE_QUEUE_URL": "ReleaseQueueUrl",
    "RELEASE_DEAD_LETTERS_URL": "ReleaseDeadLettersUrl",
    "PUBLISHING_SECRET": "PublishingSecretArn",
    "SPOTIFY_SECRET": "SpotifySecretName",
    "PAGE_URL": "PageUrl",
}
"""Which output of a stack says what a variable of a local service says."""


def installation(stack: str | None) -> Installation:
    """The service of a deployed stack, or else the one that the variables of this terminal name.

    Raises ``InvalidQuery`` when there is no such stack, and ``UpstreamUnavailable`` or ``UpstreamRefused``.
    """
    if stack is None:
        return Installation(os.environ, "This terminal")
    with _packages_of_the_service():
        from infra.cli.stack import stack_of
    found = stack_of(_aws_client("cloudformation"), stack)
    outputs = {variable: found.outputs.get(name, "") for variable, name in _OUTPUTS.items()}
    return Installation(outputs, f"The stack {found.name} ({found.status})")


def _now() -> datetime:
    return datetime.now(UTC)


def _no_index(*_: object) -> NoReturn:
    raise IndexUnavailable("This terminal has no index to recommend from; the service has.")


def kept(store: IndexStore) -> list[KeptIndex]:
    """The current index and those that can be gone back to."""
    with tempfile.TemporaryDirectory(prefix="daltonify-rollback-") as scratch:
        return kept_indexes(store, Path(scratch))


def roll_back(store: IndexStore, version: str) -> CurrentIndex:
    """Make an older index current."""
    with tempfile.TemporaryDirectory(prefix="daltonify-rollback-") as scratch:
        return roll_back_index(store, AnnoyFormat(), SqliteTracksFormat(), version, Path(scratch))


def _aws_client(service: Any) -> Any:
    """A client with the region and credentials of the environment; raises ``UpstreamUnavailable``."""
    with _packages_of_the_service():
        from botocore.exceptions import BotoCoreError
    try:
        with _packages_of_the_service():
            session = aws_session()
        return session.client(service)
    except BotoCoreError as error:
        raise UpstreamUnavailable(
            f"AWS is not set up in this terminal ({type(error).__name__}). Set AWS_REGION and sign in."
        ) from error


@contextmanager
def _packages_of_the_service() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidQuery(
            f'The package {error.name} is missing. Install what the service needs: "daltonify[service,aws]".'
        ) from error
