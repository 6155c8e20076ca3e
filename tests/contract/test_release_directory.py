"""Releases on the simulated Spotify, by everything that a sender may name them by, as Spotify's own document has it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from daltonify_core.adapters.spotify import SpotifyReleases
from daltonify_core.errors import UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.releases.release import ReferenceKind, ReleaseReference
from infra.local.spotify_simulator import Fault, SimulatedTrack, SpotifySimulator
from infra.local.spotify_simulator.catalogue import album_id, artist_id
from tests.builders import track_id
from tests.fakes.memory_secrets import MemorySecretStore

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SONG = SimulatedTrack(
    "Rain on Tin", ("Me", "A Guest"), isrc="QZES72400001", upc="012345678905", release_date="2026-01-02"
)
OLDER = SimulatedTrack("Dust", ("Me",), isrc="QZES72300001", release_date="2025-03")
NAMESAKE = SimulatedTrack("Rain on Tin", ("Somebody else",), release_date="2024-05-06")
ME = artist_id("Me")
CREDENTIALS = {"client_id": "app", "client_secret": "NEVERLOGME-client-secret"}


@pytest.fixture
def simulator() -> Iterator[SpotifySimulator]:
    with SpotifySimulator({track_id(1): SONG, track_id(2): OLDER, track_id(3): NAMESAKE}) as running:
        running.register_app(CREDENTIALS["client_id"], CREDENTIALS["client_secret"])
        yield running


@pytest.fixture
def directory(simulator: SpotifySimulator) -> SpotifyReleases:
    secrets = MemorySecretStore({"spotify": CREDENTIALS})
    return SpotifyReleases(secrets, "spotify", simulator.api_url, simulator.accounts_url, "DE", lambda: NOON)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ReferenceKind.TRACK, track_id(1)),
        (ReferenceKind.ALBUM, album_id(SONG)),
        (ReferenceKind.ISRC, "QZES72400001"),
        (ReferenceKind.UPC, "012345678905"),
        (ReferenceKind.TITLE, "rain on tin"),
    ],
)
def test_a_release_is_found_by_whatever_names_it_and_what_is_sent_fits_the_document(
    directory, simulator, spotify_contract, kind, value
):
    found = directory.find(ReleaseReference(kind, value), ME, "Me")
    assert (found.track_id, found.title, found.artists) == (track_id(1), "Rain on Tin", ("Me", "A Guest"))
    assert found.artist_ids == (ME, artist_id("A Guest"))
    assert (found.album_id, found.release_date) == (album_id(SONG), "2026-01-02")
    calls = 2 if kind is ReferenceKind.UPC else 1
    assert spotify_contract.check_exchanges(simulator.requests) == calls


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ReferenceKind.TRACK, track_id(9)),
        (ReferenceKind.ALBUM, "A" * 22),
        (ReferenceKind.ISRC, "QZES72499999"),
        (ReferenceKind.UPC, "999999999999"),
        (ReferenceKind.TITLE, "Snow on Tin"),
    ],
)
def test_what_is_not_there_yet_is_not_found_and_no_fault(directory, simulator, spotify_contract, kind, value):
    assert directory.find(ReleaseReference(kind, value), ME, "Me") is None
    assert spotify_contract.check_exchanges(simulator.requests) == 1


def test_the_newest_releases_of_an_artist_fit_the_document(directory, simulator, spotify_contract):
    newest = directory.newest(ME, 10)
    assert [(one.album_id, one.title, one.release_date) for one in newest] == [
        (album_id(SONG), "Rain on Tin", "2026-01-02"),
        (album_id(OLDER), "Dust", "2025-03"),
    ]
    with pytest.raises(UpstreamRefused):
        directory.newest(artist_id("Nobody"), 10)
    assert spotify_contract.check_exchanges(simulator.requests) == 2


def test_a_spotify_that_refuses_or_fails_is_told_in_the_ports_words(directory, simulator):
    simulator.add_fault(Fault("GET", "/search", "rate_limited", retry_after=90))
    with pytest.raises(UpstreamRateLimited) as refused:
        directory.find(ReleaseReference(ReferenceKind.TITLE, "Rain on Tin"), ME, "Me")
    assert refused.value.retry_after_seconds == 90
    simulator.add_fault(Fault("GET", "/albums", "server_error", times=None))
    with pytest.raises(UpstreamUnavailable):
        directory.newest(ME, 10)
