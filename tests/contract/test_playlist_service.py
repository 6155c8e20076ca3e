"""What every playlist service promises, the fake and Spotify's adapter alike; then all that Spotify does on a bad day.

The adapter speaks with the simulator, and with a scripted server where answers are needed that the simulator never
gives.
"""

import gzip
import http.server
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from daltonify_core.adapters.spotify import CONSENT_SCOPES, PUBLISHING_SCOPES, SpotifyPlaylistService, consent_ends
from daltonify_core.errors import (
    ConsentNeeded,
    SecretUnavailable,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.ports.publishing import ListedItem, PlaylistService, PlaylistText
from infra.local.spotify_simulator import Exchange, Fault, SimulatedPlaylist, SimulatedTrack, SpotifySimulator
from tests.contract.throwaway_certificate import make_certificate
from tests.fakes.memory_playlists import MemoryPlaylistService
from tests.fakes.memory_secrets import MemorySecretStore

SECRET = "daltonify/spotify"
CLIENT_SECRET = "NEVERLOGME-client-secret"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URIS = [f"spotify:track:{number:022}" for number in range(1, 161)]
UNPLAYABLE = f"spotify:track:{'U' * 22}"
UNKNOWN = f"spotify:track:{'X' * 22}"
NO_PLAYLIST = "N" * 22
TEXT = PlaylistText("Night drive", "By a machine. Ref dl-4f2a", True)


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Spotify:
    """One account at the simulator that consented, and the adapter on both; other tests have other accounts."""

    simulator: SpotifySimulator
    account: str
    watch: Watch
    requests_before: int
    secrets: MemorySecretStore = field(default_factory=MemorySecretStore)

    def __post_init__(self) -> None:
        self.consent()
        self.service = self.new_service()

    def new_service(self, api_url: str | None = None, read_seconds: float = 10) -> SpotifyPlaylistService:
        return SpotifyPlaylistService(
            self.secrets,
            SECRET,
            api_url or self.simulator.api_url,
            self.simulator.accounts_url,
            "US",
            False,
            self.watch,
            read_seconds=read_seconds,
        )

    def fails(self, kind: str, method: str = "*", path: str = "/v1/", **more: Any) -> None:
        self.simulator.add_fault(Fault(method, path, kind, **more))

    @property
    def requests(self) -> list[Exchange]:
        """What this test asked so far."""
        return self.simulator.requests[self.requests_before :]

    def asked(self) -> list[str]:
        """Requests so far in short, those for a token as ``token``."""
        return [
            "token" if exchange.path == "/api/token" else f"{exchange.method} {exchange.path}"
            for exchange in self.requests
        ]

    def playlists(self) -> dict[str, SimulatedPlaylist]:
        return {name: one for name, one in self.simulator.playlists.items() if one.owner == self.account}

    def add_others(self, count: int) -> None:
        for number in range(count):
            self.simulator.add_playlist(SimulatedPlaylist(f"Other {number}", "nothing", owner=self.account))

    def consent(self, *scopes: str) -> None:
        token = self.simulator.consent("app", scopes or tuple(CONSENT_SCOPES), self.account)
        self.secrets.write(SECRET, secret(token))


def secret(refresh_token: str = "NEVERLOGME-refresh-1", **more: str) -> dict[str, str]:
    return {"client_id": "app", "client_secret": CLIENT_SECRET, "refresh_token": refresh_token, **more}


@pytest.fixture(scope="module")
def simulation() -> Iterator[tuple[SpotifySimulator, Watch]]:
    """One server for all tests, because stopping one takes half a second."""
    watch = Watch()
    tracks = {uri.rpartition(":")[2]: SimulatedTrack(f"Song {uri[-3:]}", ("Somebody",)) for uri in URIS}
    tracks[UNPLAYABLE.rpartition(":")[2]] = SimulatedTrack("Gone", ("Somebody",), playable=False)
    with SpotifySimulator(tracks, clock=watch) as simulator:
        simulator.register_app("app", CLIENT_SECRET)
        yield simulator, watch


@pytest.fixture
def spotify(simulation: tuple[SpotifySimulator, Watch], request: pytest.FixtureRequest) -> Iterator[Spotify]:
    simulator, watch = simulation
    watch.now = NOW
    yield Spotify(simulator, request.node.name, watch, len(simulator.requests))
    simulator.clear_faults()
    simulator.wait_until_idle()


@pytest.fixture(params=["memory", "spotify"])
def service(request: pytest.FixtureRequest) -> PlaylistService:
    if request.param == "spotify":
        adapter: SpotifyPlaylistService = request.getfixturevalue("spotify").service
        return adapter
    memory = MemoryPlaylistService(is_real=False)
    memory.unknown.add(UNKNOWN)
    memory.unplayable.add(UNPLAYABLE)
    return memory


def uris_in(service: PlaylistService, playlist_id: str) -> list[str | None]:
    return [item.uri for item in service.read_items(playlist_id)]


# What every service promises


def test_a_new_playlist_is_empty_and_has_an_id_of_its_own(service):
    first, second = service.create_playlist(TEXT), service.create_playlist(TEXT)
    assert first != second
    assert service.read_items(first) == []


@pytest.mark.parametrize("public", [True, False])
def test_a_playlist_can_be_public_or_private(service, public):
    playlist_id = service.create_playlist(PlaylistText("Title", "ref-1", public))
    service.replace_items(playlist_id, URIS[:1])
    service.change_details(playlist_id, PlaylistText("Title", "ref-1", not public))
    assert uris_in(service, playlist_id) == URIS[:1]


def test_tracks_are_read_back_in_the_order_in_which_they_were_put(service):
    playlist_id = service.create_playlist(TEXT)
    uris = [URIS[2], URIS[0], URIS[2], URIS[1]]
    service.replace_items(playlist_id, uris)
    assert service.read_items(playlist_id) == [ListedItem(uri, True) for uri in uris]


def test_replacing_leaves_nothing_of_what_was_there(service):
    playlist_id = service.create_playlist(TEXT)
    service.replace_items(playlist_id, URIS[:3])
    service.replace_items(playlist_id, URIS[3:5])
    assert uris_in(service, playlist_id) == URIS[3:5]
    service.replace_items(playlist_id, [])
    assert uris_in(service, playlist_id) == []


def test_more_than_one_call_holds_is_appended_at_the_end(service):
    playlist_id = service.create_playlist(TEXT)
    service.replace_items(playlist_id, URIS[:100])
    service.append_items(playlist_id, URIS[100:])
    service.append_items(playlist_id, [])
    assert uris_in(service, playlist_id) == URIS


def test_a_track_that_cannot_be_played_is_taken_and_read_back_as_such(service):
    playlist_id = service.create_playlist(TEXT)
    service.replace_items(playlist_id, [URIS[0], UNPLAYABLE])
    assert service.read_items(playlist_id) == [ListedItem(URIS[0], True), ListedItem(UNPLAYABLE, False)]


@pytest.mark.parametrize("write", ["replace_items", "append_items"])
@pytest.mark.parametrize("uris", [[URIS[5], UNKNOWN, URIS[6]], URIS[:101]])
def test_an_unknown_track_or_too_many_refuse_the_whole_write(service, write, uris):
    playlist_id = service.create_playlist(TEXT)
    service.replace_items(playlist_id, URIS[:2])
    with pytest.raises(UpstreamRefused) as caught:
        getattr(service, write)(playlist_id, uris)
    assert caught.value.status == 400
    assert uris_in(service, playlist_id) == URIS[:2]


@pytest.mark.parametrize(
    "call",
    [
        lambda service: service.change_details(NO_PLAYLIST, TEXT),
        lambda service: service.replace_items(NO_PLAYLIST, URIS[:1]),
        lambda service: service.append_items(NO_PLAYLIST, URIS[:1]),
        lambda service: service.read_items(NO_PLAYLIST),
    ],
    ids=["change", "replace", "append", "read"],
)
def test_a_playlist_that_does_not_exist_is_unknown(service, call):
    with pytest.raises(UnknownPlaylist):
        call(service)


def test_a_playlist_is_found_by_what_its_description_holds(service):
    service.create_playlist(PlaylistText("One", "Something else", True))
    wanted = service.create_playlist(TEXT)
    service.create_playlist(PlaylistText("dl-4f2a", "", True))
    found = service.find_playlists("dl-4f2a")
    assert (found.ids, found.is_complete) == ((wanted,), True)


def test_playlists_with_the_same_reference_come_newest_first(service):
    first, second = service.create_playlist(TEXT), service.create_playlist(TEXT)
    assert service.find_playlists("dl-4f2a").ids == (second, first)


def test_none_is_found_only_when_the_whole_list_was_read(service):
    service.create_playlist(TEXT)
    found = service.find_playlists("dl-other")
    assert (found.ids, found.is_complete) == ((), True)


def test_characters_that_spotify_escapes_do_not_hide_a_playlist(service):
    wanted = service.create_playlist(PlaylistText("R&B", "Rock 'n' \"Roll\" & <Soul>/Funk", True))
    assert service.find_playlists("'n' \"Roll\" & <Soul>/Funk").ids == (wanted,)


def test_changed_details_take_the_place_of_the_old(service):
    playlist_id = service.create_playlist(TEXT)
    service.change_details(playlist_id, PlaylistText("New", "ref-new", True))
    assert service.find_playlists("ref-new").ids == (playlist_id,)
    assert service.find_playlists("dl-4f2a").ids == ()


def test_it_says_whether_listeners_meet_what_is_published(service):
    assert service.is_real is False


# What is sent to Spotify


def test_spotify_gets_title_description_and_publicity_as_given(spotify):
    playlist_id = spotify.service.create_playlist(PlaylistText("Früh & spät", "Ref dl-1", False))
    made = spotify.playlists()[playlist_id]
    assert (made.name, made.description, made.public) == ("Früh & spät", "Ref dl-1", False)


def test_the_documented_forms_are_sent(spotify):
    playlist_id = spotify.service.create_playlist(TEXT)
    spotify.service.replace_items(playlist_id, URIS[:2])
    spotify.service.append_items(playlist_id, URIS[2:3])
    spotify.service.read_items(playlist_id)
    sent = [(one.method, one.path, one.json) for one in spotify.requests if one.path != "/api/token"]
    items = f"/v1/playlists/{playlist_id}/items"
    details = {"name": TEXT.title, "description": TEXT.description, "public": True}
    assert sent == [
        ("POST", "/v1/me/playlists", details),
        ("PUT", items, {"uris": URIS[:2]}),
        ("POST", items, {"uris": URIS[2:3]}),
        ("GET", items, None),
    ]
    assert spotify.requests[-1].query == {
        "limit": "50",
        "offset": "0",
        "market": "US",
        "additional_types": "track",
    }


def test_everything_that_is_sent_fits_spotifys_document(spotify, spotify_contract):
    for public in (True, False):
        playlist_id = spotify.service.create_playlist(PlaylistText("Title", "Ref", public))
        spotify.service.replace_items(playlist_id, URIS[:100])
        spotify.service.append_items(playlist_id, URIS[100:])
        spotify.service.change_details(playlist_id, TEXT)
        spotify.service.read_items(playlist_id)
        spotify.service.find_playlists("dl-4f2a")
    assert spotify_contract.check_exchanges(spotify.requests) == 18


@pytest.mark.parametrize("playlist_id", ["", "../me", "a/b", f"{'a' * 22}?x=1", "spotify:playlist:" + "a" * 22])
def test_what_is_no_id_never_becomes_part_of_an_address(spotify, playlist_id):
    with pytest.raises(UnknownPlaylist):
        spotify.service.read_items(playlist_id)
    assert spotify.asked() == []


def test_another_accounts_playlist_is_not_ours(spotify):
    foreign = spotify.simulator.add_playlist(SimulatedPlaylist("Theirs", owner="somebody-else"))
    with pytest.raises(UnknownPlaylist):
        spotify.service.replace_items(foreign, URIS[:1])
    assert spotify.simulator.playlists[foreign].uris == ()


# Tokens


def test_one_access_token_serves_until_a_minute_before_its_end(spotify):
    spotify.service.create_playlist(TEXT)
    spotify.watch.move(seconds=3539)
    spotify.service.create_playlist(TEXT)
    assert spotify.asked().count("token") == 1
    spotify.watch.move(seconds=1)
    spotify.service.create_playlist(TEXT)
    assert spotify.asked().count("token") == 2


def test_a_token_that_is_refused_is_renewed_once_and_the_request_repeated(spotify):
    spotify.service.create_playlist(TEXT)
    spotify.fails("expired_token")
    spotify.service.create_playlist(TEXT)
    assert spotify.asked() == [
        "token",
        "POST /v1/me/playlists",
        "POST /v1/me/playlists",
        "token",
        "POST /v1/me/playlists",
    ]
    assert len(spotify.playlists()) == 2


def test_a_fresh_token_that_is_refused_too_asks_for_a_person(spotify):
    spotify.fails("expired_token", times=None)
    with pytest.raises(ConsentNeeded, match="daltonify login"):
        spotify.service.create_playlist(TEXT)
    assert spotify.asked().count("POST /v1/me/playlists") == 2


def test_a_dead_consent_asks_for_a_person_and_a_new_one_counts_without_a_restart(spotify):
    spotify.simulator.revoke(spotify.secrets.read(SECRET)["refresh_token"])
    with pytest.raises(ConsentNeeded, match="daltonify login"):
        spotify.service.create_playlist(TEXT)
    assert spotify.asked() == ["token"]
    spotify.consent()
    spotify.service.create_playlist(TEXT)


def test_a_consent_dies_after_six_months_however_often_it_was_used(spotify):
    spotify.service.create_playlist(TEXT)
    spotify.watch.now = consent_ends(NOW)
    with pytest.raises(ConsentNeeded):
        spotify.service.create_playlist(TEXT)


def test_a_consent_that_was_renewed_this_moment_is_used_at_once(spotify):
    old = spotify.secrets.read(SECRET)
    spotify.simulator.revoke(old["refresh_token"])
    spotify.consent()
    renewed = spotify.secrets.read(SECRET)
    answers = [old, renewed]
    spotify.secrets.read = lambda _: answers.pop(0)
    spotify.service.create_playlist(TEXT)
    assert spotify.asked() == ["token", "token", "POST /v1/me/playlists"]


@pytest.mark.parametrize("missing", PUBLISHING_SCOPES)
def test_a_consent_that_is_too_narrow_names_what_is_missing(spotify, missing):
    spotify.consent(*(scope for scope in CONSENT_SCOPES if scope != missing))
    with pytest.raises(ConsentNeeded, match=missing):
        spotify.service.create_playlist(TEXT)
    assert spotify.asked() == ["token"]


def test_a_wrong_client_secret_asks_for_a_person(spotify):
    spotify.secrets.write(SECRET, {**spotify.secrets.read(SECRET), "client_secret": "NEVERLOGME-other"})
    with pytest.raises(ConsentNeeded, match="client id and secret"):
        spotify.service.replace_items(NO_PLAYLIST, URIS[:1])


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (None, SecretUnavailable, SECRET),
        ({"client_id": "app", "refresh_token": "NEVERLOGME"}, SecretUnavailable, "lacks client_secret"),
        ({"client_id": "", "refresh_token": "NEVERLOGME"}, SecretUnavailable, "lacks client_id and client_secret"),
        ({"client_id": "app", "client_secret": CLIENT_SECRET}, ConsentNeeded, "daltonify login"),
    ],
    ids=["no secret", "no client secret", "neither", "no consent"],
)
def test_an_incomplete_secret_is_told_by_what_it_lacks(spotify, values, error, words):
    spotify.secrets.secrets = {} if values is None else {SECRET: values}
    with pytest.raises(error, match=words):
        spotify.service.create_playlist(TEXT)
    assert spotify.asked() == []


