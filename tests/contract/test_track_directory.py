"""What every track directory promises, the fakes and both of Spotify's services alike; then all that can go wrong.

The adapters speak with the simulator, and with a scripted server where answers are needed that the simulator never
gives.
"""

import gzip
import http.client
import http.server
import json
import socket
import ssl
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.adapters.spotify import CONSENT_SCOPES, OEmbedTracks, SpotifyTrackFinder, SpotifyTracks
from daltonify_core.adapters.spotify.identities import Artwork
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, RELEASE_DATE
from daltonify_core.errors import (
    ConsentNeeded,
    SecretUnavailable,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.ports.catalogue import TrackFinder
from daltonify_core.ports.look_ups import AlbumListing, IdentitySource, TrackDirectory, TrackIdentity
from infra.local.spotify_simulator import Exchange, Fault, SimulatedPlaylist, SimulatedTrack, SpotifySimulator
from infra.local.spotify_simulator.catalogue import album_id, artist_id
from tests.contract.throwaway_certificate import make_certificate
from tests.fakes.faults import Fault as OrderedFault
from tests.fakes.memory_secrets import MemorySecretStore
from tests.fakes.memory_track_directory import MemoryTrackDirectory, MemoryTrackFinder

SECRET = "daltonify/spotify"
CLIENT_SECRET = "NEVERLOGME-client-secret"
CREDENTIALS = {"client_id": "app", "client_secret": CLIENT_SECRET}
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLAIN = f"{'D' * 21}1"
BARE = f"{'D' * 21}2"
NO_TRACK = "N" * 22
NAMELESS = ["", "short", "../me", f"{'a' * 21}/", f"{'a' * 22}?x=1", f"spotify:track:{PLAIN}", "é" * 22]
TRACKS = {
    PLAIN: SimulatedTrack(
        "Häuser & <Höfe>",
        ("Die Probe", "Gast"),
        "Straßen",
        isrc="DEXX12400001",
        duration_ms=201_000,
        release_date="2021-06",
        explicit=True,
    ),
    BARE: SimulatedTrack("Gone Abroad", ("Nobody",), playable=False, release_date="1999"),
} | {f"G{number:021}": SimulatedTrack(f"Song {number}", ("Band",), genres=("Dream Pop",)) for number in range(25)}
DREAM_POP = [f"G{number:021}" for number in range(25)]


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
    """The simulator, what this test asked of it, and the adapters on it."""

    simulator: SpotifySimulator
    watch: Watch
    requests_before: int
    secrets: MemorySecretStore = field(default_factory=lambda: MemorySecretStore({SECRET: CREDENTIALS}))

    def __post_init__(self) -> None:
        self.tracks = self.new_tracks()
        self.oembed = self.new_oembed()
        self.finder = self.new(SpotifyTrackFinder)

    def new[Adapter](self, adapter: Callable[..., Adapter], read_seconds: float = 10) -> Adapter:
        return adapter(
            self.secrets,
            SECRET,
            self.simulator.api_url,
            self.simulator.accounts_url,
            "US",
            self.watch,
            read_seconds=read_seconds,
        )

    def new_tracks(self, read_seconds: float = 10) -> SpotifyTracks:
        return self.new(SpotifyTracks, read_seconds)

    def new_oembed(self, read_seconds: float = 10) -> OEmbedTracks:
        return OEmbedTracks(f"{self.simulator.accounts_url}/oembed", read_seconds=read_seconds)

    def fails(self, kind: str, path: str = "/v1/", **more: Any) -> None:
        self.simulator.add_fault(Fault("*", path, kind, **more))

    @property
    def requests(self) -> list[Exchange]:
        return self.simulator.requests[self.requests_before :]

    def asked(self) -> list[str]:
        """Requests so far in short: ``token``, ``oembed``, ``search`` or the kind of object."""
        return [one.path.removeprefix("/v1/").removeprefix("/api/").strip("/").split("/")[0] for one in self.requests]

    def consent(self) -> None:
        token = self.simulator.consent("app", tuple(CONSENT_SCOPES))
        self.secrets.secrets[SECRET] = {**CREDENTIALS, "refresh_token": token}


@pytest.fixture(scope="module")
def simulation() -> Iterator[tuple[SpotifySimulator, Watch]]:
    watch = Watch()
    with SpotifySimulator(TRACKS, clock=watch) as simulator:
        simulator.register_app("app", CLIENT_SECRET)
        yield simulator, watch


@pytest.fixture
def spotify(simulation: tuple[SpotifySimulator, Watch]) -> Iterator[Spotify]:
    simulator, watch = simulation
    watch.now = NOW
    yield Spotify(simulator, watch, len(simulator.requests))
    simulator.clear_faults()
    simulator.wait_until_idle()


def identity(track_id: str, source: IdentitySource) -> TrackIdentity:
    track = TRACKS[track_id]
    return TrackIdentity(track_id, track.title, track.artists, source, artwork_url="https://i.scdn.co/image/a")


@pytest.fixture(params=["memory", "memory as oembed", "spotify", "oembed"])
def directory(request: pytest.FixtureRequest) -> TrackDirectory:
    if request.param.startswith("memory"):
        source = IdentitySource.OEMBED if "oembed" in request.param else IdentitySource.SPOTIFY
        return MemoryTrackDirectory((identity(one, source) for one in TRACKS), source)
    spotify: Spotify = request.getfixturevalue("spotify")
    return spotify.tracks if request.param == "spotify" else spotify.oembed


# What every directory promises


@pytest.mark.parametrize("track_id", [PLAIN, BARE])
def test_a_track_is_known_by_its_title(directory, track_id):
    found = directory.track(track_id)
    assert (found.track_id, found.title) == (track_id, TRACKS[track_id].title)
    assert found.artwork_url


def test_artists_are_those_of_the_track_or_none_where_they_are_not_told(directory):
    found = directory.track(PLAIN)
    assert found.artists == (() if found.source is IdentitySource.OEMBED else ("Die Probe", "Gast"))


@pytest.mark.parametrize("track_id", [NO_TRACK, *NAMELESS])
def test_what_is_no_track_is_told_as_none(directory, track_id):
    assert directory.track(track_id) is None


# What is asked of Spotify, and what is taken from its answer


def test_everything_that_spotify_says_of_a_track_is_read(spotify):
    found = spotify.tracks.track(PLAIN)
    artwork = found.artwork_url
    assert artwork.startswith(spotify.simulator.accounts_url)
    assert found == TrackIdentity(
        track_id=PLAIN,
        title="Häuser & <Höfe>",
        artists=("Die Probe", "Gast"),
        source=IdentitySource.SPOTIFY,
        artist_ids=(artist_id("Die Probe"), artist_id("Gast")),
        album="Straßen",
        artwork_url=artwork,
        release_date="2021-06",
        duration_ms=201_000,
        explicit=True,
        isrc="DEXX12400001",
        popularity=None,
    )


def test_oembed_tells_title_and_artwork_only(spotify):
    found = spotify.oembed.track(PLAIN)
    assert found.artwork_url.startswith(spotify.simulator.accounts_url)
    assert found == TrackIdentity(
        PLAIN, "Häuser & <Höfe>", (), IdentitySource.OEMBED, artwork_url=found.artwork_url
    )  # fmt: skip


def test_spotify_is_asked_for_one_market_with_the_apps_own_token(spotify):
    spotify.tracks.track(PLAIN)
    token, track = spotify.requests
    assert token.request_body == b"grant_type=client_credentials"
    assert (track.method, track.path, track.query) == ("GET", f"/v1/tracks/{PLAIN}", {"market": "US"})


def test_oembed_is_asked_about_the_tracks_page_and_told_nothing_else(spotify):
    spotify.oembed.track(PLAIN)
    (asked,) = spotify.requests
    assert asked.query == {"url": f"https://open.spotify.com/track/{PLAIN}"}
    assert "Authorization" not in asked.request_headers


@pytest.mark.parametrize("track_id", NAMELESS)
def test_what_is_no_id_never_becomes_part_of_an_address(spotify, track_id):
    assert (spotify.tracks.track(track_id), spotify.oembed.track(track_id)) == (None, None)
    assert spotify.asked() == []


def test_what_is_sent_fits_spotifys_document(spotify, spotify_contract):
    spotify.consent()
    playlist = spotify.simulator.add_playlist(SimulatedPlaylist("Mine", uris=(f"spotify:track:{PLAIN}",)))
    spotify.tracks.track(PLAIN)
    spotify.tracks.track(NO_TRACK)
    spotify.finder.playlist_track_ids(playlist)
    spotify.finder.search_track_ids("dream pop", 15)
    assert spotify_contract.check_exchanges(spotify.requests) == 5


# Tokens and secrets


def test_one_access_token_serves_until_a_minute_before_its_end(spotify):
    spotify.tracks.track(PLAIN)
    spotify.watch.move(seconds=3539)
    spotify.tracks.track(NO_TRACK)
    assert spotify.asked() == ["token", "tracks", "tracks"]
    spotify.watch.move(seconds=1)
    spotify.tracks.track(PLAIN)
    assert spotify.asked()[3:] == ["token", "tracks"]


def test_a_token_that_is_refused_is_renewed_once(spotify):
    spotify.tracks.track(PLAIN)
    spotify.fails("expired_token")
    assert spotify.tracks.track(PLAIN).title == "Häuser & <Höfe>"
    assert spotify.asked()[2:] == ["tracks", "token", "tracks"]


def test_a_fresh_token_that_is_refused_too_is_a_refusal(spotify):
    spotify.fails("expired_token", times=None)
    with pytest.raises(UpstreamRefused) as caught:
        spotify.tracks.track(PLAIN)
    assert caught.value.status == 401
    assert spotify.asked() == ["token", "tracks", "token", "tracks"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (None, SECRET),
        ({"client_id": "app"}, "lacks client_secret"),
        ({"client_id": "", "client_secret": ""}, "lacks client_id and client_secret"),
    ],
    ids=["no secret", "no client secret", "neither"],
)
def test_without_credentials_spotify_is_not_asked(spotify, values, words):
    spotify.secrets.secrets = {} if values is None else {SECRET: values}
    with pytest.raises(SecretUnavailable, match=words):
        spotify.tracks.track(PLAIN)
    assert spotify.asked() == []


