"""Following short links against a real TLS server on this machine that plays Spotify's two hosts, and worse ones."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daltonify_core.adapters.short_links import HttpsLinkExpander, NoLinkExpander
from daltonify_core.errors import InvalidLink, UpstreamUnavailable
from tests.contract.throwaway_certificate import make_certificate

TRACK = "https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"
ALBUM = "https://open.spotify.com/album/2ODvWsOgouMbaA5xf0RkJe"
SHORT = "https://spotify.link/Ugbch9PvPBb"
HOSTS = ("spotify.link", "open.spotify.com")

type Answer = bytes | Callable[[ssl.SSLSocket], None]


def to(location: str, status: str = "307 Temporary Redirect") -> bytes:
    return f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")


def plain(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nbody".encode()


class TlsHosts:
    """Answers ``host/path`` as told, over TLS with a certificate for Spotify's two hosts; 404 for the rest."""

    def __init__(self, certificate: Path, authority: Path) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.agents: list[str] = []
        self._authority = authority
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def connect(
        self, host: str, timeout_seconds: float, trust: ssl.SSLContext | None = None
    ) -> http.client.HTTPSConnection:
        """A connection that believes it speaks with ``host`` at port 443."""
        trust = trust or ssl.create_default_context(cafile=str(self._authority))
        connection = http.client.HTTPSConnection(host, timeout=timeout_seconds, context=trust)
        address = self._listener.getsockname()
        connection._create_connection = lambda *_: socket.create_connection(address, timeout_seconds)  # type: ignore[attr-defined]
        return connection

    def expander(self, total_seconds: float = 20) -> HttpsLinkExpander:
        return HttpsLinkExpander(total_seconds, self.connect)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        try:
            with self._context.wrap_socket(accepted, server_side=True) as secured:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = secured.recv(4096)
                    if not received:
                        return
                    head += received
                first, *lines = head.decode("latin-1").split("\r\n")
                fields = dict(line.split(": ", 1) for line in lines if line)
                where = fields["Host"] + first.split(" ")[1]
                self.asked.append(where)
                self.agents.append(fields["User-Agent"])
                answer = self.answers.get(where, plain("404 Not Found"))
                if callable(answer):
                    answer(secured)
                else:
                    secured.sendall(answer)
        except OSError:
            return  # the client is gone, or never trusted us


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), *HOSTS)


@pytest.fixture
def hosts(certificate: tuple[Path, Path]) -> Iterator[TlsHosts]:
    server = TlsHosts(*certificate)
    yield server
    server.close()


