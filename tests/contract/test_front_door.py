"""The front door over real HTTP: what reaches a function, what comes back, and what it answers by itself."""

import base64
import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local.deploy.page import page_files
from infra.local.front_door import FrontDoor, PortInUse, listen, read_security_headers
from infra.local.lambda_function import FunctionSettings

ROUTES = ("GET /api/echo", "POST /api/echo", "GET /api/releases/{id}")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def echo(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "views").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Home</title>")
    (folder / "views" / "list.js").write_text("export const a = 'é';\n", encoding="utf-8")
    (folder / "data.bin").write_bytes(b"\x00\x01")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def open_door(site: Path) -> Callable[..., Any]:
    def make(handler: Callable[..., Any] = echo, **options: Any) -> FrontDoor:
        return FrontDoor(
            handler,
            **{
                "routes": ROUTES,
                "function": FunctionSettings("Api", 29),
                "site": site,
                "clock": lambda: NOW,
                **options,
            },
        )

    return make


@pytest.fixture
def door(open_door) -> Iterator[FrontDoor]:
    with open_door() as opened:
        yield opened


def ask(method: str, url: str, **options: Any) -> requests.Response:
    return requests.request(method, url, timeout=60, **options)


@contextmanager
def raw_request(door: FrontDoor, method: str, target: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """A request whose target goes out exactly as it stands; other clients tidy it up."""
    with closing(http.client.HTTPConnection(door.url.removeprefix("http://"))) as connection:
        connection.request(method, target, headers=headers)
        yield connection.getresponse()


def test_a_request_reaches_the_function_as_an_event(door):
    event = ask(
        "POST",
        f"{door.url}/api/echo?ids=a&ids=b&q=%C3%A9",
        json={"a": "é"},
        headers={"X-Access-Code": "NEVERLOGME-code", "User-Agent": "probe/1"},
        cookies={"one": "1", "two": "2"},
    ).json()
    assert event["routeKey"] == "POST /api/echo"
    assert event["rawQueryString"] == "ids=a&ids=b&q=%C3%A9"
    assert event["queryStringParameters"] == {"ids": "a,b", "q": "é"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-access-code"] == "NEVERLOGME-code"
    assert json.loads(event["body"]) == {"a": "é"}
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["http"] == {
        "method": "POST",
        "path": "/api/echo",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "probe/1",
    }
    assert event["requestContext"]["timeEpoch"] == int(NOW.timestamp() * 1000)


def test_the_service_says_itself_where_a_request_came_from(door):
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "gopher", "Connection": "keep-alive"}
    seen = ask("GET", f"{door.url}/api/echo", headers=headers).json()["headers"]
    assert seen["x-forwarded-for"] == "203.0.113.7,127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-amzn-trace-id"].startswith("Root=1-")
    assert "connection" not in seen


def test_a_path_is_decoded_and_its_variables_with_it(door):
    with raw_request(door, "GET", "/api/releases/a%20b%C3%A9?x=%2F") as response:
        event = json.loads(response.read())
    assert event["rawPath"] == "/api/releases/a bé"
    assert event["pathParameters"] == {"id": "a bé"}
    assert event["rawQueryString"] == "x=%2F"


def test_a_binary_body_arrives_in_base64(door):
    body = bytes(range(256))
    event = ask("POST", f"{door.url}/api/echo", data=body, headers={"Content-Type": "audio/mpeg"}).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


def test_a_body_sent_in_chunks_arrives_whole(door):
    parts = [b'{"a": "', b"x" * 100_000, b'"}']
    headers = {"Content-Type": "application/json"}
    event = ask("POST", f"{door.url}/api/echo", data=iter(parts), headers=headers).json()
    assert event["body"].encode() == b"".join(parts)