def test_credentials_that_are_stored_later_count_without_a_restart(spotify):
    spotify.secrets.secrets = {}
    with pytest.raises(SecretUnavailable):
        spotify.tracks.track(PLAIN)
    spotify.secrets.secrets = {SECRET: CREDENTIALS}
    assert spotify.tracks.track(PLAIN) is not None


@pytest.mark.parametrize("kind", ["revoked", None])
def test_credentials_that_spotify_does_not_accept_ask_for_a_person(spotify, kind):
    if kind:
        spotify.fails(kind, path="/api/token")
    else:
        spotify.secrets.secrets[SECRET]["client_secret"] = "NEVERLOGME-other"
    with pytest.raises(ConsentNeeded, match="client id and secret"):
        spotify.tracks.track(PLAIN)
    assert spotify.asked() == ["token"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("server_error", UpstreamUnavailable),
        ("drop_before", UpstreamUnavailable),
        ("empty_200", UpstreamUnavailable),
        ("not_json_200", UpstreamUnavailable),
        ("rate_limited", UpstreamRateLimited),
        ("plain_text_403", UpstreamRefused),
        ("premium_lapsed", UpstreamRefused),
    ],
)
def test_without_an_access_token_nothing_is_asked_for(spotify, kind, error):
    spotify.fails(kind, path="/api/token")
    with pytest.raises(error):
        spotify.tracks.track(PLAIN)
    assert spotify.asked() == ["token"]


# Faults of both services


@dataclass
class Asking:
    """One of the two adapters, and which of the simulator's faults it meets."""

    spotify: Spotify
    name: str

    @property
    def path(self) -> str:
        return "/oembed" if self.name == "oembed" else "/v1/tracks/"

    def track(self, read_seconds: float = 10) -> TrackIdentity | None:
        new = self.spotify.new_oembed if self.name == "oembed" else self.spotify.new_tracks
        return new(read_seconds).track(PLAIN)

    def fails(self, kind: str, **more: Any) -> None:
        self.spotify.fails(kind, self.path, **more)

    def times(self) -> int:
        return sum(one.path.startswith(self.path) for one in self.spotify.requests)