def refusal(hosts: TlsHosts, link: str = SHORT) -> str:
    with pytest.raises(InvalidLink) as caught:
        hosts.expander().expand(link)
    return caught.value.message


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        (SHORT, "spotify.link/Ugbch9PvPBb"),
        ("https://Spotify.Link/Ugbch9PvPBb/?_p=a%20b", "spotify.link/Ugbch9PvPBb/?_p=a%20b"),
        ("https://open.spotify.com/s/2czejYu", "open.spotify.com/s/2czejYu"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_short_link_becomes_the_full_link_without_what_tracks_people(hosts, link, asked, status):
    hosts.answers[asked] = to(f"{TRACK}?si=abc&_branch_match_id=1", status)
    assert hosts.expander().expand(link) == TRACK
    assert hosts.asked == [asked]


@pytest.mark.parametrize(
    ("location", "full"),
    [
        (ALBUM, ALBUM),
        (TRACK.replace("/track", "/intl-de/track"), TRACK),
        ("HTTPS://Open.Spotify.Com/track/4HJ7mSMtHAdU55lLjGE4zW#0:30", TRACK),
    ],
)
def test_every_form_of_a_full_link_ends_the_chain_and_is_not_asked_for(hosts, location, full):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(location)
    assert hosts.expander().expand(SHORT) == full
    assert len(hosts.asked) == 1


def test_a_place_without_a_host_is_on_the_same_host(hosts):
    hosts.answers["open.spotify.com/s/a"] = to("/track/4HJ7mSMtHAdU55lLjGE4zW")
    assert hosts.expander().expand("https://open.spotify.com/s/a") == TRACK


def test_it_does_not_pretend_to_be_a_browser(hosts):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(TRACK)
    hosts.expander().expand(SHORT)
    assert "Mozilla" not in hosts.agents[0]


def test_three_hops_are_followed_over_both_hosts(hosts):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to("https://open.spotify.com/s/b")
    hosts.answers["open.spotify.com/s/b"] = to("https://spotify.link/c")
    hosts.answers["spotify.link/c"] = to(TRACK)
    assert hosts.expander().expand(SHORT) == TRACK
    assert hosts.asked == ["spotify.link/Ugbch9PvPBb", "open.spotify.com/s/b", "spotify.link/c"]


def test_a_fourth_hop_is_not_taken(hosts):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to("https://spotify.link/b")
    hosts.answers["spotify.link/b"] = to("https://spotify.link/c")
    hosts.answers["spotify.link/c"] = to("https://spotify.link/d")
    hosts.answers["spotify.link/d"] = to(TRACK)
    assert "copy the full link" in refusal(hosts)
    assert "spotify.link/d" not in hosts.asked


def test_a_link_that_leads_to_itself_is_refused(hosts):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(SHORT)
    assert "one short link to the next" in refusal(hosts)
    assert len(hosts.asked) == 3


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/track/4HJ7mSMtHAdU55lLjGE4zW",
        "//evil.example/track/4HJ7mSMtHAdU55lLjGE4zW",
        "https://spotify.app.link/abc",
        "https://x.spotify.link/abc",
        "https://spotify.link.evil.example/abc",
        "http://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW",
        "http://spotify.link/abc",
        "https://open.spotify.com:8443/track/4HJ7mSMtHAdU55lLjGE4zW",
        "https://spotify.link:8443/abc",
        "https://spotify.link:443/abc",
        "https://me@open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW",
        "https://me:you@spotify.link/abc",
        "https://spotify.link@evil.example/abc",
        "https://spotify.link\\@evil.example/abc",
        "https://127.0.0.1/latest/meta-data",
        "https://[::1",
        "https://spotify.lin\xe9/abc",
        "spotify:track:4HJ7mSMtHAdU55lLjGE4zW",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_a_hop_to_anywhere_else_is_refused_and_never_asked(hosts, location):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(location)
    assert "copy the full link" in refusal(hosts)
    assert hosts.asked == ["spotify.link/Ugbch9PvPBb"]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://open.spotify.com/artist/4HJ7mSMtHAdU55lLjGE4zW", "an artist"),
        ("https://open.spotify.com/playlist/4HJ7mSMtHAdU55lLjGE4zW", "a playlist"),
        ("https://open.spotify.com/track/short", "not a Spotify id"),
        ("https://open.spotify.com/", "not to a track or an album"),
        ("https://spotify.link/a/b", "copy the full link"),
    ],
)
def test_what_is_neither_track_nor_album_is_refused_with_its_kind(hosts, location, words):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(location)
    assert words in refusal(hosts)
    assert len(hosts.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        plain("200 OK"),
        plain("404 Not Found"),
        plain("410 Gone"),
        plain("403 Forbidden"),
        plain("302 Found"),
        b"HTTP/1.1 200 OK\r\nLocation: " + TRACK.encode() + b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_redirect_says_to_open_the_link(hosts, answer):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = answer
    assert "copy the full link" in refusal(hosts)


@pytest.mark.parametrize(
    "answer",
    [
        plain("500 Internal Server Error"),
        plain("503 Service Unavailable"),
        plain("429 Too Many Requests"),
        b"this is not HTTP\r\n\r\n",
        b"",
        b"HTTP/1.1 302 Found\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(500)) + b"\r\n",
        b"HTTP/1.1 302 Found\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
def test_a_host_that_fails_is_unavailable_and_the_message_helps(hosts, answer):
    hosts.answers["spotify.link/Ugbch9PvPBb"] = answer
    with pytest.raises(UpstreamUnavailable, match="copy the full link"):
        hosts.expander().expand(SHORT)


def test_a_body_of_any_size_is_never_read(hosts):
    chunk, chunks = bytes(1 << 20), 64
    sent: list[int] = []
    ended = threading.Event()

    def pour(secured: ssl.SSLSocket) -> None:
        try:
            secured.sendall(f"HTTP/1.1 302 Found\r\nLocation: {TRACK}\r\nContent-Length: {64 << 20}\r\n\r\n".encode())
            for _ in range(chunks):
                secured.sendall(chunk)
                sent.append(len(chunk))
        finally:
            ended.set()

    hosts.answers["spotify.link/Ugbch9PvPBb"] = pour
    assert hosts.expander().expand(SHORT) == TRACK
    assert ended.wait(30)
    assert len(sent) < chunks


def test_an_answer_that_never_ends_is_given_up_and_let_go(hosts):
    let_go = threading.Event()
    stop = threading.Event()

    def drip(secured: ssl.SSLSocket) -> None:
        try:
            secured.sendall(b"HTTP/1.1 302 Found\r\nX: ")
            while not stop.wait(0.01):
                secured.sendall(b"a")
        finally:
            let_go.set()

    hosts.answers["spotify.link/Ugbch9PvPBb"] = drip
    with pytest.raises(UpstreamUnavailable, match="in time"):
        hosts.expander(total_seconds=2).expand(SHORT)
    assert let_go.wait(30)
    assert not stop.is_set()


def test_a_host_that_accepts_and_stays_silent_is_given_up(hosts):
    stop = threading.Event()
    hosts.answers["spotify.link/Ugbch9PvPBb"] = lambda _: stop.wait(30)
    with pytest.raises(UpstreamUnavailable):
        hosts.expander(total_seconds=0.2).expand(SHORT)
    stop.set()


def test_a_link_that_was_given_up_while_connecting_is_not_asked_for_any_more(hosts):
    given_up = threading.Event()

    def late(host: str, timeout_seconds: float) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection = hosts.connect(host, timeout_seconds)
        connect = connection.connect

        def connect_late() -> None:
            assert given_up.wait(30)
            connect()

        connection.connect = connect_late  # type: ignore[method-assign]
        return connection

    others = set(threading.enumerate())
    with pytest.raises(UpstreamUnavailable):
        HttpsLinkExpander(0.1, late).expand(SHORT)
    started = set(threading.enumerate()) - others
    given_up.set()
    for thread in started:
        thread.join(30)
    assert hosts.asked == []


def test_nobody_listening_is_unavailable(hosts):
    hosts.close()
    with pytest.raises(UpstreamUnavailable):
        hosts.expander().expand(SHORT)


def test_a_name_that_is_not_found_is_unavailable():
    def nowhere(host: str, timeout_seconds: float) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(host, timeout=timeout_seconds)

        def fail(*_: object) -> socket.socket:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        connection._create_connection = fail  # type: ignore[attr-defined]
        return connection

    with pytest.raises(UpstreamUnavailable):
        HttpsLinkExpander(connect=nowhere).expand(SHORT)


def test_a_certificate_that_nobody_vouches_for_is_not_believed(hosts):
    def careful(host: str, timeout_seconds: float) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection = hosts.connect(host, timeout_seconds, ssl.create_default_context())
        return connection

    hosts.answers["spotify.link/Ugbch9PvPBb"] = to(TRACK)
    with pytest.raises(UpstreamUnavailable):
        HttpsLinkExpander(20, careful).expand(SHORT)
    assert hosts.asked == []


@pytest.mark.parametrize(
    "text", ["http://spotify.link/abc", "https://evil.example/a", TRACK, "", "https://spotify.link:1/a"]
)
def test_what_is_no_short_link_is_not_asked_for(hosts, text):
    assert "no short link" in refusal(hosts, text)
    assert hosts.asked == []


def test_without_the_real_spotify_no_short_link_is_followed():
    with pytest.raises(InvalidLink, match="copy the full link"):
        NoLinkExpander().expand(SHORT)
