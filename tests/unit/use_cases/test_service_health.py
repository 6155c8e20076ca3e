"""How the service account fares, and what the operator is told about it in time."""

from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.errors import SecretUnavailable
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.use_cases.service_health import (
    WARNING_DAYS,
    ServiceHealth,
    consented_at,
    playlist_counter,
    service_health,
)
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_secrets import MemorySecretStore
from tests.fakes.release_world import World
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "test/spotify"
CONSENT = {"refresh_token": "NEVERLOGME-consent", "consented_at": "2026-01-10T08:30:00+00:00"}


def health(days_left: float | None = 100, **more: object) -> ServiceHealth:
    ends = None if days_left is None else NOON + timedelta(days=days_left)
    values = {"circuit": None, "playlists": 0, "most_playlists": 100} | more
    return ServiceHealth(NOON, ends and ends - timedelta(days=180), ends, **values)  # type: ignore[arg-type]


def given(**values: str) -> MemorySecretStore:
    return MemorySecretStore({SECRET: CONSENT | values})


def test_an_account_in_good_health_has_nothing_to_warn_of():
    assert health().warnings == ()
    assert health(WARNING_DAYS[0] + 0.1).warnings == ()


@pytest.mark.parametrize(
    ("days_left", "said"), [(30, "30 days"), (13.2, "14 days"), (3, "3 days"), (1, "1 day"), (0.2, "1 day")]
)
def test_the_end_of_consent_is_told_a_month_ahead_with_its_day(days_left, said):
    (warning,) = health(days_left).warnings
    ends = NOON + timedelta(days=days_left)
    assert warning == f"Spotify's consent ends in {said}, on {ends:%Y-%m-%d}. Run `daltonify login`."


def test_whole_days_are_rounded_up_so_that_the_last_one_still_counts():
    assert [health(days).whole_days_left for days in (30, 29.4, 29.5, 0.1, 0, -0.5)] == [30, 30, 30, 1, 0, 0]
    assert health(None).whole_days_left is None


@pytest.mark.parametrize("days_left", [0, -0.5, -400])
def test_a_consent_that_has_ended_is_told_as_ended(days_left):
    (warning,) = health(days_left).warnings
    assert "has ended" in warning
    assert "daltonify login" in warning


def test_an_account_that_nobody_consented_for_says_what_to_run():
    nobody = health(None)
    assert nobody.days_left is None
    assert nobody.days_old is None
    (warning,) = nobody.warnings
    assert "Nobody has consented" in warning
    assert "daltonify login" in warning


def test_days_are_counted_from_and_to_the_consent():
    assert health(60).days_left == 60
    assert health(60).days_old == 120


def test_a_spent_quota_and_a_full_account_are_told_after_the_consent():
    circuit = Circuit(NOON + timedelta(hours=2), "Spotify's quota is spent.")
    consent, quota, full = health(2, circuit=circuit, playlists=90).warnings
    assert "2 days" in consent
    assert quota == "Spotify's quota is spent. Publishing goes on at 2026-03-01 14:00 UTC."
    assert full.startswith("90 of the 100 playlists")
    assert health(playlists=89).warnings == ()


def test_it_asks_our_own_records_for_circuit_and_playlists():
    settings, records, clock = (
        PublishSettings(account="test account", playlists=7),
        MemoryPublicationStore(),
        SetClock(NOON),
    )
    given_at, ends = NOON - timedelta(days=1), NOON + timedelta(days=100)
    fresh = service_health(given_at, ends, records, records, clock, settings)
    assert fresh == ServiceHealth(NOON, given_at, ends, None, 0, 7)

    circuit = Circuit(NOON + timedelta(hours=1), "Spotify's quota is spent.")
    records.open_circuit("test account", circuit)
    records.open_circuit("another account", circuit)
    records.count([Cap(playlist_counter(settings), 7, None, "")], NOON)
    found = service_health(given_at, ends, records, records, clock, settings)
    assert (found.circuit, found.playlists) == (circuit, 1)

    clock.advance(3600)
    assert service_health(given_at, ends, records, records, clock, settings).circuit is None


def test_playlists_are_counted_where_publishing_counts_them():
    world = World()
    world.on_spotify("one")
    world.announce("one")
    world.settle()
    found = service_health(None, None, world.publications, world.publications, world.clock, world.publish_settings)
    assert found.playlists == len(world.spotify.playlists) == 1


def test_the_consent_says_when_it_was_given():
    assert consented_at(given(), SECRET) == datetime(2026, 1, 10, 8, 30, tzinfo=UTC)
    assert consented_at(given(consented_at="2026-01-10T10:30:00+02:00"), SECRET) == datetime(
        2026, 1, 10, 8, 30, tzinfo=UTC
    )


def test_without_a_secret_or_a_token_in_it_nobody_consented():
    assert consented_at(MemorySecretStore(), SECRET) is None
    assert consented_at(given(refresh_token=""), SECRET) is None


def test_a_secret_that_cannot_be_read_is_not_taken_for_a_missing_consent():
    secrets = given()
    secrets.is_down = True
    with pytest.raises(SecretUnavailable):
        consented_at(secrets, SECRET)


@pytest.mark.parametrize("said", ["", "yesterday", "2026-01-10", "2026-01-10T08:30:00"])
def test_a_consent_without_a_clear_time_is_told_with_its_remedy(said):
    with pytest.raises(SecretUnavailable, match="Run daltonify login") as caught:
        consented_at(given(consented_at=said), SECRET)
    assert "NEVERLOGME" not in str(caught.value)