@pytest.fixture(params=["spotify", "oembed"])
def asking(request: pytest.FixtureRequest, spotify: Spotify) -> Asking:
    return Asking(spotify, request.param)


@pytest.mark.parametrize(
    ("kind", "header", "seconds"),
    [
        ("rate_limited", 7, 7),
        ("rate_limited", 0, 1),
        ("rate_limited", "", 30),
        ("rate_limited", "Sun, 22 Nov 2026 12:01:00 GMT", 30),
        ("rate_limited", "9" * 60, 86_400),
        ("plain_text_429", 3, 3),
    ],
)
def test_a_limit_is_reported_with_its_end_and_never_waited_out(asking, kind, header, seconds):
    asking.fails(kind, times=None, retry_after=header)
    with pytest.raises(UpstreamRateLimited) as caught:
        asking.track()
    assert (caught.value.retry_after_seconds, caught.value.quota) == (seconds, False)
    assert asking.times() == 1


@pytest.mark.parametrize(("header", "seconds"), [(48_925, 48_925), ("", 3600)])
def test_a_quota_is_told_from_a_rate(spotify, header, seconds):
    spotify.fails("quota", times=None, retry_after=header)
    with pytest.raises(UpstreamRateLimited) as caught:
        spotify.tracks.track(PLAIN)
    assert (caught.value.retry_after_seconds, caught.value.quota) == (seconds, True)


@pytest.mark.parametrize("kind", ["server_error", "drop_before", "drop_after", "empty_200", "not_json_200"])
def test_a_service_that_fails_is_unavailable(asking, kind):
    asking.fails(kind, times=None)
    with pytest.raises(UpstreamUnavailable):
        asking.track()


@pytest.mark.parametrize("kind", ["server_error", "drop_before"])
def test_only_the_web_api_is_asked_again_after_a_passing_fault(asking, kind):
    asking.fails(kind)
    if asking.name == "oembed":
        with pytest.raises(UpstreamUnavailable):
            asking.track()
        assert asking.times() == 1
    else:
        assert asking.track() is not None
        assert asking.times() == 2


@pytest.mark.parametrize(("kind", "words"), [("premium_lapsed", "Premium"), ("plain_text_403", "dashboard")])
def test_what_stops_the_whole_app_says_what_its_operator_can_do(spotify, kind, words):
    spotify.fails(kind)
    with pytest.raises(UpstreamRefused, match=words) as caught:
        spotify.tracks.track(PLAIN)
    assert caught.value.status == 403


def test_a_refusal_of_oembed_is_told_with_its_status(spotify):
    spotify.fails("plain_text_403", "/oembed")
    with pytest.raises(UpstreamRefused) as caught:
        spotify.oembed.track(PLAIN)
    assert caught.value.status == 403


@pytest.mark.parametrize("kind", ["slow", "slow_after"])
def test_an_answer_that_does_not_come_in_time_is_not_waited_for_again(asking, kind):
    asking.fails(kind, seconds=2.5)
    with pytest.raises(UpstreamUnavailable):
        asking.track(read_seconds=2)
    asking.spotify.simulator.wait_until_idle()
    assert asking.times() == 1


def test_an_answer_may_take_longer_than_finding_the_service(spotify):
    spotify.fails("slow", "/oembed", seconds=1.5)
    patient = OEmbedTracks(f"{spotify.simulator.accounts_url}/oembed", connect_seconds=1, read_seconds=30)
    assert patient.track(PLAIN) is not None


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listening_is_unavailable(spotify, scheme):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"{scheme}://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(UpstreamUnavailable):
        OEmbedTracks(f"{url}/oembed").track(PLAIN)
    with pytest.raises(UpstreamUnavailable):
        SpotifyTracks(spotify.secrets, SECRET, f"{url}/v1/", spotify.simulator.accounts_url, "US", spotify.watch).track(
            PLAIN
        )


def test_a_name_that_is_not_found_is_unavailable(monkeypatch):
    def fail(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(UpstreamUnavailable):
        OEmbedTracks("https://open.example/oembed").track(PLAIN)


# Answers that the simulator never gives

TRACK_PATH = f"/v1/tracks/{PLAIN}"


# Sent on one byte after the other, such an answer takes far longer than anybody waits for it.
DRIPPING = [
    'HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n{"name": "',
    "HTTP/1.1 200 OK\r\nX: ",
    "HTTP/1.1 503 No\r\nX: ",
    "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n",
]


def drip(start: str, let_go: threading.Event) -> Callable[[socket.socket], None]:
    """An answer that sets ``let_go`` when the other side is gone before all of it is sent."""

    def answer(connection: socket.socket) -> None:
        try:
            connection.sendall(start.encode())
            for _ in range(3000):
                connection.sendall(b"a")
                threading.Event().wait(0.01)
        except OSError:
            let_go.set()

    return answer


@dataclass
class Script:
    """A server that answers as told, by path; an answer may be work on the open connection."""

    answers: dict[str, tuple[int, Mapping[str, str], bytes] | Callable[[socket.socket], None]] = field(
        default_factory=dict
    )
    asked: list[str] = field(default_factory=list)
    encodings: list[str | None] = field(default_factory=list)
    url: str = ""

    def say(self, path: str, body: object, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, content)

    def tracks(self, api: str | None = None, connect_seconds: float = 2, read_seconds: float = 10) -> SpotifyTracks:
        secrets = MemorySecretStore({SECRET: CREDENTIALS})
        api = api or f"{self.url}/v1"
        return SpotifyTracks(secrets, SECRET, api, self.url, "US", Watch(), connect_seconds, read_seconds)

    def finder(self) -> SpotifyTrackFinder:
        secrets = MemorySecretStore({SECRET: {**CREDENTIALS, "refresh_token": "NEVERLOGME-refresh"}})
        return SpotifyTrackFinder(secrets, SECRET, f"{self.url}/v1", self.url, "US", Watch())

    def oembed(self, read_seconds: float = 10) -> OEmbedTracks:
        return OEmbedTracks(f"{self.url}/oembed", read_seconds=read_seconds)

    def track_read_from(self, answer: object, service: str = "spotify") -> TrackIdentity | None:
        """What an adapter makes of an answer."""
        self.say("/oembed" if service == "oembed" else TRACK_PATH, answer)
        return (self.oembed() if service == "oembed" else self.tracks()).track(PLAIN)


@pytest.fixture(scope="module")
def server() -> Iterator[Script]:
    script = Script()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # an answer in one piece; two pieces cost a delayed acknowledgement each

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path).path
            script.asked.append(self.path)
            script.encodings.append(self.headers.get("Accept-Encoding"))
            answer = script.answers.get(path, (404, {}, b""))
            if callable(answer):
                self.close_connection = True
                answer(self.connection)
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815 - the names that the base class calls

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    script.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield script
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def script(server: Script) -> Script:
    server.answers.clear()
    server.asked.clear()
    server.encodings.clear()
    server.say("/api/token", {"access_token": "NEVERLOGME-access-1", "expires_in": 3600})
    return server


