"""Consenting at a terminal, with the simulated Spotify's real consent page and a browser that these tests play."""

import html
import json
import os
import re
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from daltonify_core.adapters.spotify import CONSENT_SCOPES, SpotifyPlaylistService, consent_ends
from daltonify_core.ports.publishing import PlaylistText
from infra.cli.login import PrivateFiles, can_open_browser
from infra.local.spotify_simulator import Fault, SpotifySimulator
from tests.cli.conftest import Finished, Run

CLIENT_SECRET = "NEVERLOGME-client-secret"
ROOT = Path(__file__).parents[2]


def fetch(url: str, form: dict[str, str] | None = None) -> str:
    """A page as a browser gets it, redirects followed."""
    body = None if form is None else urlencode(form).encode()
    with urllib.request.urlopen(url, body, timeout=30) as answer:  # noqa: S310 - always this machine
        text: str = answer.read().decode()
    return text


def decide(address: str, decision: str = "allow", **changed: str) -> str:
    """Fill in the consent form; the page on which that ends."""
    page = fetch(address)
    given = re.findall(r'name="([^"]+)" value="([^"]*)"', page)
    # Of the accounts on offer the first is chosen already.
    form = {name: html.unescape(value) for name, value in reversed(given) if name != "decision"}
    return fetch(address.partition("?")[0], {**form, "decision": decision, **changed})