# Rate limits and quota


@pytest.mark.parametrize("method", ["create_playlist", "find_playlists"])
@pytest.mark.parametrize(
    ("kind", "header", "seconds", "quota"),
    [
        ("rate_limited", 7, 7, False),
        ("rate_limited", "7.2", 7, False),
        ("rate_limited", 0, 1, False),
        ("rate_limited", "", 30, False),
        ("rate_limited", "soon", 30, False),
        ("rate_limited", "-5", 30, False),
        ("rate_limited", "9" * 60, 86_400, False),
        ("rate_limited", "nan", 30, False),
        ("rate_limited", "Sun, 22 Nov 2026 12:01:00 GMT", 30, False),
        ("plain_text_429", 3, 3, False),
        ("quota", 48_925, 48_925, True),
        ("quota", "", 3600, True),
    ],
)
def test_a_limit_is_reported_with_its_end_and_never_waited_out(spotify, method, kind, header, seconds, quota):
    spotify.fails(kind, times=None, retry_after=header)
    with pytest.raises(UpstreamRateLimited) as caught:
        getattr(spotify.service, method)(TEXT if method == "create_playlist" else "dl-1")
    assert (caught.value.retry_after_seconds, caught.value.quota) == (seconds, quota)
    assert len(spotify.asked()) == 2