ODD_BODIES = {
    "empty": b"",
    "page": b"<html>no</html>",
    "not utf-8": b"\xff\xfe\x00",
    "text": b'"error"',
    "list": b'["error"]',
    "error is text": {"error": "invalid"},
    "error is a list": {"error": [1]},
    "message is a list": {"error": {"message": [1], "status": 1}},
    "deep": b'{"error":' * 20_000,
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, UpstreamRefused),
        (400, None),
        (403, UpstreamRefused),
        (404, None),
        (408, UpstreamUnavailable),
        (413, UpstreamRefused),
        (429, UpstreamRateLimited),
        (500, UpstreamUnavailable),
        (503, UpstreamUnavailable),
    ],
)
def test_an_error_is_known_by_its_status_whatever_its_body(script, service, status, error, body):
    script.say("/oembed" if service == "oembed" else TRACK_PATH, body, status=status, Location="/elsewhere")
    directory = script.oembed() if service == "oembed" else script.tracks()
    if error is None:
        assert directory.track(PLAIN) is None
    else:
        with pytest.raises(error) as caught:
            directory.track(PLAIN)
        assert type(caught.value) is error
        assert getattr(caught.value, "status", status) == status
    assert "/elsewhere" not in script.asked


def test_a_token_service_that_is_not_there_says_nothing_about_a_track(script):
    del script.answers["/api/token"]
    with pytest.raises(UpstreamRefused):
        script.tracks().track(PLAIN)


@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>sign in</html>", b"\xff", b"[]", b'"title"', b"null", b"7", b"{}", b"[" * 60_000, b"1" * 5_000],
    ids=["empty", "page", "not utf-8", "list", "text", "null", "number", "nothing in it", "deep", "huge number"],
)
def test_a_success_that_is_not_spotifys_is_no_answer(script, service, body):
    with pytest.raises(UpstreamUnavailable):
        script.track_read_from(body, service)


@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize("title", [None, "", " \t\n", "\x00\x7f", "\ud800", 7, ["x"]])
def test_a_track_without_a_title_is_a_withdrawn_one(script, service, title):
    assert script.track_read_from({"name": title, "title": title, "artists": [{"name": "A"}]}, service) is None


@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("A\r\nB\x00C\x1b[31m\x85D", "A B C [31m D"),
        ("Cafe\u0301", "Café"),
        ("half a \ud83d pair", "half a pair"),
        ("whole \U0001f600 one", "whole \U0001f600 one"),
        ("  <b>&amp;</b>  ", "<b>&amp;</b>"),
        ("ab " * 1000, ("ab " * 1000)[:MAX_NAME_LENGTH].strip()),
    ],
)
def test_a_title_is_fit_to_be_shown_and_stored(script, service, sent, shown):
    assert script.track_read_from({"name": sent, "title": sent}, service).title == shown


def read(script: Script, **fields: object) -> TrackIdentity:
    found = script.track_read_from({"name": "Title", **fields})
    assert found is not None
    return found


def test_a_track_may_lack_everything_but_its_name(script):
    assert read(script) == TrackIdentity(PLAIN, "Title", (), IdentitySource.SPOTIFY)


ALBUM_PATH = f"/v1/albums/{BARE}"


def album_read(script: Script, **album: Any) -> AlbumListing:
    script.say(ALBUM_PATH, {"name": "Straßen", "tracks": {"items": [], "next": None}} | album)
    found = script.tracks().album(BARE)
    assert found is not None
    return found


def test_an_album_is_its_tracks_in_order_with_all_that_the_album_says_of_them(spotify):
    long = album_id(TRACKS[DREAM_POP[0]])
    found = spotify.tracks.album(album_id(TRACKS[PLAIN]))
    assert (found.title, found.total) == ("Straßen", 1)
    [track] = found.tracks
    assert track == replace(spotify.tracks.track(PLAIN), isrc=None)
    assert spotify.tracks.album(long).tracks[0].track_id == DREAM_POP[0]
    assert spotify.asked() == ["token", "albums", "tracks", "albums"]
    assert all(one.query.get("market") == "US" for one in spotify.requests[1:])


@pytest.mark.parametrize("wrong", [NO_TRACK, *NAMELESS])
def test_what_is_no_album_is_told_as_none(spotify, wrong):
    assert spotify.tracks.album(wrong) is None


def test_an_album_asked_for_fits_spotifys_document(spotify, spotify_contract):
    spotify.tracks.album(album_id(TRACKS[PLAIN]))
    spotify.tracks.album(NO_TRACK)
    assert spotify_contract.check_exchanges(spotify.requests) == 2


def test_rows_of_an_album_that_are_no_track_of_spotifys_are_left_out(script):
    rows = [None, 7, {"name": "A"}, {"name": "B", "id": "short"}, {"name": "", "id": BARE}, {"name": "C", "id": PLAIN}]
    found = album_read(script, tracks={"items": rows, "next": None}, release_date="2021-06", total_tracks=60)
    assert [(track.track_id, track.title, track.album, track.release_date) for track in found.tracks] == [
        (PLAIN, "C", "Straßen", "2021-06")
    ]
    assert found.total == 60


