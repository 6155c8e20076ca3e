"""Looks up outside what an index does not know of seeds, for one person at one machine: nothing is kept or counted."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from daltonify_core.errors import SecretUnavailable
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.playlist.findings import NO_FINDINGS, SeedFindings
from daltonify_core.playlist.request import Seed
from daltonify_core.ports.look_ups import IdentitySource, TrackDirectory
from daltonify_core.use_cases.complete_seeds import SeedCompleter
from daltonify_core.use_cases.lacking_facts import facts_to_look_up
from infra.cli import wiring
from infra.cli.login import SPOTIFY_ACCOUNTS, SPOTIFY_API

RECCOBEATS_API: Final = "https://api.reccobeats.com/v1/"
SPOTIFY_OEMBED: Final = "https://open.spotify.com/oembed"
# Nothing cuts a command off; its own budget ends the look-ups long before.
_PATIENCE: Final = timedelta(minutes=1)


def look_up(seeds: Sequence[Seed], index: LoadedIndex, environment: Mapping[str, str]) -> SeedFindings:
    """What ReccoBeats and Spotify say of seeds that the index does not hold; nobody is asked for others.

    ``environment`` may name other addresses (``RECCOBEATS_API``, ``SPOTIFY_OEMBED``, ``SPOTIFY_API``,
    ``SPOTIFY_ACCOUNTS``) and holds the app's ``SPOTIFY_CLIENT_ID`` and ``SPOTIFY_CLIENT_SECRET`` if there is one.
    """
    if not facts_to_look_up(seeds, index):
        return NO_FINDINGS
    completer = SeedCompleter(
        wiring.feature_service(environment.get("RECCOBEATS_API") or RECCOBEATS_API),
        _track_directories(environment),
        cache=None,
        circuits=None,
        clock=_now,
    )
    return completer.complete(seeds, index, _now() + _PATIENCE, lambda: None)


def _track_directories(environment: Mapping[str, str]) -> dict[IdentitySource, TrackDirectory]:
    try:
        from daltonify_core.adapters.spotify import OEmbedTracks, SpotifyTracks
    except ModuleNotFoundError:
        return {}  # without the packages of the service ReccoBeats alone tells names
    directories: dict[IdentitySource, TrackDirectory] = {}
    app = {name: environment.get(f"SPOTIFY_{name.upper()}", "").strip() for name in ("client_id", "client_secret")}
    if all(app.values()):
        directories[IdentitySource.SPOTIFY] = SpotifyTracks(
            _AppSecret(app),
            "app",
            environment.get("SPOTIFY_API") or SPOTIFY_API,
            environment.get("SPOTIFY_ACCOUNTS") or SPOTIFY_ACCOUNTS,
            environment.get("SPOTIFY_MARKET") or "US",
            _now,
        )
    directories[IdentitySource.OEMBED] = OEmbedTracks(environment.get("SPOTIFY_OEMBED") or SPOTIFY_OEMBED)
    return directories


class _AppSecret:
    """A ``SecretStore`` of the one secret that the environment holds."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def read(self, name: str) -> Mapping[str, str]:
        """The app's credentials, whatever they are called."""
        return self._values

    def write(self, name: str, values: Mapping[str, str]) -> None:
        """Nothing is stored; raises ``SecretUnavailable``."""
        raise SecretUnavailable("The environment's credentials cannot be changed.")


def _now() -> datetime:
    return datetime.now(UTC)