def test_a_limit_on_tokens_is_one_as_well(spotify):
    spotify.fails("rate_limited", path="/api/token", retry_after=9)
    with pytest.raises(UpstreamRateLimited) as caught:
        spotify.service.create_playlist(TEXT)
    assert caught.value.retry_after_seconds == 9
    assert spotify.asked() == ["token"]


# Faults while writing

WRITES: dict[str, tuple[str, str, Callable[[PlaylistService, str], object]]] = {
    "create": ("POST", "/v1/me/playlists$", lambda service, _: service.create_playlist(TEXT)),
    "change": ("PUT", "/v1/playlists/[^/]+$", lambda service, name: service.change_details(name, TEXT)),
    "replace": ("PUT", "/items$", lambda service, name: service.replace_items(name, URIS[:2])),
    "append": ("POST", "/items$", lambda service, name: service.append_items(name, URIS[:2])),
}


@pytest.fixture(params=WRITES)
def write(request, spotify) -> Callable[..., UpstreamError]:
    """Make one write meet a fault; its error, after checking that it was sent once only."""
    playlist_id = spotify.service.create_playlist(TEXT)
    method, path, call = WRITES[request.param]

    def meet(kind: str, **more: Any) -> UpstreamError:
        spotify.fails(kind, method, path, **more)
        before = len(spotify.asked())
        with pytest.raises(UpstreamError) as caught:
            call(spotify.service, playlist_id)
        spotify.simulator.wait_until_idle()
        assert len(spotify.asked()) == before + 1
        return caught.value

    return meet