@pytest.mark.parametrize("total", [None, "9", -4, 10**30, True, [1]])
def test_how_many_tracks_an_album_has_is_at_least_what_it_lists(script, total):
    rows = [{"name": "C", "id": PLAIN}, {"name": "D", "id": BARE}]
    assert album_read(script, tracks={"items": rows, "next": None}, total_tracks=total).total == 2


@pytest.mark.parametrize("tracks", [None, [], "x", {"items": None}, {}])
def test_an_album_without_a_list_of_tracks_is_no_answer(script, tracks):
    with pytest.raises(UpstreamUnavailable):
        album_read(script, tracks=tracks)


def test_a_track_keeps_the_id_that_was_asked_for(script):
    other = {"id": BARE, "uri": f"spotify:track:{BARE}", "linked_from": {"id": PLAIN}}
    assert read(script, **other).track_id == PLAIN


ARTIST = "A" * 22


@pytest.mark.parametrize(
    ("artists", "names", "ids"),
    [
        ([{"name": "A", "id": ARTIST}, {"name": "B", "id": BARE}], ("A", "B"), (ARTIST, BARE)),
        ([{"name": "A", "id": ARTIST}, {"name": "B"}], ("A", "B"), ()),
        ([{"name": "A", "id": "x"}], ("A",), ()),
        ([{"name": "A", "id": None}], ("A",), ()),
        ([{"name": " ", "id": ARTIST}, {"name": "B\n", "id": BARE}], ("B",), (BARE,)),
        ([None, "A", {"id": ARTIST}, {"name": 7}], (), ()),
        (None, (), ()),
        ({"name": "A"}, (), ()),
        ("A", (), ()),
    ],
)
def test_artists_have_an_id_each_or_none_has(script, artists, names, ids):
    found = read(script, artists=artists)
    assert (found.artists, found.artist_ids) == (names, ids)


@pytest.mark.parametrize(
    ("date", "precision", "known"),
    [
        ("2021-06-18", "day", "2021-06-18"),
        ("2021-06-01", "month", "2021-06"),
        ("1981-01-01", "year", "1981"),
        ("1981", "year", "1981"),
        ("1981", "day", "1981"),
        ("2021-06", None, "2021-06"),
        ("2021-06", "decade", "2021-06"),
        ("0000", "year", None),
        ("2021-13", "month", None),
        ("soon", "day", None),
        ("", "day", None),
        (None, "day", None),
        (2021, "year", None),
        ("1981-01-01", ["year"], "1981-01-01"),
    ],
)
def test_a_release_date_is_as_precise_as_spotify_says(script, date, precision, known):
    album = {"release_date": date, "release_date_precision": precision}
    assert read(script, album=album).release_date == known


@pytest.mark.parametrize(
    ("name", "sent", "known"),
    [
        ("duration_ms", 180_000, 180_000),
        ("duration_ms", 0, None),
        ("duration_ms", MAX_DURATION_MS + 1, None),
        ("duration_ms", 1.5, None),
        ("duration_ms", True, None),
        ("duration_ms", "180000", None),
        ("popularity", 0, 0),
        ("popularity", 100, 100),
        ("popularity", 101, None),
        ("popularity", -1, None),
        ("popularity", None, None),
        ("explicit", False, False),
        ("explicit", 1, None),
    ],
)
def test_a_value_that_cannot_be_true_counts_as_absent(script, name, sent, known):
    found = getattr(read(script, **{name: sent}), name)
    assert (found, type(found)) == (known, type(known))


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ("DEXX12400001", "DEXX12400001"),
        ("de-xx1-24-00001", "DEXX12400001"),
        ("short", None),
        ("DEXX1240000१", None),
        (None, None),
        (7, None),
    ],
)
def test_an_isrc_has_the_form_of_one(script, sent, known):
    assert read(script, external_ids={"isrc": sent}).isrc == known


IMAGE = "https://i.scdn.co/image/ab67616d00001e02"


def images(**sizes: object) -> list[dict[str, object]]:
    return [{"url": f"https://i.scdn.co/image/{name}", "width": width} for name, width in sizes.items()]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (images(large=640, middle=300, small=64), "middle"),
        (images(large=640, small=64), "small"),
        (images(large=640), "large"),
        (images(unknown=None, large=640), "large"),
        (images(unknown=None, other=None), "unknown"),
        (images(odd="300", large=640), "large"),
        (images(zero=0, large=640), "large"),
        ([{"url": "https://evil.example/a", "width": 300}, *images(large=640)], "large"),
        ([None, "x", {}, *images(large=640)], "large"),
    ],
)
def test_the_image_nearest_to_what_a_page_shows_is_taken(script, sent, name):
    assert read(script, album={"images": sent}).artwork_url == f"https://i.scdn.co/image/{name}"


@pytest.mark.parametrize("sent", [None, [], {}, "x", [{"url": None}], [{"height": 300}]])
def test_without_images_there_is_no_artwork(script, sent):
    assert read(script, album={"images": sent}).artwork_url is None


@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize(
    "url",
    [IMAGE, "https://image-cdn-ak.spotifycdn.com/image/ab67", "https://a.b.spotifycdn.com/i?x=1&y=%20", None],
)
def test_artwork_of_spotifys_hosts_is_passed_on(script, service, url):
    url = url or f"{script.url}/_simulator/artwork/x.svg"
    answer = {"name": "T", "title": "T", "thumbnail_url": url, "album": {"images": [{"url": url, "width": 300}]}}
    assert script.track_read_from(answer, service).artwork_url == url


