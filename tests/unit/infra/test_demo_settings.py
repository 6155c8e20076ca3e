"""What a person may choose for the demo, and what they are told when it does not fit."""

import json
import os

import pytest

from infra.local.demo_settings import DemoRefused, DemoSettings

LOGIN = {
    "SPOTIFY_CLIENT_ID": "app",
    "SPOTIFY_CLIENT_SECRET": "NEVERLOGME-secret",
    "SPOTIFY_REFRESH_TOKEN": "NEVERLOGME-refresh",
}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("")
    return str(path)


def test_without_choices_the_tracks_are_invented_spotify_simulated_and_everybody_may_publish():
    settings = DemoSettings.from_environment({"PORT": "", "CATALOGUE": "", "SPOTIFY_CLIENT_ID": ""})
    assert settings == DemoSettings(port=8000, catalogue=None, publish_access="open", spotify=None)


def test_every_choice_is_taken(data):
    settings = DemoSettings.from_environment(
        {"PORT": "9000", "CATALOGUE": data, "PUBLISH_ACCESS": "off", "SPOTIFY_MARKET": "DE"}
    )
    assert (settings.port, str(settings.catalogue), settings.publish_access) == (9000, data, "off")
    assert settings.market == "DE"


def test_a_real_account_is_guarded_by_a_code(data):
    settings = DemoSettings.from_environment({**LOGIN, "CATALOGUE": data})
    assert settings.publish_access == "code"
    assert settings.spotify == {
        "client_id": "app",
        "client_secret": "NEVERLOGME-secret",
        "refresh_token": "NEVERLOGME-refresh",
    }


def test_a_real_account_may_be_opened_on_purpose(data):
    settings = DemoSettings.from_environment({**LOGIN, "CATALOGUE": data, "PUBLISH_ACCESS": "open"})
    assert settings.publish_access == "open"


def test_a_login_file_stands_for_the_variables(data, tmp_path):
    secret = {"client_id": "app", "client_secret": "NEVERLOGME-s", "refresh_token": "NEVERLOGME-r", "scopes": "a b"}
    file = tmp_path / "login.json"
    file.write_text(json.dumps(secret))
    settings = DemoSettings.from_environment({"SPOTIFY_LOGIN_FILE": str(file), "CATALOGUE": data})
    assert settings.spotify == secret


@pytest.mark.parametrize("login", [LOGIN, {"SPOTIFY_LOGIN_FILE": "login.json"}], ids=["variables", "file"])
def test_invented_tracks_never_meet_a_real_account(login, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {"client_id": "a", "client_secret": "NEVERLOGME-s", "refresh_token": "NEVERLOGME-r"}
    (tmp_path / "login.json").write_text(json.dumps(values))
    with pytest.raises(DemoRefused, match="CATALOGUE"):
        DemoSettings.from_environment(login)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (("SPOTIFY_CLIENT_ID",), "SPOTIFY_CLIENT_SECRET and SPOTIFY_REFRESH_TOKEN are not set"),
        (("SPOTIFY_CLIENT_ID", "SPOTIFY_REFRESH_TOKEN"), "SPOTIFY_CLIENT_SECRET is not set"),
    ],
)
def test_half_a_login_is_refused_with_what_is_missing(data, given, missing):
    environment = {name: LOGIN[name] for name in given} | {"CATALOGUE": data}
    with pytest.raises(DemoRefused, match=missing) as caught:
        DemoSettings.from_environment(environment)
    assert "NEVERLOGME" not in str(caught.value)


def test_two_logins_at_once_are_refused(data, tmp_path):
    with pytest.raises(DemoRefused, match="not both"):
        DemoSettings.from_environment({**LOGIN, "SPOTIFY_LOGIN_FILE": str(tmp_path), "CATALOGUE": data})


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read"),
        ("NEVERLOGME", "is not JSON"),
        ("[1]", "is not one JSON object"),
        ('{"client_id": 1}', "is not one JSON object"),
        ('{"client_id": "a", "client_secret": ""}', "lacks client_secret and refresh_token"),
    ],
)
def test_a_login_file_that_is_none_is_refused(data, tmp_path, content, fault):
    file = tmp_path / "login.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DemoRefused, match=fault) as caught:
        DemoSettings.from_environment({"SPOTIFY_LOGIN_FILE": str(file), "CATALOGUE": data})
    assert "daltonify login --file" in str(caught.value)
    assert "NEVERLOGME" not in str(caught.value)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "8000.5", "٨٠٠٠"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(DemoRefused, match=r"PORT is .* from 1 to 65535"):
        DemoSettings.from_environment({"PORT": port})


def test_an_access_that_does_not_exist_is_refused():
    with pytest.raises(DemoRefused, match="off, code, open"):
        DemoSettings.from_environment({"PUBLISH_ACCESS": "everybody"})


@pytest.mark.parametrize(("kind", "is_real"), [("", False), ("simulated", False), ("real", True)])
def test_nothing_is_sent_to_reccobeats_unless_somebody_says_so(kind, is_real):
    assert DemoSettings.from_environment({"RECCOBEATS": kind}).has_real_reccobeats is is_real


def test_a_real_spotify_does_not_mean_a_real_reccobeats(data):
    assert not DemoSettings.from_environment({**LOGIN, "CATALOGUE": data}).has_real_reccobeats


def test_a_reccobeats_of_another_kind_is_refused():
    with pytest.raises(DemoRefused, match="RECCOBEATS is 'yes'; it must be one of simulated, real"):
        DemoSettings.from_environment({"RECCOBEATS": "yes"})


def test_a_market_that_is_no_country_code_is_refused():
    with pytest.raises(DemoRefused, match="SPOTIFY_MARKET is 'Germany'"):
        DemoSettings.from_environment({"SPOTIFY_MARKET": "Germany"})


def test_data_that_are_not_there_are_refused_before_any_work():
    with pytest.raises(DemoRefused, match=r"no file or folder /nowhere/tracks\.csv"):
        DemoSettings.from_environment({"CATALOGUE": "/nowhere/tracks.csv"})


def test_a_catalogue_must_be_a_file_or_a_folder(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/null"):
        with pytest.raises(DemoRefused, match="neither a file nor a folder"):
            DemoSettings.from_environment({"CATALOGUE": str(path)})