@pytest.mark.parametrize("kind", ["server_error", "server_error_after", "drop_before", "drop_after"])
def test_a_write_whose_answer_is_lost_is_uncertain_and_never_repeated(write, kind):
    assert type(write(kind)) is UpstreamUncertain


@pytest.mark.parametrize(("kind", "words"), [("premium_lapsed", "Premium"), ("plain_text_403", "dashboard")])
def test_what_stops_the_whole_app_says_what_its_operator_can_do(write, kind, words):
    refused = write(kind)
    assert isinstance(refused, UpstreamRefused)
    assert refused.status == 403
    assert words in refused.message


@pytest.mark.parametrize("write_name", ["create", "replace", "append"])
@pytest.mark.parametrize("kind", ["empty_200", "not_json_200"])
def test_a_success_that_is_not_spotifys_is_uncertain(spotify, write_name, kind):
    playlist_id = spotify.service.create_playlist(TEXT)
    method, path, call = WRITES[write_name]
    spotify.fails(kind, method, path)
    with pytest.raises(UpstreamUncertain):
        call(spotify.service, playlist_id)


@pytest.mark.parametrize("kind", ["slow", "slow_after"])
def test_a_write_that_is_not_answered_in_time_is_uncertain(spotify, kind):
    hasty = spotify.new_service(read_seconds=2)
    spotify.fails(kind, "POST", seconds=2.5)
    with pytest.raises(UpstreamUncertain):
        hasty.create_playlist(TEXT)
    spotify.simulator.wait_until_idle()
    # The reason why it is uncertain: it was done.
    assert len(spotify.playlists()) == 1


def test_a_write_that_found_nobody_listening_was_certainly_not_done(spotify):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    spotify.service.create_playlist(TEXT)
    for url in (f"http://127.0.0.1:{port}/v1/", f"https://127.0.0.1:{port}/v1/"):
        with pytest.raises(UpstreamUnavailable, match="Nothing was changed"):
            spotify.new_service(url).create_playlist(TEXT)


def test_a_write_to_a_name_that_is_not_found_was_certainly_not_done(spotify, monkeypatch):
    spotify.service.find_playlists("x")
    look_up = socket.getaddrinfo

    def fail(host: str, *more: Any, **most: Any) -> Any:
        if host == "127.0.0.1":
            return look_up(host, *more, **most)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(UpstreamUnavailable):
        spotify.new_service("http://api.example/v1/").create_playlist(TEXT)