@pytest.mark.parametrize("service", ["spotify", "oembed"])
@pytest.mark.parametrize(
    "url",
    [
        "http://i.scdn.co/image/a",
        "//i.scdn.co/image/a",
        "https://i.scdn.co.evil.example/a",
        "https://evil.example/i.scdn.co/",
        "https://i.scdn.co@evil.example/",
        "https://user@i.scdn.co/a",
        "https://i.scdn.co:444/a",
        "https://spotifycdn.com/a",
        "https://evilspotifycdn.com/a",
        "https://ixscdn.co/a",
        "HTTPS://I.SCDN.CO/a",
        "https://i.scdn.co\\@evil.example/a",
        'https://i.scdn.co/a"onerror="x',
        "https://i.scdn.co/a b",
        "https://i.scdn.co/a\n",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "http://127.0.0.1:1/a",
        "http://localhost/a",
        f"https://i.scdn.co/{'a' * 2000}",
        7,
        None,
    ],
)
def test_artwork_from_anywhere_else_is_left_out(script, service, url):
    answer = {"name": "T", "title": "T", "thumbnail_url": url, "album": {"images": [{"url": url, "width": 300}]}}
    assert script.track_read_from(answer, service).artwork_url is None


def test_pictures_beside_the_service_count_only_where_it_is_a_simulator():
    picture = "//127.0.0.1:5000/_simulator/artwork/x.svg"
    assert Artwork("http://127.0.0.1:5000/v1/").checked(f"http:{picture}") == f"http:{picture}"
    for url in (f"http:{picture}", f"https:{picture}"):
        assert Artwork("https://127.0.0.1:5000/v1/").checked(url) is None


# What neither service may do to us


@pytest.mark.parametrize(
    "start",
    [
        f'HTTP/1.1 200 OK\r\nContent-Length: {64 << 20}\r\n\r\n{{"title":',
        'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"title":',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{"title":',
        f'HTTP/1.1 503 No\r\nContent-Length: {64 << 20}\r\n\r\n{{"title":',
    ],
    ids=["length", "no length", "chunk of -1", "error"],
)
@pytest.mark.parametrize("service", ["spotify", "oembed"])
def test_an_answer_beyond_all_measure_is_not_read_to_its_end(script, service, start):
    chunk, chunks = b" " * (1 << 20), 64
    sent: list[int] = []
    ended = threading.Event()

    def pour(connection: socket.socket) -> None:
        try:
            connection.sendall(start.encode())
            for _ in range(chunks):
                connection.sendall(chunk)
                sent.append(len(chunk))
        except OSError:
            return  # nobody reads any more
        finally:
            ended.set()

    script.answers["/oembed"] = script.answers[TRACK_PATH] = pour
    with pytest.raises(UpstreamUnavailable):
        (script.oembed() if service == "oembed" else script.tracks()).track(PLAIN)
    assert ended.wait(30)
    assert len(sent) < chunks


def test_both_services_are_asked_not_to_compress_since_nobody_knows_how_much_comes_out(script):
    script.tracks().track(PLAIN)
    script.oembed().track(PLAIN)
    assert script.encodings == ["identity"] * 3


@pytest.mark.parametrize("path", ["/api/token", TRACK_PATH])
def test_a_compressed_answer_is_not_unpacked(script, path):
    answer = {"access_token": "NEVERLOGME-access-1", "name": "T"}
    script.say(path, gzip.compress(json.dumps(answer).encode()), Content_Encoding="gzip")
    with pytest.raises(UpstreamUnavailable):
        script.tracks().track(PLAIN)


@pytest.mark.parametrize("start", DRIPPING, ids=[start.partition(":")[0] for start in DRIPPING])
@pytest.mark.parametrize("path", ["/api/token", TRACK_PATH])
def test_an_answer_of_spotify_that_never_ends_is_given_up_and_let_go(script, path, start):
    let_go = threading.Event()
    script.answers[path] = drip(start, let_go)
    with pytest.raises(UpstreamUnavailable):
        script.tracks(connect_seconds=0.5, read_seconds=0.5).track(PLAIN)
    assert let_go.wait(20)


def test_a_connection_that_was_kept_is_let_go_as_well(script):
    let_go = threading.Event()
    script.say(TRACK_PATH, {"name": "T"})
    tracks = script.tracks(connect_seconds=0.5, read_seconds=0.5)
    assert tracks.track(PLAIN) is not None
    script.answers[TRACK_PATH] = drip(DRIPPING[0], let_go)
    with pytest.raises(UpstreamUnavailable):
        tracks.track(PLAIN)
    assert let_go.wait(20)
    script.say(TRACK_PATH, {"name": "T"})
    assert tracks.track(PLAIN) is not None


@pytest.mark.parametrize("is_trusted", [False, True])
def test_over_tls_only_a_trusted_service_is_asked_and_it_is_let_go_as_well(tmp_path, monkeypatch, is_trusted):
    both, authority = make_certificate(tmp_path, "localhost")
    if is_trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    let_go = threading.Event()
    asked: list[bytes] = []

    def serve() -> None:
        accepted, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(accepted, server_side=True) as secured:
            asked.append(secured.recv(1 << 16))
            drip(DRIPPING[0], let_go)(secured)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        secrets = MemorySecretStore({SECRET: CREDENTIALS})
        with pytest.raises(UpstreamUnavailable):
            SpotifyTracks(secrets, SECRET, f"{url}/v1/", url, "US", Watch(), 1, 1).track(PLAIN)
    assert [one.partition(b" HTTP")[0] for one in asked] == ([b"POST /api/token"] if is_trusted else [])
    assert not is_trusted or let_go.wait(20)


def test_token_track_and_repeats_share_one_time(script):
    def slowly(status: str, body: str = "") -> Callable[[socket.socket], None]:
        def answer(connection: socket.socket) -> None:
            threading.Event().wait(0.8)
            with suppress(OSError):  # nobody waits any more
                connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

        return answer

    script.answers["/api/token"] = slowly("200 OK", '{"access_token": "NEVERLOGME-access-1"}')
    script.answers[TRACK_PATH] = slowly("503 No")
    others = set(threading.enumerate())
    with pytest.raises(UpstreamUnavailable):
        script.tracks(connect_seconds=0.5, read_seconds=1).track(PLAIN)
    for thread in set(threading.enumerate()) - others:
        thread.join(30)
    assert sum(path.startswith(TRACK_PATH) for path in script.asked) <= 1


def test_a_secret_that_takes_its_time_does_not_take_more(script):
    come = threading.Event()

    class SlowSecrets(MemorySecretStore):
        def read(self, name: str) -> Mapping[str, str]:
            assert come.wait(30)
            return super().read(name)

    slow = SlowSecrets({SECRET: CREDENTIALS})
    tracks = SpotifyTracks(slow, SECRET, f"{script.url}/v1", script.url, "US", Watch(), 0.1, 0.1)
    others = set(threading.enumerate())
    with pytest.raises(UpstreamUnavailable):
        tracks.track(PLAIN)
    started = set(threading.enumerate()) - others
    come.set()
    for thread in started:
        thread.join(30)
    assert script.asked == []


@pytest.mark.parametrize(
    "start",
    [
        "HTTP/1.1 200 OK\r\nX: ",
        'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"title": "',
        'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"title": "',
    ],
)
def test_an_answer_of_oembed_that_never_ends_is_given_up_and_let_go(script, start):
    let_go = threading.Event()
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            connection.sendall(start.encode())
            while not stop.wait(0.01):
                connection.sendall(b"a")
        except OSError:
            return  # nobody reads any more
        finally:
            let_go.set()

    script.answers["/oembed"] = drip
    with pytest.raises(UpstreamUnavailable):
        OEmbedTracks(f"{script.url}/oembed", connect_seconds=1, read_seconds=1).track(PLAIN)
    assert let_go.wait(30)
    assert not stop.is_set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"what?\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
@pytest.mark.parametrize("service", ["spotify", "oembed"])
def test_an_answer_that_is_no_http_is_unavailable(script, service, answer):
    script.answers["/oembed"] = script.answers[TRACK_PATH] = lambda connection: connection.sendall(answer)
    with pytest.raises(UpstreamUnavailable):
        (script.oembed() if service == "oembed" else script.tracks()).track(PLAIN)


def test_a_question_to_oembed_that_was_given_up_while_connecting_is_not_asked_any_more(script, monkeypatch):
    connect = http.client.HTTPConnection.connect
    given_up = threading.Event()

    def late(self: http.client.HTTPConnection) -> None:
        assert given_up.wait(30)
        connect(self)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", late)
    script.say("/oembed", {"title": "T"})
    others = set(threading.enumerate())
    with pytest.raises(UpstreamUnavailable):
        OEmbedTracks(f"{script.url}/oembed", connect_seconds=0.1, read_seconds=0.1).track(PLAIN)
    started = set(threading.enumerate()) - others
    given_up.set()
    for thread in started:
        thread.join(30)
    assert script.asked == []


# Any answer at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
IMAGES = st.lists(
    st.fixed_dictionaries({}, optional={"url": st.sampled_from([IMAGE, "http://x/"]) | JSON, "width": JSON}), max_size=3
)
NAMES = st.text(max_size=40) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Mn", "Zl"]), max_size=8)
TRACK_OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES | JSON,
        "artists": st.lists(
            st.fixed_dictionaries({}, optional={"name": NAMES | JSON, "id": st.just(ARTIST) | JSON}) | JSON, max_size=3
        )
        | JSON,
        "album": st.fixed_dictionaries(
            {},
            optional={
                "name": NAMES | JSON,
                "images": IMAGES | JSON,
                "release_date": st.sampled_from(["1999", "2024-05", "2024-05-06"]) | JSON,
                "release_date_precision": st.sampled_from(["year", "month", "day"]) | JSON,
            },
        )
        | JSON,
        "duration_ms": JSON,
        "explicit": JSON,
        "external_ids": st.fixed_dictionaries({}, optional={"isrc": JSON}) | JSON,
        "popularity": JSON,
    },
)
OEMBED_OBJECTS = st.fixed_dictionaries(
    {}, optional={"title": NAMES | JSON, "thumbnail_url": st.just(IMAGE) | JSON, "html": JSON}
)