def test_status_headers_cookies_and_bytes_come_back(open_door):
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "image/svg+xml", "Retry-After": 5, "Content-Length": "1"},
        "cookies": ["a=1; HttpOnly", "b=2"],
        "body": base64.b64encode(b"\x00\xff<svg/>").decode(),
        "isBase64Encoded": True,
    }
    with open_door(lambda *_: result) as door, raw_request(door, "GET", "/api/echo") as response:
        assert response.status == 201
        assert response.read() == b"\x00\xff<svg/>"
        assert response.headers.get_all("set-cookie") == ["a=1; HttpOnly", "b=2"]
        assert response.headers.get_all("content-type") == ["image/svg+xml"]
        assert response.headers["retry-after"] == "5"


def test_a_result_without_a_status_is_a_json_answer(open_door):
    with open_door(lambda *_: {"ok": True}) as door:
        response = ask("GET", f"{door.url}/api/echo")
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/nothing"), ("DELETE", "/api/echo"), ("HEAD", "/api/echo"), ("GET", "/api/echo/"), ("GET", "/api/")],
)
def test_a_route_that_nobody_declared_is_not_found(door, method, path):
    response = ask(method, door.url + path)
    assert response.status_code == 404
    assert response.text == ("" if method == "HEAD" else '{"message":"Not Found"}')


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_ten_megabytes_never_reaches_the_function(open_door, chunked):
    calls = []
    largest = 10 * 1024 * 1024

    def sent(size: int) -> Any:
        body = b"x" * size
        return iter([body[:-1], body[-1:]]) if chunked else body

    with open_door(lambda event, _: calls.append(len(event["body"]))) as door:
        url, headers = f"{door.url}/api/echo", {"Content-Type": "text/plain"}
        assert ask("POST", url, data=sent(largest), headers=headers).status_code == 200
        response = ask("POST", url, data=sent(largest + 1), headers=headers)
    assert (response.status_code, response.text) == (413, '{"message":"Request Entity Too Large"}')
    assert calls == [largest]


def test_a_function_that_raises_is_an_internal_server_error_and_its_words_stay_in_the_log(open_door, caplog):
    def fail(_event, _context):
        raise RuntimeError("the reason")

    with open_door(fail) as door:
        response = ask("GET", f"{door.url}/api/echo")
    assert (response.status_code, response.text) == (500, '{"message":"Internal Server Error"}')
    assert "the reason" in caplog.text


def test_a_malformed_result_is_an_internal_server_error(open_door, caplog):
    with open_door(lambda *_: {"statusCode": "fine"}) as door:
        response = ask("GET", f"{door.url}/api/echo")
    assert (response.status_code, response.text) == (500, '{"message":"Internal Server Error"}')
    assert "statusCode must be a number" in caplog.text


@pytest.mark.parametrize(
    ("gateway", "function", "status", "message"),
    [(0.05, 29, 503, "Service Unavailable"), (30, 0.05, 500, "Internal Server Error")],
    ids=["the gateway gives up", "Lambda ends the function"],
)
def test_a_function_that_takes_too_long_is_not_waited_for(open_door, gateway, function, status, message):
    go_on = threading.Event()
    settings = FunctionSettings("Api", function)
    with open_door(lambda *_: go_on.wait(), function=settings, gateway_timeout_seconds=gateway) as door:
        response = ask("GET", f"{door.url}/api/echo")
        go_on.set()
    assert (response.status_code, response.json()) == (status, {"message": message})


def test_routes_and_limits_are_those_of_the_template(site):
    seen = []

    def handler(event, context):
        seen.append((event["routeKey"], context.function_name, context.get_remaining_time_in_millis()))
        return {"ok": True}

    with FrontDoor(handler, site=site) as door:
        assert ask("GET", f"{door.url}/api/health").json() == {"ok": True}
        assert ask("GET", f"{door.url}/api/echo").status_code == 404
    (route, name, remaining) = seen[0]
    assert (route, name) == ("GET /api/health", "Api")
    assert 0 < remaining <= 30_000