def test_a_write_that_could_not_connect_in_time_was_certainly_not_done(spotify, monkeypatch):
    connect = socket.socket.connect

    def hang(self: socket.socket, address: Any) -> None:
        if address[1] == 9:
            raise TimeoutError("timed out")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", hang)
    with pytest.raises(UpstreamUnavailable):
        spotify.new_service("http://127.0.0.1:9/v1/").create_playlist(TEXT)


def test_a_write_that_stopped_at_a_proxy_was_certainly_not_done(spotify, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(UpstreamUnavailable):
        spotify.new_service("http://api.example/v1/").create_playlist(TEXT)


def test_a_write_to_a_host_that_cannot_prove_who_it_is_was_certainly_not_done(spotify, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path, "localhost")[0])

    def shake_hands() -> None:
        accepted, _ = listener.accept()
        with accepted, suppress(OSError):
            context.wrap_socket(accepted, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=shake_hands)
        thread.start()
        with pytest.raises(UpstreamUnavailable):
            spotify.new_service(f"https://127.0.0.1:{listener.getsockname()[1]}/v1/").create_playlist(TEXT)
        thread.join(30)


# Faults while reading


@pytest.mark.parametrize("kind", ["server_error", "drop_before", "drop_after"])
def test_reading_is_tried_twice_and_no_more(spotify, kind):
    wanted = spotify.service.create_playlist(TEXT)
    spotify.fails(kind, "GET")
    assert spotify.service.find_playlists("dl-4f2a").ids == (wanted,)
    spotify.fails(kind, "GET", times=None)
    before = len(spotify.asked())
    with pytest.raises(UpstreamUnavailable):
        spotify.service.read_items(wanted)
    assert len(spotify.asked()) == before + 2


def test_a_read_that_is_not_answered_in_time_is_not_waited_for_again(spotify):
    hasty = spotify.new_service(read_seconds=2)
    spotify.fails("slow", "GET", seconds=2.5)
    with pytest.raises(UpstreamUnavailable):
        hasty.find_playlists("x")
    spotify.simulator.wait_until_idle()
    assert spotify.asked() == ["token", "GET /v1/me/playlists"]


@pytest.mark.parametrize("kind", ["empty_200", "not_json_200"])
def test_a_list_that_is_no_list_cannot_be_read(spotify, kind):
    spotify.fails(kind, "GET", times=None)
    with pytest.raises(UpstreamUnavailable):
        spotify.service.find_playlists("x")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("server_error", UpstreamUnavailable),
        ("drop_before", UpstreamUnavailable),
        ("empty_200", UpstreamUnavailable),
        ("not_json_200", UpstreamUnavailable),
        ("plain_text_403", UpstreamRefused),
        ("revoked", ConsentNeeded),
    ],
)
def test_without_an_access_token_nothing_is_asked_for(spotify, kind, error):
    spotify.fails(kind, path="/api/token")
    with pytest.raises(error):
        spotify.service.create_playlist(TEXT)
    assert set(spotify.asked()) == {"token"}


# Long lists


def test_an_old_playlist_is_found_behind_many(spotify):
    wanted = spotify.service.create_playlist(TEXT)
    spotify.add_others(120)
    found = spotify.service.find_playlists("dl-4f2a")
    assert (found.ids, found.is_complete) == ((wanted,), True)
    assert spotify.asked().count("GET /v1/me/playlists") == 3


def test_the_list_is_read_no_further_than_one_page_after_a_playlist(spotify):
    spotify.add_others(120)
    wanted = spotify.service.create_playlist(TEXT)
    found = spotify.service.find_playlists("dl-4f2a")
    assert (found.ids, found.is_complete) == ((wanted,), False)
    assert spotify.asked().count("GET /v1/me/playlists") == 2


def test_twins_on_both_sides_of_a_page_are_found(spotify):
    spotify.add_others(60)
    first, second = spotify.service.create_playlist(TEXT), spotify.service.create_playlist(TEXT)
    spotify.add_others(49)
    assert spotify.service.find_playlists("dl-4f2a").ids == (second, first)


def test_an_entry_that_moved_to_the_next_page_meanwhile_counts_once(script, scripted):
    row = {"id": "a", "description": "dl-1"}
    script.say("/v1/me/playlists", {"items": [row], "next": "more"}, {"items": [row], "next": None})
    found = scripted.find_playlists("dl-1")
    assert (found.ids, found.is_complete) == (("a",), True)


def test_a_list_without_end_is_given_up_and_said_to_be_incomplete(spotify):
    spotify.add_others(2_001)
    found = spotify.service.find_playlists("dl-4f2a")
    assert (found.ids, found.is_complete) == ((), False)
    assert spotify.asked().count("GET /v1/me/playlists") == 40


# Answers that the simulator never gives