def come_back(address: str, **answer: str) -> str:
    """Skip the page and return with an answer of one's own."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return fetch(f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **answer})}")


@dataclass
class Login:
    """Runs the command against a simulator; ``browser`` is what happens with the address that is opened."""

    simulator: SpotifySimulator
    run: Run
    folder: Path
    browser: Callable[[str], object] = decide
    opened: list[str] = field(default_factory=list)
    shown: list[object] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "spotify.json"

    @property
    def services(self) -> tuple[str, ...]:
        return ("--accounts-url", self.simulator.accounts_url, "--api-url", self.simulator.api_url)

    def open(self, address: str) -> bool:
        self.opened.append(address)
        self.shown.append(self.browser(address))
        return True

    def __call__(self, *arguments: object) -> Finished:
        where = () if {"--file", "--secret"} & set(arguments) else ("--file", self.file)
        return self.run("login", "--port", 0, *where, *self.services, *arguments)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SpotifySimulator]:
    with SpotifySimulator() as running:
        running.register_app("my-app", CLIENT_SECRET, ["http://127.0.0.1/callback"])
        yield running


@pytest.fixture
def login(simulator: SpotifySimulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", "my-app")
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("BROWSER", "played by the test")
    command = Login(simulator, run, tmp_path)
    monkeypatch.setattr("webbrowser.open", command.open)
    yield command
    simulator.clear_faults()


def stored(login: Login) -> Any:
    return json.loads(login.file.read_text())


def test_a_consent_is_stored_with_all_that_publishing_needs(login):
    before = datetime.now(UTC).replace(microsecond=0)
    done = login()
    assert done.code == 0, done.err
    values = stored(login)
    assert (values["client_id"], values["client_secret"]) == ("my-app", CLIENT_SECRET)
    assert values["scopes"].split() == sorted(CONSENT_SCOPES)
    assert before <= datetime.fromisoformat(values["consented_at"]) <= datetime.now(UTC)
    assert "close this tab" in str(login.shown[0])


def test_the_stored_consent_publishes(login):
    assert login().code == 0
    service = SpotifyPlaylistService(
        PrivateFiles(),
        str(login.file),
        login.simulator.api_url,
        login.simulator.accounts_url,
        "US",
        False,
        lambda: datetime.now(UTC),
    )
    playlist_id = service.create_playlist(PlaylistText("Title", "Description", True))
    assert login.simulator.playlists[playlist_id].name == "Title"


def test_it_says_which_account_how_long_and_what_then(login):
    done = login()
    ends = consent_ends(datetime.fromisoformat(stored(login)["consented_at"]))
    assert "account simulated-listener" in done.out
    assert str(login.file) in done.out
    assert f"ends on {ends.day} {ends:%B %Y}" in done.out
    assert "daltonify login" in done.out


def test_a_machine_gets_one_json_document(login):
    done = login("--json")
    answer = json.loads(done.out)
    assert answer["account"] == "simulated-listener"
    assert answer["scopes"] == sorted(CONSENT_SCOPES)
    assert answer["consent_ends"] == consent_ends(datetime.fromisoformat(answer["consented_at"])).isoformat()
    assert answer["stored_in"] == {"file": str(login.file)}


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
def test_nothing_secret_is_printed(login, arguments):
    done = login(*arguments)
    values = stored(login)
    for secret in (values["client_secret"], values["refresh_token"], "NEVERLOGME"):
        assert secret not in done.out + done.err + str(login.shown)


def test_spotify_is_asked_for_every_scope_and_always_shows_its_page(login):
    login()
    asked = parse_qs(urlsplit(login.opened[0]).query)
    assert asked["scope"][0].split() == list(CONSENT_SCOPES)
    assert asked["show_dialog"] == ["true"]
    assert len(asked["state"][0]) >= 43
    assert asked["redirect_uri"][0].startswith("http://127.0.0.1:")


def test_the_file_is_private_even_where_an_open_one_was(login):
    login.file.write_text("{}")
    login.file.chmod(0o644)
    assert login().code == 0
    assert stat.S_IMODE(login.file.stat().st_mode) == 0o600
    assert list(login.folder.iterdir()) == [login.file]


def test_other_fields_of_a_file_are_kept(login):
    login.file.write_text(json.dumps({"note": "mine", "refresh_token": "NEVERLOGME-old"}))
    assert login().code == 0
    assert stored(login)["note"] == "mine"
    assert stored(login)["refresh_token"] != "NEVERLOGME-old"


@pytest.mark.parametrize("existing", [None, {"note": "mine", "refresh_token": "NEVERLOGME-old"}], ids=["new", "old"])
def test_a_secret_in_aws_is_made_or_renewed_with_its_other_fields(login, aws, existing):
    name = aws.make_secret(json.dumps(existing)) if existing else f"daltonify/{login.folder.name}"
    done = login("--secret", name)
    assert done.code == 0, done.err
    assert name in done.out
    values = json.loads(aws.secrets_manager.get_secret_value(SecretId=name)["SecretString"])
    assert values.get("note") == (existing or {}).get("note")
    assert values["client_id"] == "my-app"
    assert values["refresh_token"] != "NEVERLOGME-old"


# A terminal without a browser


def test_without_a_browser_the_printed_address_is_enough(login):
    command = [sys.executable, "-m", "infra.cli.main", "login", "--json", "--no-browser", "--port", "0"]
    command += ["--file", str(login.file), *login.services]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        before: list[str] = []
        for line in iter(process.stderr.readline, ""):
            before.append(line)
            if "/authorize?" in line:
                decide(line.strip())
                break
        # Not `communicate`: it misses what the line above came with, which is buffered already.
        err = "".join([*before, process.stderr.read()])
        out = process.stdout.read()
    assert process.returncode == 0, err
    assert json.loads(out)["account"] == "simulated-listener"
    assert "ssh -L" in err
    assert "NEVERLOGME" not in out + err


def test_without_a_screen_no_browser_is_started(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not can_open_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert can_open_browser()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("DISPLAY")
    assert can_open_browser()


def test_the_address_is_printed_in_one_piece_even_when_a_browser_opens(login):
    done = login()
    assert f"\n  {login.opened[-1]}\n" in done.err
    assert "redirect URIs" in done.err


# What goes wrong: a message that says what to do, and nothing stored


def refused(login: Login, words: str, *arguments: object, code: int = 2) -> Finished:
    done = login(*arguments)
    assert done.code == code, done.out + done.err
    assert words in done.err
    assert not login.file.exists()
    assert "NEVERLOGME" not in done.out + done.err
    return done


def test_a_consent_that_is_cancelled_stores_nothing(login):
    login.browser = lambda address: decide(address, "cancel")
    refused(login, "The consent was refused")
    assert "without a consent" in str(login.shown[0])


def test_errors_are_json_as_well(login):
    login.browser = lambda address: decide(address, "cancel")
    done = login("--json")
    assert done.code == 2
    assert json.loads(done.out)["code"] == "consent_needed"


@pytest.mark.parametrize("state", ["", "wrong", "é"])
def test_an_answer_to_another_question_is_not_taken(login, state):
    before = len(login.simulator.requests)
    login.browser = lambda address: come_back(address, code="NEVERLOGME-code", state=state)
    refused(login, "another question")
    assert len(login.simulator.requests) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "invalid_scope"}, "(invalid_scope)"),
        ({"error": "<b>NEVERLOGME</b>"}, "without a consent. Nothing"),
        ({}, "without a consent. Nothing"),
    ],
)
def test_a_return_without_a_code_says_why_if_spotify_does(login, answer, words):
    login.browser = lambda address: come_back(address, **answer)
    refused(login, words)


def test_a_code_that_spotify_does_not_know_is_no_consent(login):
    login.browser = lambda address: come_back(address, code="NEVERLOGME-code")
    refused(login, "does not accept the code")


def test_a_wrong_client_secret_is_said(login, monkeypatch):
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "NEVERLOGME-wrong")
    refused(login, "client id and secret")


def test_a_consent_to_less_than_was_asked_names_what_is_missing(login):
    login.browser = lambda address: decide(address, scope="playlist-modify-public playlist-read-private")
    refused(login, "playlist-modify-private, ugc-image-upload")


def test_nobody_answering_in_time_says_what_may_be_wrong(login):
    login.browser = lambda _: None
    refused(login, "Nobody consented within 1 seconds", "--timeout", 1)


def test_a_busy_port_is_said_plainly(login):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        refused(login, f"Port {port} of this machine cannot be used", "--port", port)
    assert login.opened == []


@pytest.mark.parametrize(
    ("kind", "path", "code", "words"),
    [
        ("server_error", "/api/token", 6, "try again"),
        ("drop_before", "/api/token", 6, "try again"),
        ("rate_limited", "/api/token", 6, "pause"),
        ("not_json_200", "/api/token", 6, "try again"),
        ("plain_text_403", "/v1/me", 2, "users"),
        ("premium_lapsed", "/v1/me", 2, "Premium"),
        ("expired_token", "/v1/me", 2, "access token"),
    ],
)
def test_trouble_at_spotify_stores_nothing_and_tells_later_from_never(login, kind, path, code, words):
    login.simulator.add_fault(Fault("*", path, kind))
    refused(login, words, code=code)


def test_an_app_has_to_be_named(login, monkeypatch):
    monkeypatch.delenv("SPOTIFY_CLIENT_ID")
    refused(login, "--client-id or SPOTIFY_CLIENT_ID")
    assert login("--client-id", "my-app").code == 0


def test_without_a_terminal_the_client_secret_has_to_be_set(login, monkeypatch):
    monkeypatch.delenv("SPOTIFY_CLIENT_SECRET")
    refused(login, "SPOTIFY_CLIENT_SECRET")
    assert login.opened == []


def test_at_a_terminal_the_client_secret_is_asked_for_unseen(login, monkeypatch):
    asked = []

    def prompt(text: str, **options: object) -> str:
        asked.append((text, options))
        return f" {CLIENT_SECRET} "

    monkeypatch.delenv("SPOTIFY_CLIENT_SECRET")
    monkeypatch.setattr("infra.cli.main._is_at_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    assert login().code == 0
    assert asked == [("Client secret", {"hide_input": True, "err": True})]


def test_at_a_terminal_the_app_is_asked_for_in_the_open_and_before_its_secret(login, monkeypatch):
    asked = []

    def prompt(text: str, **options: object) -> str:
        asked.append((text.partition(",")[0], options))
        return " my-app " if text.startswith("Client id") else CLIENT_SECRET

    monkeypatch.delenv("SPOTIFY_CLIENT_ID")
    monkeypatch.delenv("SPOTIFY_CLIENT_SECRET")
    monkeypatch.setattr("infra.cli.main._is_at_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", prompt)
    done = login()
    assert done.code == 0, done.err
    assert asked == [("Client id", {"err": True}), ("Client secret", {"hide_input": True, "err": True})]
    assert stored(login)["client_id"] == "my-app"


def test_a_consent_has_one_home(login):
    refused(login, "one place", "--secret", "a", "--file", login.file)


@pytest.mark.parametrize("content", ["NEVERLOGME: no json", "[]", '{"a": 1}'])
def test_a_file_that_holds_something_else_is_left_alone(login, content):
    login.file.write_text(content)
    done = login()
    assert done.code == 2
    assert "holds something else" in done.err
    assert "NEVERLOGME" not in done.err
    assert login.file.read_text() == content
    assert login.opened == []


def test_a_folder_that_does_not_exist_is_noticed_before_anybody_consents(login):
    done = login("--file", login.folder / "nowhere" / "spotify.json")
    assert done.code == 2
    assert "There is no folder" in done.err
    assert login.opened == []


def test_a_secret_that_cannot_be_read_is_noticed_before_anybody_consents(login, aws):
    name = aws.make_secret("NEVERLOGME no json")
    done = login("--secret", name)
    assert done.code == 2
    assert name in done.err
    assert login.opened == []


def test_aws_that_is_not_set_up_is_said_and_the_other_way_named(login, monkeypatch, tmp_path):
    for name in [*os.environ]:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    done = login("--secret", "daltonify/spotify")
    assert done.code == 2
    assert "--file" in done.err
    assert login.opened == []


@pytest.mark.parametrize(
    ("package", "module", "arguments"),
    [
        ("spotipy", "daltonify_core.adapters.spotify", ()),
        ("boto3", "daltonify_core.adapters.secrets_manager", ("--secret", "any")),
    ],
)
def test_a_package_that_is_not_installed_is_named(login, monkeypatch, package, module, arguments):
    monkeypatch.setitem(sys.modules, package, None)
    for imported in [name for name in sys.modules if f"{name}.".startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, imported)
    refused(login, f"The package {package} is missing", *arguments)


# The small server


def test_only_the_callback_is_answered_and_silent_connections_hold_nobody_up(login):
    def wander(address: str) -> str:
        redirect_uri = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        port = urlsplit(redirect_uri).port
        assert port is not None
        with closing(socket.create_connection(("127.0.0.1", port))):
            with pytest.raises(urllib.error.HTTPError) as caught:
                fetch(redirect_uri.replace("/callback", "/favicon.ico"))
            caught.value.close()
            assert caught.value.code == 404
            return decide(address)

    login.browser = wander
    assert login().code == 0