def test_no_query_string_gets_into_the_log(door, caplog):
    caplog.set_level("DEBUG", logger="infra.local")
    ask("GET", f"{door.url}/api/echo?code=NEVERLOGME-code")
    ask("GET", f"{door.url}/?code=NEVERLOGME-code")
    assert "/api/echo 200" in caplog.text
    assert "NEVERLOGME" not in caplog.text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/?genre=pop", "text/html; charset=utf-8"),
        ("/views/list.js", "text/javascript; charset=utf-8"),
        ("/data.bin", "application/octet-stream"),
    ],
)
def test_the_page_is_served_with_its_types(door, site, path, content_type):
    response = ask("GET", door.url + path)
    name = path.partition("?")[0].lstrip("/") or "index.html"
    assert response.content == (site / name).read_bytes()
    assert response.headers["content-type"] == content_type


def test_a_page_that_has_not_changed_is_not_sent_again(door):
    first = ask("GET", f"{door.url}/")
    second = ask("GET", f"{door.url}/", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"


LONG = "export const words = 'many and many and many';\n" * 40


@pytest.mark.parametrize(
    ("name", "content", "is_compressed"),
    [
        ("list.js", LONG, True),
        ("page.html", LONG, True),
        ("base.css", LONG, True),
        ("model.json", LONG, True),
        ("favicon.svg", LONG, True),
        ("short.js", LONG[:999], False),
        ("icon.png", LONG, False),
        ("font.woff2", LONG, False),
        ("app.webmanifest", LONG, False),
    ],
)
def test_files_are_compressed_as_cloudfront_would(door, site, name, content, is_compressed):
    (site / name).write_text(content)
    plain = ask("GET", f"{door.url}/{name}", headers={"Accept-Encoding": "identity"})
    packed = ask("GET", f"{door.url}/{name}", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert plain.content == packed.content == content.encode()
    assert "content-encoding" not in plain.headers
    assert (packed.headers.get("content-encoding") == "gzip") == is_compressed
    assert (int(packed.headers["content-length"]) < 200) == is_compressed
    assert (packed.headers.get("vary") == "Accept-Encoding") == is_compressed
    assert packed.headers["etag"].startswith("W/") == is_compressed
    again = ask("GET", f"{door.url}/{name}", headers={"If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = ask("HEAD", f"{door.url}/{name}", headers={"Accept-Encoding": "gzip"})
    assert head.headers["content-length"] == packed.headers["content-length"]


def test_what_the_function_compressed_goes_through_as_it_is(open_door):
    body = gzip.compress(LONG.encode())
    result = {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    with open_door(lambda *_: result) as door, raw_request(door, "GET", "/api/echo") as response:
        assert response.getheader("Content-Encoding") == "gzip"
        assert response.read() == body


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("/", "no-cache"),
        ("/views/list.js", "public, max-age=60, must-revalidate"),
        ("/data.bin", "public, max-age=60, must-revalidate"),
    ],
)
def test_files_may_be_kept_as_long_as_the_deployed_ones(door, site, path, cache):
    assert ask("GET", door.url + path).headers["cache-control"] == cache
    name = path.lstrip("/") or "index.html"
    [deployed] = [file for file in page_files("me@example.org", site) if file.name == name]
    assert deployed.cache == cache
    assert ask("GET", door.url + path).headers["content-type"] == deployed.content_type


def test_a_simulated_spotify_may_be_used_as_spotify_may(open_door):
    with open_door(spotify="http://127.0.0.1:4321") as door:
        policy = ask("GET", door.url).headers["content-security-policy"]
    rules = {rule.partition(" ")[0]: rule.split()[1:] for rule in policy.split("; ")}
    usual = read_security_headers()["Content-Security-Policy"]
    theirs = {rule.partition(" ")[0]: rule.split()[1:] for rule in usual.split("; ")}
    for name, sources in rules.items():
        added = ["http://127.0.0.1:4321"] if name in ("img-src", "connect-src", "frame-src") else []
        assert sources == theirs[name] + added


@pytest.mark.parametrize("path", ["/", "/none", "/views/list.js"])
def test_every_answer_of_the_page_carries_the_security_headers(door, path):
    headers = ask("GET", door.url + path).headers
    expected = read_security_headers()
    assert {name: headers.get(name) for name in expected} == expected
    assert "unsafe" not in expected["Content-Security-Policy"]
    # It would ask browsers for TLS, which this port does not speak.
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize(
    "target",
    [
        "/none",
        "/views",
        "/views/",
        "/api",
        "/../secret.txt",
        "/views/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/views/list.js%00.html",
    ],
)
def test_a_page_that_does_not_exist_is_not_found(door, target):
    with raw_request(door, "GET", target) as response:
        assert response.status == 404
        assert b"outside" not in response.read()


def test_a_page_is_only_read(door):
    response = ask("POST", f"{door.url}/", data=b"x")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_a_request_in_a_proxy_s_form_is_understood(door):
    with raw_request(door, "GET", f"{door.url}/api/echo?a=1") as response:
        event = json.loads(response.read())
    assert (event["rawPath"], event["rawQueryString"]) == ("/api/echo", "a=1")


@pytest.mark.parametrize("target", ["/", "/api/echo", "http://elsewhere.test/api/echo"])
def test_nobody_gets_in_under_another_name(door, target):
    with raw_request(door, "GET", target, Host="elsewhere.test") as response:
        assert response.status == 403
        assert response.read() == b'{"message":"Forbidden"}'


def test_localhost_is_a_name_of_this_machine(door):
    with raw_request(door, "GET", "/", Host="LocalHost:8000") as response:
        assert response.status == 200


def test_an_early_visitor_waits_until_the_door_opens(open_door):
    listener = listen(0)
    with closing(socket.create_connection(listener.getsockname())) as early:
        early.sendall(b"GET /api/echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with open_door(listener=listener):
            assert early.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"GET /api/echo HTTP/1.1\r\nHost: local", b""),
        (b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf", b"HTTP/1.1 400"),
    ],
    ids=["nothing", "half a header", "half a body"],
)
def test_nobody_who_falls_silent_is_waited_for_for_ever(open_door, caplog, sent, answer):
    caplog.set_level("INFO", logger="infra.local")
    with (
        open_door(silence_seconds=0.05) as door,
        closing(socket.create_connection(("127.0.0.1", int(door.url.rpartition(":")[2])), timeout=60)) as client,
    ):
        client.sendall(sent)
        with client.makefile("rb") as received:
            assert received.read().partition(b" BAD")[0] == answer
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_no_id_in_a_path_gets_into_the_log(door, caplog):
    caplog.set_level("DEBUG", logger="infra.local")
    assert ask("GET", f"{door.url}/api/releases/NEVERLOGME").status_code == 200
    assert ask("DELETE", f"{door.url}/api/releases/NEVERLOGME").status_code == 404
    assert "GET /api/releases/{id} 200" in caplog.text
    assert "DELETE /api/… 404" in caplog.text
    assert "NEVERLOGME" not in caplog.text


def test_a_file_of_three_megabytes_reaches_the_function_byte_for_byte(open_door):
    file = bytes(range(256)) * 11_718
    received: list[bytes] = []

    def keep(event: dict[str, Any], _context: object) -> dict[str, Any]:
        assert event["isBase64Encoded"]
        received.append(base64.b64decode(event["body"]))
        return {"statusCode": 202}

    with open_door(keep) as door:
        answer = ask("POST", f"{door.url}/api/echo", data=file, headers={"Content-Type": "audio/wav"})
    assert answer.status_code == 202
    assert received == [file]


def test_a_malformed_request_is_not_quoted_in_the_log(door, caplog):
    caplog.set_level("DEBUG", logger="infra.local")
    with closing(socket.create_connection(("127.0.0.1", int(door.url.rpartition(":")[2])), timeout=60)) as client:
        client.sendall(b"GET /?code=NEVERLOGME-code and more words HTTP/1.1\r\n\r\n")
        assert b" 400 " in client.recv(100)
    assert "malformed" in caplog.text
    assert "NEVERLOGME" not in caplog.text


def test_a_port_that_is_taken_is_named():
    with closing(listen(0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            listen(port)
    assert caught.value.port == port


def test_a_closed_door_leaves_its_port_free(open_door):
    with open_door() as door:
        port = int(door.url.rpartition(":")[2])
    with closing(listen(port)) as again:
        assert again.getsockname()[1] == port