@dataclass
class Asked:
    """One request to the scripted server."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    scheme: str
    connection: int


@dataclass
class Script:
    """A server that answers as told: by path, the last answer of a list again and again."""

    answers: dict[str, list[tuple[int, Mapping[str, str], bytes]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    def say(self, path: str, *bodies: object, status: int = 200, **headers: str) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = [
            (status, fields, body if isinstance(body, bytes) else json.dumps(body).encode()) for body in bodies
        ]

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    script.say("/api/token", {"access_token": "NEVERLOGME-access-1", "expires_in": 3600})

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # an answer in one piece; two pieces cost a delayed acknowledgement each

        def setup(self) -> None:
            super().setup()
            script.connections += 1
            self.number = script.connections

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            address = urlsplit(self.path)
            is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            script.asked.append(
                Asked(
                    self.command,
                    address.path,
                    dict(parse_qsl(address.query)),
                    dict(parse_qsl(body)) if is_form else {},
                    self.headers.get("Authorization", "").partition(" ")[0],
                    self.number,
                )
            )
            answers = script.answers.get(address.path, [(404, {}, b"")])
            status, headers, content = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that the base class calls

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore({SECRET: secret(scopes=" ".join(CONSENT_SCOPES))})


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def scripted(script: Script, secrets: MemorySecretStore, watch: Watch) -> SpotifyPlaylistService:
    return SpotifyPlaylistService(secrets, SECRET, f"{script.url}/v1", f"{script.url}/", "DE", True, watch)


PLAYLIST = "P" * 22
ITEMS = f"/v1/playlists/{PLAYLIST}/items"
ODD_BODIES = {
    "empty": b"",
    "page": b"<html>no</html>",
    "not utf-8": b"\xff\xfe\x00",
    "text": b'"error"',
    "list": b'["error"]',
    "error is text": {"error": "invalid"},
    "error is null": {"error": None},
    "error is a list": {"error": [1]},
    "message is null": {"error": {"message": None, "status": 1}},
    "deep": b'{"error":' * 200 + b"1" + b"}" * 200,
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamRefused),
        (403, UpstreamRefused),
        (404, UnknownPlaylist),
        (408, UpstreamUncertain),
        (413, UpstreamRefused),
        (429, UpstreamRateLimited),
        (500, UpstreamUncertain),
        (503, UpstreamUncertain),
    ],
)
def test_an_error_is_known_by_its_status_whatever_its_body(script, scripted, status, error, body):
    script.say(ITEMS, body, status=status)
    with pytest.raises(error) as caught:
        scripted.replace_items(PLAYLIST, URIS[:1])
    assert type(caught.value) is error
    assert getattr(caught.value, "status", status) == status
    assert script.paths() == ["/api/token", ITEMS]


def test_what_spotify_says_is_not_repeated(script, scripted):
    script.say(ITEMS, {"error": {"message": "token NEVERLOGME-access-1 is bad"}}, status=400)
    with pytest.raises(UpstreamRefused) as caught:
        scripted.replace_items(PLAYLIST, URIS[:1])
    assert "NEVERLOGME" not in str(caught.value)
    assert "NEVERLOGME" not in str(caught.value.__cause__)


@pytest.mark.parametrize("words", ["Insufficient client scope", "Insufficient scope"])
def test_a_scope_that_only_spotify_misses_asks_for_a_person(script, scripted, words):
    script.say(ITEMS, {"error": {"status": 403, "message": words}}, status=403)
    with pytest.raises(ConsentNeeded, match="playlist-modify-private"):
        scripted.replace_items(PLAYLIST, URIS[:1])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(script, scripted, status):
    script.say("/v1/me/playlists", b"", status=status, Location=f"{script.url}/elsewhere")
    with pytest.raises(UpstreamRefused):
        scripted.create_playlist(TEXT)
    assert "/elsewhere" not in script.paths()


@pytest.mark.parametrize("status", [300, 304, 399])
def test_what_is_neither_success_nor_error_is_no_success(script, scripted, status):
    script.say(f"/v1/playlists/{PLAYLIST}", b"", status=status)
    with pytest.raises(UpstreamRefused):
        scripted.change_details(PLAYLIST, TEXT)


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": "short"}, [], "x", {"uri": "spotify:playlist:x"}])
def test_a_playlist_that_was_made_without_a_name_for_it_is_uncertain(script, scripted, body):
    script.say("/v1/me/playlists", body, status=201)
    with pytest.raises(UpstreamUncertain):
        scripted.create_playlist(TEXT)


SOUND = json.dumps({"id": PLAYLIST, "items": [], "next": None}).encode()
UNREAD = pytest.mark.parametrize(
    ("body", "headers"),
    [(SOUND + b" " * 2_000_000, {}), (gzip.compress(SOUND), {"Content_Encoding": "gzip"})],
    ids=["too large", "compressed"],
)


@UNREAD
def test_a_write_whose_answer_is_not_read_is_uncertain_and_a_read_unavailable(script, scripted, body, headers):
    script.say("/v1/me/playlists", body, status=201, **headers)
    with pytest.raises(UpstreamUncertain):
        scripted.create_playlist(TEXT)
    script.say(ITEMS, body, **headers)
    with pytest.raises(UpstreamUnavailable):
        scripted.read_items(PLAYLIST)
    assert script.paths() == ["/api/token", "/v1/me/playlists", ITEMS]


@UNREAD
def test_an_error_is_known_by_its_status_even_if_its_body_is_not_read(script, scripted, body, headers):
    script.say(ITEMS, body, status=429, Retry_After="7", **headers)
    with pytest.raises(UpstreamRateLimited) as caught:
        scripted.replace_items(PLAYLIST, URIS[:1])
    assert caught.value.retry_after_seconds == 7


def test_changed_details_need_no_body_in_the_answer(script, scripted):
    script.say(f"/v1/playlists/{PLAYLIST}", b"")
    scripted.change_details(PLAYLIST, TEXT)


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ({"item": {"uri": "spotify:track:a", "is_playable": True}}, ListedItem("spotify:track:a", True)),
        ({"item": {"uri": "spotify:track:a", "is_playable": False}}, ListedItem("spotify:track:a", False)),
        ({"item": {"uri": "spotify:track:a"}}, ListedItem("spotify:track:a", None)),
        ({"track": {"uri": "spotify:track:a", "is_playable": True}}, ListedItem("spotify:track:a", True)),
        ({"item": None, "track": {"uri": "spotify:track:a"}}, ListedItem("spotify:track:a", None)),
        (
            {"item": {"uri": "spotify:track:b", "linked_from": {"uri": "spotify:track:a"}, "is_playable": True}},
            ListedItem("spotify:track:a", True),
        ),
        (
            {"item": {"uri": "spotify:track:a", "restrictions": {"reason": "market"}}},
            ListedItem("spotify:track:a", False),
        ),
        ({"item": None}, ListedItem(None, None)),
        ({}, ListedItem(None, None)),
        (None, ListedItem(None, None)),
        ({"item": "x"}, ListedItem(None, None)),
        ({"item": {"uri": 1, "is_playable": "yes"}}, ListedItem(None, None)),
    ],
)
def test_a_row_is_read_from_whatever_fields_it_has(script, scripted, row, item):
    script.say(ITEMS, {"items": [row], "next": None})
    assert scripted.read_items(PLAYLIST) == [item]


@pytest.mark.parametrize(
    ("pages", "requests"),
    [
        ([{"items": [{}], "next": "https://evil.example/x"}, {"items": [{}], "next": None}], 2),
        ([{"items": [{}]}, {"items": [{}]}, {"items": []}], 3),
    ],
    ids=["with next", "without"],
)
def test_pages_are_read_to_the_end_from_one_host(script, scripted, pages, requests):
    script.say(ITEMS, *pages)
    rows = scripted.read_items(PLAYLIST)
    assert len(rows) == sum(len(page["items"]) for page in pages)
    asked = [one for one in script.asked if one.path == ITEMS]
    assert [one.query["offset"] for one in asked] == [str(50 * number) for number in range(requests)]


def test_rows_without_end_are_given_up(script, scripted):
    script.say(ITEMS, {"items": [{}], "next": "more"})
    with pytest.raises(UpstreamUnavailable, match="does not end"):
        scripted.read_items(PLAYLIST)


@pytest.mark.parametrize("page", [[], {}, {"items": None}, {"items": {}}, "text"])
def test_a_page_without_rows_cannot_be_read(script, scripted, page):
    script.say(ITEMS, page)
    with pytest.raises(UpstreamUnavailable):
        scripted.read_items(PLAYLIST)


def test_rows_of_the_account_may_lack_anything(script, scripted):
    rows = [
        None,
        {},
        {"id": "a"},
        {"id": "b", "description": None},
        {"description": "dl-1"},
        {"id": "c", "description": "dl-1"},
    ]
    script.say("/v1/me/playlists", {"items": rows, "next": None})
    assert scripted.find_playlists("dl-1").ids == ("c",)


def test_a_description_is_compared_as_it_was_before_spotify_escaped_it(script, scripted):
    row = {"id": "a", "description": "Rock &#x27;n&#x27; Roll &amp; Soul&#x2F;Funk"}
    script.say("/v1/me/playlists", {"items": [row], "next": None})
    assert scripted.find_playlists("'n' Roll & Soul/Funk").ids == ("a",)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "NEVERLOGME a\nb"},
        {"access_token": "NEVERLOGME-é"},
        b"NEVERLOGME",
    ],
)
def test_an_answer_without_a_usable_token_is_no_token(script, scripted, answer):
    script.say("/api/token", answer)
    with pytest.raises(UpstreamUnavailable) as caught:
        scripted.create_playlist(TEXT)
    assert caught.value.__cause__ is None
    assert set(script.paths()) == {"/api/token"}


@pytest.mark.parametrize("seconds", [None, "3600", 0, -1, 10**9])
def test_a_token_of_unclear_age_is_kept_for_an_hour(script, scripted, watch, seconds):
    script.say("/api/token", {"access_token": "NEVERLOGME-a", "expires_in": seconds})
    script.say("/v1/me/playlists", {"items": [], "next": None})
    scripted.find_playlists("x")
    watch.move(seconds=3539)
    scripted.find_playlists("x")
    assert script.paths().count("/api/token") == 1
    watch.move(seconds=1)
    scripted.find_playlists("x")
    assert script.paths().count("/api/token") == 2


def test_where_spotify_does_not_name_the_scopes_the_stored_ones_count(script, scripted, secrets):
    secrets.secrets[SECRET]["scopes"] = "playlist-modify-public"
    with pytest.raises(ConsentNeeded, match="playlist-modify-private, playlist-read-private"):
        scripted.create_playlist(TEXT)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_request"}, ConsentNeeded),
        (400, {"error": {"message": "x"}}, ConsentNeeded),
        (400, b"", ConsentNeeded),
        (401, {"error": "invalid_client"}, ConsentNeeded),
        (404, b"", UpstreamRefused),
        (500, {"error": "invalid_grant"}, UpstreamUnavailable),
    ],
)
def test_trouble_with_tokens_is_never_taken_for_a_bad_track(script, scripted, status, body, error):
    script.say("/api/token", body, status=status)
    with pytest.raises(error) as caught:
        scripted.replace_items(PLAYLIST, URIS[:1])
    assert getattr(caught.value, "status", None) != 400


def new_token(name: str) -> dict[str, object]:
    return {"access_token": "NEVERLOGME-access", "expires_in": 3600, "refresh_token": f"NEVERLOGME-refresh-{name}"}


def test_a_new_refresh_token_is_stored_beside_everything_else(script, scripted, secrets):
    script.say("/api/token", new_token("2"))
    script.say("/v1/me/playlists", {"items": [], "next": None})
    before = dict(secrets.secrets[SECRET])
    scripted.find_playlists("x")
    assert secrets.secrets[SECRET] == {**before, "refresh_token": "NEVERLOGME-refresh-2"}


def test_a_new_refresh_token_that_cannot_be_stored_stops_everything_until_it_is(script, scripted, secrets):
    script.say("/api/token", new_token("2"), new_token("3"))
    script.say("/v1/me/playlists", {"items": [], "next": None})
    secrets.refuses_writes = True
    for _ in range(2):
        with pytest.raises(SecretUnavailable):
            scripted.find_playlists("x")
    # The token is not lost, not asked for again, and nothing was done on its strength.
    assert script.paths() == ["/api/token"]
    secrets.refuses_writes = False
    scripted.find_playlists("x")
    assert [one.form["refresh_token"] for one in script.asked if one.path == "/api/token"] == [
        "NEVERLOGME-refresh-1",
        "NEVERLOGME-refresh-2",
    ]
    assert secrets.secrets[SECRET]["refresh_token"] == "NEVERLOGME-refresh-3"


def test_a_new_refresh_token_never_overwrites_a_later_consent(script, scripted, secrets):
    script.say("/api/token", new_token("2"))
    script.say("/v1/me/playlists", {"items": [], "next": None})
    secrets.refuses_writes = True
    with pytest.raises(SecretUnavailable):
        scripted.find_playlists("x")
    secrets.refuses_writes = False
    secrets.secrets[SECRET]["refresh_token"] = "NEVERLOGME-refresh-by-login"
    script.say("/api/token", {"access_token": "NEVERLOGME-access"})
    scripted.find_playlists("x")
    assert secrets.secrets[SECRET]["refresh_token"] == "NEVERLOGME-refresh-by-login"


def test_a_password_file_does_not_replace_the_token(script, scripted, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password NEVERLOGME-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    script.say("/v1/me/playlists", {"items": [], "next": None})
    scripted.find_playlists("x")
    assert [one.scheme for one in script.asked] == ["Basic", "Bearer"]


def test_a_connection_is_kept_for_the_next_call_but_not_over_a_pause(script, scripted, watch):
    script.say("/v1/me/playlists", {"items": [], "next": None})
    scripted.find_playlists("x")
    scripted.find_playlists("x")
    assert script.connections == 1
    watch.move(seconds=31)
    scripted.find_playlists("x")
    assert script.connections == 2


# Nothing secret gets out


def test_no_token_reaches_a_log_even_where_everything_is_logged(spotify, script, scripted, caplog, monkeypatch):
    names = ["spotipy", "spotipy.client", "spotipy.oauth2", "urllib3", "urllib3.connectionpool", "requests"]
    for name in names:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        for name in names:
            assert logging.getLogger(name).isEnabledFor(logging.DEBUG)
        playlist_id = spotify.service.create_playlist(TEXT)
        spotify.service.replace_items(playlist_id, URIS[:1])
        spotify.fails("server_error", "GET")
        spotify.service.read_items(playlist_id)
        script.say(ITEMS, {"error": {"message": "NEVERLOGME-access-1"}}, status=400)
        with pytest.raises(UpstreamRefused):
            scripted.replace_items(PLAYLIST, URIS[:1])
    assert "NEVERLOGME" not in caplog.text
    assert "Bearer" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("spotipy", "urllib3"))]


def test_nothing_is_written_beside_the_secret_store(spotify, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    spotify.service.create_playlist(TEXT)
    assert list(tmp_path.iterdir()) == []


# How long a consent lasts


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2027, 5, 22, 12, tzinfo=UTC)),
        (datetime(2026, 8, 31, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)),
        (datetime(2027, 8, 30, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_consent_ends_six_months_later_on_the_same_day_or_the_months_last(given, ends):
    assert consent_ends(given) == ends


def test_the_consent_that_login_asks_for_covers_publishing():
    assert set(PUBLISHING_SCOPES) <= set(CONSENT_SCOPES)
    assert all(CONSENT_SCOPES.values())


def test_only_one_module_needs_spotipy():
    source = Path(__file__).parents[2]
    users = [
        path.name
        for folder in ("daltonify_core", "functions", "infra")
        for path in (source / folder).rglob("*.py")
        if "import spotipy" in path.read_text(encoding="utf-8")
    ]
    assert users == ["web_api.py"]
