"""``daltonify status`` on the local AWS: what is told of the service account, and what has to be done."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.adapters.dynamodb import DynamoPublicationStore
from daltonify_core.ports.limits import Cap, Circuit


@pytest.fixture
def consented(service, monkeypatch):
    """Stores a consent that was given so many days ago."""

    def store(days):
        given = datetime.now(UTC) - timedelta(days=days)
        values = {"refresh_token": "NEVERLOGME-refresh", "consented_at": given.isoformat()}
        monkeypatch.setenv("SPOTIFY_SECRET", service.aws.make_secret(json.dumps(values)))

    return store


@pytest.fixture
def told(run):
    def read():
        done = run("status", "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    return read


def test_a_young_consent_an_open_spotify_and_room_for_playlists_are_no_news(consented, told, run):
    consented(10)
    health = told()
    assert 165 < health["days_left"] < 175
    assert (health["refused_until"], health["playlists"], health["warnings"]) == (None, 0, [])
    shown = run("status")
    assert "days left" in shown.out
    assert "takes requests" in shown.out
    assert "NEVERLOGME" not in shown.out + shown.err


@pytest.mark.parametrize(("days", "says"), [(160, "ends in"), (200, "has ended")])
def test_a_consent_near_its_end_asks_for_a_login(consented, told, run, days, says):
    consented(days)
    (warning,) = told()["warnings"]
    assert says in warning
    assert "daltonify login" in warning
    shown = run("status")
    assert "daltonify login" in shown.out + shown.err


def test_days_are_told_alike_wherever_they_are_told(consented, told, run):
    consented(160.4)
    days = told()["days_left"]
    (warning,) = told()["warnings"]
    assert f"ends in {days} days" in warning
    assert f"({days} days left)" in run("status").out


def test_without_a_consent_that_is_said(service, monkeypatch, told, run):
    monkeypatch.setenv("SPOTIFY_SECRET", "daltonify/that-there-is-not")
    assert told()["consented_at"] is None
    assert "nobody gave one" in run("status").out


def test_a_spent_quota_and_a_full_account_are_told(consented, service, told, run):
    consented(1)
    records = DynamoPublicationStore(service.aws.dynamodb, service.table)
    until = datetime.now(UTC) + timedelta(hours=5)
    records.open_circuit("spotify", Circuit(until, "Spotify's quota is spent."))
    records.count([Cap("playlists#spotify", 10, None, "full")], datetime.now(UTC))
    health = told()
    assert health["refused_until"] == until.isoformat(timespec="seconds")
    assert health["playlists"] == 1
    assert "quota is spent" in health["warnings"][0]
    assert f"{until:%Y-%m-%d %H:%M}" in run("status").out


def test_a_service_that_this_terminal_does_not_name_is_asked_for(run, service, monkeypatch):
    monkeypatch.delenv("SPOTIFY_SECRET", raising=False)
    done = run("status")
    assert done.code == 2
    assert "SPOTIFY_SECRET" in done.err