def assert_sound(found: TrackIdentity | None) -> None:
    """Whatever was sent: this can be shown, stored and sent back as a seed."""
    if found is None:
        return
    for name in (found.title, *found.artists, found.album or "x"):
        assert name.strip() == name != ""
        assert len(name) <= MAX_NAME_LENGTH
        assert name.encode().decode() == unicodedata.normalize("NFC", name)
        assert not any(unicodedata.category(one) == "Cc" for one in name)
    assert found.artist_ids == () or len(found.artist_ids) == len(found.artists)
    assert found.artwork_url in (None, IMAGE)
    assert found.release_date is None or RELEASE_DATE.fullmatch(found.release_date)
    assert found.duration_ms is None or 0 < found.duration_ms <= MAX_DURATION_MS
    assert found.popularity is None or 0 <= found.popularity <= 100
    assert found.explicit in (None, True, False)


@settings(max_examples=150)
@given(TRACK_OBJECTS | JSON)
def test_any_json_of_the_web_api_gives_a_sound_identity_or_the_ports_errors(server, answer):
    server.say("/api/token", {"access_token": "NEVERLOGME-access-1", "expires_in": 3600})
    try:
        assert_sound(server.track_read_from(answer))
    except UpstreamUnavailable:
        assert not isinstance(answer, dict) or "name" not in answer


@settings(max_examples=150)
@given(OEMBED_OBJECTS | JSON)
def test_any_json_of_oembed_gives_a_sound_identity_or_the_ports_errors(server, answer):
    try:
        assert_sound(server.track_read_from(answer, "oembed"))
    except UpstreamUnavailable:
        assert not isinstance(answer, dict) or "title" not in answer


@settings(max_examples=100)
@given(st.binary(max_size=60), st.integers(200, 599), st.sampled_from(["spotify", "oembed"]))
def test_any_bytes_under_any_status_give_an_identity_or_the_ports_errors(server, body, status, service):
    server.say("/api/token", {"access_token": "NEVERLOGME-access-1", "expires_in": 3600})
    # An answer of these kinds has no body, so one would stand in the way of what comes next.
    status = 200 if status in (204, 304) else status
    server.say("/oembed" if service == "oembed" else TRACK_PATH, body, status=status)
    directory = server.oembed() if service == "oembed" else server.tracks()
    try:
        assert_sound(directory.track(PLAIN))
    except (UpstreamUnavailable, UpstreamRateLimited, UpstreamRefused, ConsentNeeded):
        assert status not in (400, 404)


# Finding tracks


@pytest.fixture(params=["memory", "spotify"])
def finder(request: pytest.FixtureRequest) -> tuple[TrackFinder, str]:
    """A finder, and a playlist with a repeated track."""
    listed = [PLAIN, BARE, PLAIN]
    if request.param == "memory":
        return MemoryTrackFinder({"P" * 22: listed}, {"dream pop": DREAM_POP}), "P" * 22
    spotify: Spotify = request.getfixturevalue("spotify")
    spotify.consent()
    playlist = SimulatedPlaylist("Mine", uris=tuple(f"spotify:track:{one}" for one in listed))
    return spotify.finder, spotify.simulator.add_playlist(playlist)


def test_a_playlists_tracks_are_told_once_each_in_its_order(finder):
    found, playlist = finder
    assert found.playlist_track_ids(playlist) == [PLAIN, BARE]


def test_a_playlist_that_does_not_exist_is_unknown(finder):
    with pytest.raises(UnknownPlaylist):
        finder[0].playlist_track_ids(NO_TRACK)


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (10, 10), (15, 15), (25, 25), (1000, 25)])
def test_a_search_gives_as_many_tracks_of_the_genre_as_wanted(finder, limit, count):
    assert finder[0].search_track_ids("dream pop", limit) == DREAM_POP[:count]


def test_a_genre_without_tracks_gives_none(finder):
    assert finder[0].search_track_ids("polka", 10) == []


@pytest.mark.parametrize(("limit", "pages"), [(0, 0), (10, 1), (11, 2), (500, 3)])
def test_a_search_asks_for_no_more_pages_than_needed(spotify, limit, pages):
    spotify.finder.search_track_ids("dream pop", limit)
    asked = [one.query for one in spotify.requests if one.path == "/v1/search"]
    assert [one["offset"] for one in asked] == [str(10 * page) for page in range(pages)]
    assert all(one["limit"] == "10" and one["q"] == 'genre:"dream pop"' for one in asked)
    assert all((one["type"], one["market"]) == ("track", "US") for one in asked)


def test_a_search_needs_no_consent_and_reading_a_playlist_does(spotify):
    assert spotify.finder.search_track_ids("dream pop", 5) == DREAM_POP[:5]
    with pytest.raises(ConsentNeeded):
        spotify.finder.playlist_track_ids(NO_TRACK)


@pytest.mark.parametrize("genre", ['drum " bass', 'x" artist:"y', ' "" '])
def test_a_genre_cannot_leave_its_quotes(spotify, genre):
    spotify.finder.search_track_ids(genre, 1)
    (asked,) = [one for one in spotify.requests if one.path == "/v1/search"]
    assert asked.query["q"].count('"') == 2
    assert asked.query["q"].endswith('"')


def test_a_search_goes_no_further_than_spotify_lets_anybody_page(script):
    offsets: list[int] = []

    def page(connection: socket.socket) -> None:
        offsets.append(int(dict(parse_qsl(urlsplit(script.asked[-1]).query))["offset"]))
        rows = [{"id": f"{offsets[-1] + number:022}"} for number in range(10)]
        body = json.dumps({"tracks": {"items": rows, "next": "more"}})
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    script.answers["/v1/search"] = page
    assert len(script.finder().search_track_ids("pop", 5000)) == 1010
    assert offsets[-1] == 1000


def test_rows_that_are_no_track_are_left_out_of_what_was_found(script):
    rows = [None, {}, {"id": "x"}, {"id": 7}, {"id": BARE, "linked_from": {"id": PLAIN}}, {"id": BARE}, {"id": BARE}]
    script.say("/v1/search", {"tracks": {"items": rows, "next": None}})
    assert script.finder().search_track_ids("pop", 10) == [PLAIN, BARE]


@pytest.mark.parametrize(
    "uri", [None, "spotify:episode:" + "E" * 22, "spotify:local:a:b:c:1", "spotify:track:x", 7, BARE + "x"]
)
def test_rows_that_are_no_track_are_left_out_of_a_playlist(script, uri):
    grant = {"access_token": "NEVERLOGME-access-1", "scope": " ".join(CONSENT_SCOPES)}
    script.say("/api/token", grant)
    rows = [{"item": {"uri": uri}}, {"item": {"uri": f"spotify:track:{PLAIN}"}}]
    script.say(f"/v1/playlists/{'P' * 22}/items", {"items": rows, "next": None})
    assert script.finder().playlist_track_ids("P" * 22) == [PLAIN]


@pytest.mark.parametrize("body", [b"", b"<html></html>", {}, {"tracks": None}, {"tracks": {"items": {}}}, []])
def test_a_search_that_is_not_spotifys_is_no_answer(script, body):
    script.say("/v1/search", body)
    with pytest.raises(UpstreamUnavailable):
        script.finder().search_track_ids("pop", 10)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limited", UpstreamRateLimited),
        ("quota", UpstreamRateLimited),
        ("premium_lapsed", UpstreamRefused),
        ("server_error", UpstreamUnavailable),
        ("not_json_200", UpstreamUnavailable),
    ],
)
def test_a_search_that_fails_half_way_says_so(spotify, kind, error):
    spotify.fails(kind, "/v1/search", after=1, times=None)
    with pytest.raises(error):
        spotify.finder.search_track_ids("dream pop", 25)


# The fakes


def test_the_fakes_fail_on_order_and_remember_what_was_asked():
    directory = MemoryTrackDirectory([identity(PLAIN, IdentitySource.SPOTIFY)])
    directory.faults.add(OrderedFault(UpstreamUnavailable("down")))
    with pytest.raises(UpstreamError):
        directory.track(PLAIN)
    assert directory.track(PLAIN) is not None
    assert directory.asked == [PLAIN, PLAIN]


# Nothing secret gets out


def test_what_spotify_says_is_not_repeated(script):
    script.say(TRACK_PATH, {"error": {"message": "token NEVERLOGME-access-1 is bad"}}, status=403)
    with pytest.raises(UpstreamRefused) as caught:
        script.tracks().track(PLAIN)
    assert "NEVERLOGME" not in str(caught.value)
    assert "NEVERLOGME" not in str(caught.value.__cause__)
